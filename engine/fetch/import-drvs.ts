// Closures of derivations from the user's disk: `.drv` files as they lie in a store, and the sources they refer to, each a file or a
// folder called as its store path is. Nothing is believed: the path of every derivation is computed from its text, that of every
// source from its content, and what does not fit is refused. All become objects at once, or none.

import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import { FormatError } from "../formats/error.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import { makeTextPath } from "../formats/store-path/compute.ts"
import type { ContentAddressMethod } from "../formats/store-path/content-address.ts"
import { drvNameOfPath, isDerivationPath, namePart, parseBaseName, type StorePath } from "../formats/store-path/store-path.ts"
import { textOfBytes } from "../store/byte-text.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { scanTree } from "../store/scan.ts"
import type { Store } from "../store/store.ts"
import { textPathInfo } from "../store/text-object.ts"
import { fileChunks, importFiles, type PlacedFile } from "./import-files.ts"
import type { ImportOptions } from "./import-options.ts"

/** The longest derivation that is read, in bytes. */
const maxDrv = 64 << 20

function invalid(why: string): never {
  throw new StoreError("invalid", why)
}

/** The store path that a name at the top is. */
function storePath(name: string): StorePath {
  try {
    return parseBaseName(name)
  } catch (e) {
    if (!(e instanceof FormatError)) throw e
    return invalid(`'${name}' is not called as a store object is: ${e.message}`)
  }
}

/** Files by the object that they belong to. */
function byObject(files: readonly PlacedFile[]): Map<StorePath, PlacedFile[]> {
  const objects = new Map<StorePath, PlacedFile[]>()
  for (const { path, file } of files) {
    const slash = path.indexOf("/")
    const object = storePath(slash < 0 ? path : path.slice(0, slash))
    const known = objects.get(object)
    const inside = { path: slash < 0 ? "" : path.slice(slash + 1), file }
    if (known === undefined) objects.set(object, [inside])
    else known.push(inside)
  }
  return objects
}

async function readAll(file: Blob, name: string): Promise<Uint8Array> {
  if (file.size > maxDrv) invalid(`'${name}' is too large for a derivation: ${file.size} bytes`)
  const bytes = new Uint8Array(file.size)
  let at = 0
  for await (const chunk of fileChunks(file, name)) {
    if (at + chunk.length > bytes.length) throw new StoreError("damaged", `'${name}' has grown while it was read`)
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes.subarray(0, at)
}

/** What a derivation's file becomes; its path is computed anew. */
async function describeDrv(store: Store, path: StorePath, file: File): Promise<StoredPath> {
  const bytes = await readAll(file, path)
  const contents = textOfBytes(bytes)
  const { storeDir } = store
  let references: StorePath[]
  let computed: StorePath
  try {
    const drv = parseAterm(contents, drvNameOfPath(path), storeDir)
    references = sortPaths([...drv.inputSrcs, ...drv.inputDrvs.keys()])
    computed = makeTextPath(namePart(path), contents, references, storeDir)
  } catch (e) {
    if (!(e instanceof FormatError)) throw e
    return invalid(`'${path}' is no derivation: ${e.message}`)
  }
  if (computed !== path) invalid(`'${path}' is not what its name says: with this text its path is '${store.print(computed)}'`)
  const [digest] = await store.stores.blobs.putMany([bytes.slice()])
  return textPathInfo({ path, digest: digest as NonNullable<typeof digest>, bytes }, references, storeDir, store.now)
}

/** Takes in the files of a source; what begins with `#!` can be executed or not. */
async function ingestSource(
  store: Store,
  files: readonly PlacedFile[],
  executables: "scripts" | "none",
  options: ImportOptions,
): Promise<Node> {
  const { signal, limits } = options
  const { node } = await importFiles(store, files, { signal, limits, executables, unwrap: "none" })
  return node
}

/** The ways in which a tree may have become a source: as it is, as an executable file, as a text, as a file hashed by its bytes. */
async function* waysOf(
  store: Store,
  given: readonly PlacedFile[],
  options: ImportOptions,
): AsyncGenerator<readonly [Node, ContentAddressMethod]> {
  const node = await ingestSource(store, given, "none", options)
  yield [node, "nar"]
  if (node.kind === "file") {
    yield [node, "text"]
    yield [node, "flat"]
    yield [{ ...node, executable: true }, "nar"]
  } else yield [await ingestSource(store, given, "scripts", options), "nar"]
}

/** What a source becomes: in one of the ways its content must have its path. `others` are the objects that it may refer to. */
async function describeSource(
  store: Store,
  path: StorePath,
  given: readonly PlacedFile[],
  others: readonly StorePath[],
  options: ImportOptions,
): Promise<StoredPath> {
  const { signal } = options
  for await (const [node, method] of waysOf(store, given, options)) {
    const found = method === "flat" ? [] : (await scanTree(store.stores, node, others, { signal })).filter((other) => other !== path)
    for (const references of found.length === 0 ? [[]] : [found, []]) {
      const info = await store.describeTree(node, namePart(path), { signal, method, references })
      if (info.path === path) return info
    }
  }
  return invalid(
    `'${path}' is not what its name says: neither as a tree nor as a text or file has its content this path (browsers lose permissions and symlinks)`,
  )
}

/**
 * Brings in derivations and their sources; gives the paths of the derivations. Throws StoreError: `invalid` for what is not what its name
 * says, is no derivation, or refers to something that is neither given nor in the store; `cancelled`, and what the store throws.
 */
export function importDrvs(store: Store, files: readonly PlacedFile[], options: Omit<ImportOptions, "name"> = {}): Promise<StorePath[]> {
  return store.importing(async (inner) => {
    const infos: StoredPath[] = []
    let bytes = 0
    const objects = byObject(files)
    const others = [...objects.keys()]
    for (const [path, parts] of objects) {
      if (options.signal?.aborted === true) throw new StoreError("cancelled", "it was stopped", { cause: options.signal.reason })
      const [first] = parts as [PlacedFile]
      const isDrv = isDerivationPath(path) && parts.length === 1 && first.path === ""
      infos.push(isDrv ? await describeDrv(inner, path, first.file) : await describeSource(inner, path, parts, others, options))
      for (const { file } of parts) bytes += file.size
      options.progress?.({ entries: infos.length, bytes })
    }
    await inner.register(infos)
    return infos.map(({ path }) => path).filter(isDerivationPath)
  })
}
