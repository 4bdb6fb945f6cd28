// Trees by the attributes of an input, as fetchTree takes them. C++ Nix: libfetchers/fetchers.cc, primops/fetchTree.cc

import { notYetInputs } from "../eval/builtins/not-yet.ts"
import { NixError } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import type { FetchAttrs, FetchedTree } from "../eval/host.ts"
import { type InputAttr, type InputAttrs, inputFromUrl } from "../formats/flake/input.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import { printStorePath } from "../formats/store-path/store-path.ts"
import { parseUrl } from "../formats/url/url.ts"
import { downloadFile } from "./download.ts"
import { type FetchContext, nixError } from "./fetch-context.ts"
import { type FetchedSource, sourceOfNode } from "./fetched-source.ts"
import { findArchive, forgeTypes, revisionOf } from "./forge.ts"
import { inputNarHash, showInput } from "./input-text.ts"
import { readLocalTree } from "./path-input.ts"
import { downloadArchive, downloadTarball } from "./tarball.ts"

/** What a type of input gave: its tree, and the input with what is known now. */
interface Fetched {
  readonly source: FetchedSource
  readonly input: InputAttrs
}

/** The name of the object. C++ Nix: Input::getName */
function nameOf(input: InputAttrs): string {
  const name = input.get("name")
  return typeof name === "string" ? name : "source"
}

function withAttrs(input: InputAttrs, more: readonly (readonly [string, InputAttr])[]): Map<string, InputAttr> {
  return new Map([...input, ...more].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

async function fetchTarballInput(ctx: FetchContext, input: InputAttrs): Promise<Fetched> {
  const { source, lastModified, immutableUrl } = await downloadTarball(ctx, String(input.get("url")))
  let result = input
  if (immutableUrl !== undefined) {
    result = reading(() => inputFromUrl(parseUrl(immutableUrl), true))
    if (result.get("type") !== "tarball") throw nixError("tarball 'Link' headers that redirect to non-tarball URLs are not supported")
  }
  const more: [string, InputAttr][] = [["narHash", printHash(source.narHash, "sri")]]
  if (lastModified !== 0 && !result.has("lastModified")) more.push(["lastModified", lastModified])
  return { source, input: withAttrs(result, more) }
}

async function fetchFileInput(ctx: FetchContext, input: InputAttrs): Promise<Fetched> {
  const file = await downloadFile(ctx, String(input.get("url")), nameOf(input))
  const source = await sourceOfNode(ctx.store, await ctx.store.node(file.path))
  return { source, input: withAttrs(input, [["narHash", printHash(source.narHash, "sri")]]) }
}

async function fetchPathInput(ctx: FetchContext, input: InputAttrs): Promise<Fetched> {
  const { source, lastModified } = await readLocalTree(ctx, input)
  // What the user says of its age is believed.
  return { source, input: input.has("lastModified") ? input : withAttrs(input, [["lastModified", lastModified]]) }
}

async function fetchForgeInput(ctx: FetchContext, input: InputAttrs): Promise<Fetched> {
  const archive = await findArchive(ctx, input)
  const { source, lastModified } = await downloadArchive(ctx, archive)
  const known = new Map(input)
  known.delete("ref")
  return {
    source,
    input: withAttrs(known, [
      ["rev", archive.rev],
      ["lastModified", lastModified],
    ]),
  }
}

function fetchInput(ctx: FetchContext, input: InputAttrs): Promise<Fetched> {
  const type = String(input.get("type"))
  switch (type) {
    case "tarball":
      return fetchTarballInput(ctx, input)
    case "file":
      return fetchFileInput(ctx, input)
    case "path":
      return fetchPathInput(ctx, input)
    default:
      if (forgeTypes.has(type)) return fetchForgeInput(ctx, input)
      if (notYetInputs.has(type)) throw new NixError("not-yet", `inputs of type '${type}' cannot be fetched yet`, 0)
      throw nixError(`cannot fetch unsupported input '${showInput(input)}'`)
  }
}

/** Refuses a tree that is not the one the input is locked to. C++ Nix: Input::checkLocks */
function checkLocks(specified: InputAttrs, result: InputAttrs): void {
  const wanted = inputNarHash(specified)
  if (wanted !== null) {
    const found = inputNarHash(result)
    if (found === null || !hashEquals(found, wanted)) {
      const got = found === null ? "none" : `'${printHash(found, "sri")}'`
      throw nixError(`NAR hash mismatch in input '${showInput(specified)}', expected '${printHash(wanted, "sri")}' but got ${got}`)
    }
  }
  const rev = specified.get("rev")
  if (rev === undefined) return
  const wantedRev = revisionOf(String(rev))
  const foundRev = result.get("rev")
  if (foundRev === undefined || revisionOf(String(foundRev)) !== wantedRev)
    throw nixError(`'rev' attribute mismatch in input '${showInput(result)}', expected ${wantedRev}`)
}

/** Fetches the tree of a checked input into the store. Throws what Nix reports, without the frame that names the input. */
export async function fetchTree(ctx: FetchContext, input: FetchAttrs): Promise<FetchedTree> {
  const { source, input: found } = await fetchInput(ctx, input)
  checkLocks(input, found)
  const wanted = inputNarHash(input)
  // C++ Nix: EvalState::mountInput, whose message has the two the wrong way round.
  if (wanted !== null && !hashEquals(wanted, source.narHash)) {
    const [got, expected] = [printHash(wanted, "sri"), printHash(source.narHash, "sri")]
    throw nixError(`NAR hash mismatch in input '${showInput(input)}', expected '${expected}' but got '${got}'`)
  }
  const path = await source.place(nameOf(found))
  return {
    storePath: printStorePath(path, ctx.store.storeDir),
    attrs: withAttrs(found, [["narHash", printHash(source.narHash, "sri")]]),
  }
}
