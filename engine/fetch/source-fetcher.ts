// Fetching as the evaluator's host asks for it.

import { NixError } from "../eval/error.ts"
import type { DownloadRequest, FetchAttrs, FetchedTree } from "../eval/host.ts"
import type { InputAttr } from "../formats/flake/input.ts"
import { parseBareHash, printHash } from "../formats/hash/hash.ts"
import { printStorePath } from "../formats/store-path/store-path.ts"
import { checkFile, downloadFile } from "./download.ts"
import type { FetchContext } from "./fetch-context.ts"
import { showInput } from "./input-text.ts"
import { fetchTree } from "./tree.ts"

export class SourceFetcher {
  readonly #ctx: FetchContext

  constructor(ctx: FetchContext) {
    this.#ctx = ctx
  }

  /** fetchurl and fetchTarball: gives the full store path. Rejects with NixError or StoreError. */
  async download({ url, name, unpack, sha256 }: DownloadRequest): Promise<string> {
    const ctx = this.#ctx
    const expected = sha256 === undefined ? undefined : parseBareHash(sha256, "sha256")
    if (!unpack) {
      const file = await downloadFile(ctx, url, name)
      if (expected !== undefined) checkFile(url, file, expected)
      return printStorePath(file.path, ctx.store.storeDir)
    }
    const input = new Map<string, InputAttr>([["name", name]])
    if (expected !== undefined) input.set("narHash", printHash(expected, "sri"))
    input.set("type", "tarball").set("url", url)
    try {
      return (await fetchTree(ctx, input)).storePath
    } catch (e) {
      if (e instanceof NixError) e.frame(0, `while fetching the input '${showInput(input)}'`)
      throw e
    }
  }

  /** fetchTree. Rejects with NixError or StoreError. */
  fetchTree(input: FetchAttrs): Promise<FetchedTree> {
    return fetchTree(this.#ctx, input)
  }
}
