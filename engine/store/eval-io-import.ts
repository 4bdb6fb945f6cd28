// Putting things into the store during evaluation: texts, and source trees. Trees consist of nodes already (those of the store) or
// become nodes (files given as data); a filter makes new directories of the same files. Nothing is written here: it waits in the
// write queue. C++ Nix: fetch-to-store.cc, primops.cc addPath

import { StoreError } from "../castore/error.ts"
import type { Directory, DirectoryNode, FileNode, Node } from "../castore/node.ts"
import { hashNar } from "../castore/render-nar.ts"
import { corepkgs } from "../eval/corepkgs.ts"
import { NixError, Pending } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import type { ImportRequest } from "../eval/host.ts"
import { digest } from "../formats/hash/digest.ts"
import { narMaxDepth } from "../formats/nar/grammar.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import { makeFixedOutputPath, makeTextPath } from "../formats/store-path/compute.ts"
import type { ContentAddress } from "../formats/store-path/content-address.ts"
import { parseStorePath, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { bytesOfText } from "./byte-text.ts"
import type { EvalIO } from "./eval-io.ts"
import { type Entry, entryPath, isDirectory, typeOf } from "./mount.ts"
import { withQueue } from "./queue-view.ts"
import { fileNarDigest, type NarDigest, symlinkNarDigest } from "./text-object.ts"

/** Files up to this size are read to be hashed, so that their neighbours come along, in bytes. */
const READ_AT_ONCE = 2 ** 18

export class Importer {
  readonly #io: EvalIO
  /** Store paths of whole sources, by how they were asked for. C++ Nix: fetch-to-store.cc SrcToStore */
  readonly #copied = new Map<string, string>()

  constructor(io: EvalIO) {
    this.#io = io
  }

  /** Puts a text into the store; `known` is its store path, if the caller has computed it. Throws Pending if too much waits to be written. */
  addText(name: string, contents: string, references: readonly string[], known?: string): string {
    const { hot, storeDir } = this.#io
    this.#makeRoom()
    if (known === undefined) {
      const paths = references.map((r) => reading(() => parseStorePath(r, storeDir)))
      const path = reading(() => makeTextPath(name, contents, paths, storeDir))
      this.#io.made.add(path)
      if (hot.info(path) === undefined) hot.queue.addText(path, { contents, references: paths })
      return printStorePath(path, storeDir)
    }
    // Derivations: their paths have been computed and checked, and there are many.
    const at = storeDir.length + 1
    const path = known.slice(at) as StorePath
    this.#io.made.add(path)
    if (hot.info(path) === undefined) hot.queue.addText(path, { contents, references: references.map((r) => r.slice(at) as StorePath) })
    return known
  }

  /** Puts a source tree into the store. Throws NixError, and Pending. */
  addToStore(request: ImportRequest): string {
    const { path, name, recursive, references } = request
    const key = request.filter === undefined && references === undefined ? `${recursive} ${name} ${path}` : undefined
    const known = key === undefined ? undefined : this.#copied.get(key)
    if (known !== undefined) return known
    this.#makeRoom()
    const storePath = this.#add(request)
    if (key !== undefined) this.#copied.set(key, storePath)
    return storePath
  }

  #add(request: ImportRequest): string {
    const { hot, storeDir } = this.#io
    const { path, name, recursive } = request
    const entry = this.#entryAt(path)
    let node: Node
    let address: ContentAddress
    let nar: NarDigest
    if (recursive) {
      node = this.#node(entry, path, request.filter, 0)
      nar = this.#narDigest(node, path)
      address = { method: "nar", hash: nar.narHash }
    } else {
      if (typeOf(entry) !== "regular") throw new NixError("error", `'${path}' is not a regular file`, 0)
      const text = entry.kind === "text" ? entry.text : entry.kind === "file" ? this.#io.fileText(entry, path, "hash") : ""
      const found = this.#node(entry, path, undefined, 0)
      // Only the bytes are kept.
      node = found.kind === "file" ? { ...found, executable: false } : found
      nar = fileNarDigest(bytesOfText(text), false)
      address = { method: "flat", hash: { algo: "sha256", bytes: digest("sha256", text) } }
    }
    const others = (request.references ?? []).map((r) => reading(() => parseStorePath(r, storeDir)))
    const made = reading(() => makeFixedOutputPath(name, address, { others, self: false }, storeDir))
    this.#io.made.add(made)
    if (hot.info(made) === undefined) this.#register(made, node, nar, others, address)
    return printStorePath(made, storeDir)
  }

  #register(path: StorePath, node: Node, nar: NarDigest, references: readonly StorePath[], ca: ContentAddress): void {
    const { hot, storeDir } = this.#io
    hot.queue.addInfo({
      ...nar,
      path,
      storeDir,
      node,
      references: sortPaths(references),
      ca,
      deriver: undefined,
      registrationTime: Math.floor(hot.now()),
      ultimate: false,
      signatures: [],
    })
  }

  /** Makes evaluation wait if too much is to be written. */
  #makeRoom(): void {
    const { hot, waits } = this.#io
    if (!hot.queue.full) return
    waits.others++
    // What cannot be written stays in the queue, which knows why.
    throw new Pending(
      hot.queue.flush().catch((e) => {
        if (!(e instanceof StoreError)) throw e
      }),
    )
  }

  #entryAt(path: string): Entry {
    const own = corepkgs.get(path)
    const entry: Entry | null = own === undefined ? this.#io.entry(path) : { kind: "text", text: own, executable: false }
    if (entry === null) throw new NixError("error", `path '${path}' does not exist`, 0)
    return entry
  }

  /** Reads all directories of a tree, so that evaluation does not have to wait for them later. Throws Pending. */
  prepare(path: string): void {
    const work: [Entry, string][] = [[this.#entryAt(path), path]]
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      const [entry, at] = next
      if (!isDirectory(entry) || entry.kind === "store") continue
      for (const [name, child] of this.#io.children(entry, at)) if (isDirectory(child)) work.push([child, entryPath(at, name)])
    }
  }

  /** The node of what is at a path, without what the filter refuses. */
  #node(entry: Entry, path: string, filter: ImportRequest["filter"], depth: number): Node {
    if (depth >= narMaxDepth) throw new NixError("error", `path '${path}' exceeds maximum NAR directory depth of ${narMaxDepth}`, 0)
    switch (entry.kind) {
      case "file":
      case "symlink":
        return entry
      case "text": {
        // Queued again for every object that has it: whether it is in the store is the queue's business.
        return this.#io.hot.queue.addFile(entry.text, entry.executable)
      }
      case "object":
      case "store":
        throw new NixError("error", `the store itself, '${path}', cannot be copied into the store`, 0)
      case "directory":
        if (filter === undefined) return entry
    }
    const kept = new Map<string, Node>()
    let same = entry.kind === "directory"
    for (const [name, child] of this.#io.children(entry, path)) {
      const at = entryPath(path, name)
      if (filter !== undefined && !filter(at, typeOf(child))) {
        same = false
        continue
      }
      const node = this.#node(child, at, filter, depth + 1)
      if (node !== child) same = false
      kept.set(name, node)
    }
    return same && entry.kind === "directory" ? entry : this.#directory(kept, path)
  }

  #directory(directory: Directory, path: string): Node {
    try {
      return this.#io.hot.queue.addDirectory(directory)
    } catch (e) {
      if (e instanceof StoreError) throw new NixError("error", `path '${path}' cannot be copied to the store: ${e.message}`, 0)
      throw e
    }
  }

  /** Hash and size of a node's archive: at once for what is small or at hand, else evaluation waits. */
  #narDigest(node: Node, path: string): NarDigest {
    const { hot } = this.#io
    const known = hot.nar(node)
    if (known !== undefined) return known
    let found: NarDigest
    if (node.kind === "symlink") found = reading(() => symlinkNarDigest(node.target))
    else if (node.kind === "file") {
      const text = node.size <= READ_AT_ONCE ? this.#io.fileText(node, path, "hash") : hot.text(node)
      found = text === undefined ? this.#later(node, path) : fileNarDigest(bytesOfText(text), node.executable)
    } else found = this.#later(node, path)
    hot.noteNar(node, found)
    return found
  }

  #later(node: FileNode | DirectoryNode, path: string): NarDigest {
    const { hot } = this.#io
    return this.#io.answer(`nar ${node.kind} ${node.digest}`, `hashing path '${path}'`, async () => {
      const { size, sha256 } = await hashNar(withQueue(hot.stores, hot.queue), node)
      return { narHash: { algo: "sha256", bytes: sha256 }, narSize: size }
    })
  }
}
