// Fetching as the evaluator's host asks for it.

import { NixError } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import type { DownloadRequest, FetchAttrs, FetchedTree } from "../eval/host.ts"
import { canonPath } from "../eval/path.ts"
import type { InputAttr } from "../formats/flake/input.ts"
import { parseBareHash, printHash } from "../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import { printStorePath } from "../formats/store-path/store-path.ts"
import { checkFile, downloadFile } from "./download.ts"
import type { FetchContext } from "./fetch-context.ts"
import { filePath } from "./file-url.ts"
import { showInput } from "./input-text.ts"
import { fetchTree } from "./tree.ts"

export class SourceFetcher {
  readonly #ctx: FetchContext

  constructor(ctx: FetchContext) {
    this.#ctx = ctx
  }

  /** fetchurl and fetchTarball: gives the full store path. Rejects with NixError or StoreError. */
  async download(request: DownloadRequest): Promise<string> {
    await this.#localReady(request.url)
    return this.#ctx.store.importing(async (store) => {
      const ctx = { ...this.#ctx, store }
      return (await present(ctx, request)) ?? (await (request.unpack ? unpacked : downloaded)(ctx, request))
    })
  }

  /** fetchTree. Rejects with NixError or StoreError. */
  async fetchTree(input: FetchAttrs): Promise<FetchedTree> {
    if (input.get("type") === "path") await this.#ctx.files?.ready?.(canonPath(String(input.get("path"))))
    else await this.#localReady(String(input.get("url")))
    return this.#ctx.store.importing((store) => fetchTree({ ...this.#ctx, store }, input))
  }

  /** Before the store is locked: a local file may be one that has to be brought into it first, beside a garbage collection that waits. */
  async #localReady(url: string): Promise<void> {
    if (/^file:/i.test(url)) await this.#ctx.files?.ready?.(filePath(url))
  }
}

/** The object that is wanted, if its hash is known and it is there already. */
async function present({ store }: FetchContext, { name, unpack, sha256 }: DownloadRequest): Promise<string | null> {
  if (sha256 === undefined) return null
  const address = { method: unpack ? ("nar" as const) : ("flat" as const), hash: parseBareHash(sha256, "sha256") }
  const path = reading(() => makeFixedOutputPath(name, address, undefined, store.storeDir))
  return (await store.narHash(path)) === null ? null : printStorePath(path, store.storeDir)
}

async function downloaded(ctx: FetchContext, { url, name, sha256 }: DownloadRequest): Promise<string> {
  const file = await downloadFile(ctx, url, name)
  if (sha256 !== undefined) checkFile(url, file, parseBareHash(sha256, "sha256"))
  return printStorePath(file.path, ctx.store.storeDir)
}

/** C++ Nix: primops/fetchTree.cc fetch, which makes an input of it. */
async function unpacked(ctx: FetchContext, { url, name, sha256 }: DownloadRequest): Promise<string> {
  const input = new Map<string, InputAttr>([["name", name]])
  if (sha256 !== undefined) input.set("narHash", printHash(parseBareHash(sha256, "sha256"), "sri"))
  input.set("type", "tarball").set("url", url)
  try {
    return (await fetchTree(ctx, input)).storePath
  } catch (e) {
    if (e instanceof NixError) e.frame(0, `while fetching the input '${showInput(input)}'`)
    throw e
  }
}
