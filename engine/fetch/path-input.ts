// Inputs of type `path`: a tree of local files. C++ Nix: libfetchers/path.cc

import type { Node } from "../castore/node.ts"
import { TreeIngest } from "../castore/tree-ingest.ts"
import { canonPath } from "../eval/path.ts"
import { unreachable } from "../formats/error.ts"
import type { InputAttrs } from "../formats/flake/input.ts"
import { isStorePath, namePart, parseStorePath } from "../formats/store-path/store-path.ts"
import { checkCancelled, type FetchContext, nixError } from "./fetch-context.ts"
import type { FetchStore } from "./fetch-store.ts"
import { type FetchedSource, sourceInStore, sourceOfNode } from "./fetched-source.ts"
import { showInput } from "./input-text.ts"

/** A tree of files and the time of the newest of them, in seconds since 1970. */
export interface LocalTree {
  readonly source: FetchedSource
  readonly lastModified: number
}

/** What taking in files needs. */
type FileContext = Pick<FetchContext, "files" | "signal"> & { readonly store: Pick<FetchStore, "blobs" | "directories"> }

/** Takes in what is at `path` as `name` of the tree ("" for the root); gives the time of the newest entry. */
async function ingest(ctx: FileContext, tree: TreeIngest, path: string, name: string): Promise<number> {
  checkCancelled(ctx)
  const entry = (await ctx.files?.lstat(path)) ?? null
  if (ctx.files === undefined || entry === null) throw nixError(`path '${path}' does not exist`)
  let newest = entry.mtime
  switch (entry.type) {
    case "regular": {
      const contents = await ctx.files.read(path)
      if (contents === null) throw nixError(`opening file '${path}': No such file or directory`)
      await tree.file(name, entry.executable, contents)
      break
    }
    case "symlink":
      tree.symlink(name, await ctx.files.readLink(path))
      break
    case "directory":
      tree.directory(name)
      for (const child of [...(await ctx.files.readDir(path))].sort()) {
        const time = await ingest(ctx, tree, path === "/" ? `/${child}` : `${path}/${child}`, name === "" ? child : `${name}/${child}`)
        if (time > newest) newest = time
      }
      break
    case "unknown":
      throw nixError(`file '${path}' has an unsupported type of unknown`)
    default:
      return unreachable(entry.type)
  }
  return newest
}

/** Takes in the tree at a path: its node, and the time of its newest entry. */
export async function ingestFiles(ctx: FileContext, path: string): Promise<{ readonly node: Node; readonly lastModified: number }> {
  const tree = new TreeIngest(ctx.store.blobs, ctx.store.directories, { signal: ctx.signal })
  const lastModified = await ingest(ctx, tree, path, "")
  return { node: await tree.finish(), lastModified }
}

/** The tree that an input of type `path` names. */
export async function readLocalTree(ctx: FetchContext, input: InputAttrs): Promise<LocalTree> {
  const { store } = ctx
  const given = String(input.get("path"))
  if (!given.startsWith("/")) throw nixError(`cannot fetch input '${showInput(input)}' because it uses a relative path`)
  const path = canonPath(given)
  if (isStorePath(path, store.storeDir)) {
    const object = parseStorePath(path, store.storeDir)
    // One that is called as fetched trees are is taken as it is.
    const narHash = namePart(object) === "source" ? await store.narHash(object) : null
    const source = narHash === null ? null : await sourceInStore(store, narHash, "source")
    if (source !== null) return { source, lastModified: 0 }
  }
  const { node, lastModified } = await ingestFiles(ctx, path)
  return { source: await sourceOfNode(store, node), lastModified }
}
