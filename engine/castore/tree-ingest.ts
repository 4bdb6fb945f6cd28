// Brings a tree in: files, symlinks and directories in any order become blobs and, at the end, directories, children first.
// Small blobs are stored in batches (browser storage costs by the transaction), large ones streamed, so that memory is bounded:
// beside the names it holds two batches. Nothing refers to what is stored before finish() gives the root, so that an import
// which fails or is stopped leaves blobs that nobody refers to, and no tree.
// Snix: castore/src/import/mod.rs ingest_entries; C++ Nix: libfetchers/git-utils.cc GitFileSystemObjectSinkImpl::addNode

import { joinBytes } from "../formats/bytes.ts"
import { narMaxDepth } from "../formats/nar/grammar.ts"
import type { BlobStore, BlobWriter } from "./blob-store.ts"
import { type B3Digest, b3 } from "./digest.ts"
import { directoryNode, directoryOf, nameFault, targetFault } from "./directory.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import type { Directory, Node } from "./node.ts"
import { throwIfCancelled } from "./verified.ts"

/** What a tree must not exceed: against archives that are small and unpack to more than anybody has room for. */
export interface IngestLimits {
  /** Files, symlinks and directories. */
  readonly entries: number
  /** Bytes of all files. */
  readonly bytes: number
  /** Directories above an entry; the limit of NARs by default. */
  readonly depth: number
}

const defaultIngestLimits: IngestLimits = { entries: 2_000_000, bytes: 8 * 2 ** 30, depth: narMaxDepth - 1 }

/** How far an import is. */
export interface IngestProgress {
  readonly entries: number
  readonly bytes: number
}

export interface IngestOptions {
  readonly signal?: AbortSignal | undefined
  /** Called for every entry and every piece of a large file; whoever shows it slows it down. */
  readonly progress?: ((progress: IngestProgress) => void) | undefined
  readonly limits?: Partial<IngestLimits> | undefined
  /**
   * What a second entry of the same name does: `refuse` it, or `replace` the first as libarchive does (a directory that is
   * not empty stays, and is refused). Directories come together in any case.
   */
  readonly existing?: "refuse" | "replace" | undefined
}

/** A file whose bytes come piece by piece. */
export interface FileIngest {
  /** Takes the next bytes, and copies what it keeps. */
  write(bytes: Uint8Array): Promise<void>
  /** Puts the file into the tree. */
  close(): Promise<void>
  abort(): Promise<void>
}

type Leaf = Exclude<Node, { readonly kind: "directory" }>

/** A directory being filled. */
interface Branch {
  readonly kind: "branch"
  readonly entries: Map<string, Branch | Node>
}

const batchBytes = 8 << 20
/** Smaller files go with a batch: a writer of its own makes everything wait until the store has closed it (0.1 s for each in a browser). */
const batchedFile = 4 << 20
const batchBlobs = 1024
const batchDirectories = 4096
const pieceSize = 1 << 20

export class TreeIngest {
  readonly #blobs: BlobStore
  readonly #directories: DirectoryStore
  readonly #options: IngestOptions
  readonly #limits: IngestLimits
  #root: Branch | Node | undefined
  #entries = 0
  #bytes = 0
  /** Small blobs that are not on their way yet, by digest. */
  #batch = new Map<B3Digest, Uint8Array>()
  #batchBytes = 0
  /** The batch that is on its way. */
  #sending: Promise<unknown> = Promise.resolve()
  #pendingDirectories: Directory[] = []
  #finished = false

  constructor(blobs: BlobStore, directories: DirectoryStore, options: IngestOptions = {}) {
    this.#blobs = blobs
    this.#directories = directories
    this.#options = options
    this.#limits = { ...defaultIngestLimits, ...options.limits }
  }

  /**
   * Adds a file at `path` (names with slashes between them; "" is the root). Bytes given as an array are kept until they are
   * stored: they must not change. Throws `invalid` for names, duplicates, limits; what the store throws; `cancelled`.
   */
  async file(path: string, executable: boolean, contents: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (contents instanceof Uint8Array && contents.length < batchedFile) {
      this.#begin(path)
      const node = await this.#small(contents, executable)
      this.#place(path, node)
      return
    }
    const file = this.open(path, executable)
    try {
      if (contents instanceof Uint8Array) {
        for (let at = 0; at < contents.length; at += pieceSize) await file.write(contents.subarray(at, at + pieceSize))
      } else {
        for await (const piece of contents) await file.write(piece)
      }
    } catch (error) {
      await file.abort()
      throw error
    }
    await file.close()
  }

  /** Begins a file whose bytes are pushed. */
  open(path: string, executable: boolean): FileIngest {
    this.#begin(path)
    const kept: Uint8Array[] = []
    let size = 0
    let writer: BlobWriter | undefined
    return {
      write: async (bytes) => {
        throwIfCancelled(this.#options.signal)
        size += bytes.length
        this.#count(bytes.length)
        if (writer !== undefined) return writer.write(bytes)
        kept.push(bytes.slice())
        if (size < batchedFile) return
        writer = this.#blobs.write()
        for (const piece of kept.splice(0)) await writer.write(piece)
      },
      close: async () => {
        throwIfCancelled(this.#options.signal)
        if (writer === undefined) {
          const bytes = joinBytes(kept)
          this.#bytes -= size // #small counts them
          this.#place(path, await this.#small(bytes, executable))
        } else {
          this.#place(path, { kind: "file", digest: await writer.close(), size, executable })
        }
      },
      abort: async () => {
        kept.length = 0
        await writer?.abort()
      },
    }
  }

  /** Adds a file whose blob is stored already. */
  storedFile(path: string, node: Extract<Node, { readonly kind: "file" }>): void {
    this.#begin(path)
    this.#place(path, node)
  }

  /** Adds a symlink. Throws `invalid`. */
  symlink(path: string, target: string): void {
    this.#begin(path)
    const fault = targetFault(target)
    if (fault !== undefined) throw new StoreError("invalid", `the target of the symlink '${path}' is invalid: ${fault}`)
    this.#place(path, { kind: "symlink", target })
  }

  /** Adds a directory, which may be there already. Directories above an entry need not be added. Throws `invalid`. */
  directory(path: string): void {
    this.#begin(path)
    this.#place(path, { kind: "branch", entries: new Map() })
  }

  /** Adds a whole tree that is stored already. Throws `invalid`. */
  tree(path: string, node: Node): void {
    this.#begin(path)
    this.#place(path, node)
  }

  /** The file or symlink at `path`; "directory" for one that is being filled; undefined if there is nothing. */
  at(path: string): Node | "directory" | undefined {
    let found = this.#root
    for (const name of path === "" ? [] : path.split("/")) {
      if (found?.kind !== "branch") return undefined
      found = found.entries.get(name)
    }
    return found?.kind === "branch" ? "directory" : found
  }

  /** Stores what is left, then the directories. Gives the root, an empty directory if nothing was added. */
  async finish(): Promise<Node> {
    return this.#finish(this.#root)
  }

  /** As finish(), but if the root has a directory and nothing else, that is the root: as Nix takes tarballs. */
  async finishUnwrapped(): Promise<Node> {
    if (this.#root?.kind === "branch" && this.#root.entries.size === 1) {
      const [only] = this.#root.entries.values()
      if (only?.kind === "branch") return this.#finish(only)
    }
    return this.#finish(this.#root)
  }

  async #finish(root: Branch | Node | undefined): Promise<Node> {
    if (this.#finished) throw new RangeError("the tree is already finished")
    this.#finished = true
    throwIfCancelled(this.#options.signal)
    // Both at once: what is on its way, and what is not yet.
    await Promise.all([this.#sending, this.#batch.size > 0 ? this.#blobs.putMany([...this.#batch.values()]) : undefined])
    this.#batch.clear()
    const node = await this.#seal(root ?? { kind: "branch", entries: new Map() })
    await this.#sendDirectories()
    return node
  }

  /** The node of what is there, its directories on the way to the store, children first. */
  async #seal(part: Branch | Node): Promise<Node> {
    if (part.kind !== "branch") return part
    const entries: (readonly [string, Node])[] = []
    for (const [name, child] of part.entries) entries.push([name, await this.#seal(child)])
    const directory = directoryOf(entries)
    this.#pendingDirectories.push(directory)
    if (this.#pendingDirectories.length >= batchDirectories) await this.#sendDirectories()
    return directoryNode(directory)
  }

  async #sendDirectories(): Promise<void> {
    throwIfCancelled(this.#options.signal)
    const directories = this.#pendingDirectories
    this.#pendingDirectories = []
    if (directories.length > 0) await this.#directories.putMany(directories)
  }

  #begin(path: string): void {
    if (this.#finished) throw new RangeError("the tree is already finished")
    throwIfCancelled(this.#options.signal)
    if (path === "") return
    const names = path.split("/")
    if (names.length > this.#limits.depth) {
      throw new StoreError("invalid", `'${path}' is nested too deeply: more than ${this.#limits.depth} levels`)
    }
    for (const name of names) {
      const fault = nameFault(name)
      if (fault !== undefined) throw new StoreError("invalid", `the path '${path}' has an invalid name in it: ${fault}`)
    }
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#limits.bytes) {
      throw new StoreError("invalid", `the files have more than ${this.#limits.bytes} bytes together, which is the limit`)
    }
    this.#options.progress?.({ entries: this.#entries, bytes: this.#bytes })
  }

  #enter(): void {
    this.#entries++
    if (this.#entries > this.#limits.entries) {
      throw new StoreError("invalid", `the tree has more than ${this.#limits.entries} entries, which is the limit`)
    }
  }

  async #small(bytes: Uint8Array, executable: boolean): Promise<Leaf> {
    const digest = b3(bytes)
    this.#count(bytes.length)
    if (!this.#batch.has(digest)) {
      this.#batch.set(digest, bytes)
      this.#batchBytes += bytes.length
      if (this.#batchBytes >= batchBytes || this.#batch.size >= batchBlobs) await this.#send()
    }
    return { kind: "file", digest, size: bytes.length, executable }
  }

  /** Sends the batch while the next one fills; waits for the one before. */
  async #send(): Promise<void> {
    const blobs = [...this.#batch.values()]
    this.#batch = new Map()
    this.#batchBytes = 0
    const before = this.#sending
    this.#sending = before.then(() => this.#blobs.putMany(blobs))
    // Whoever comes next, or finish(), is told; here nobody may be waiting any more.
    this.#sending.catch(() => {})
    await before
  }

  /** Puts a node where it belongs, with the directories above it. */
  #place(path: string, node: Branch | Node): void {
    const names = path.split("/")
    const name = names.pop()!
    if (path === "") {
      if (node.kind === "branch" && this.#root?.kind === "branch") return
      if (this.#root !== undefined) throw new StoreError("invalid", "the root of the tree cannot be a file beside other entries")
      this.#enter()
      this.#root = node
      return
    }
    this.#root ??= { kind: "branch", entries: new Map() }
    let branch = this.#root
    for (let i = 0; branch.kind === "branch" && i < names.length; i++) {
      let next: Branch | Node | undefined = branch.entries.get(names[i]!)
      if (next === undefined) {
        this.#enter()
        next = { kind: "branch", entries: new Map() }
        branch.entries.set(names[i]!, next)
      }
      branch = next
    }
    if (branch.kind !== "branch") throw new StoreError("invalid", `parent of '${path}' is not a directory`)
    const present = branch.entries.get(name)
    if (present !== undefined) {
      if (present.kind === "branch" && node.kind === "branch") return
      if (this.#options.existing !== "replace") throw new StoreError("invalid", `there are two entries with the path '${path}'`)
      if (present.kind === "branch" && present.entries.size > 0) {
        throw new StoreError("invalid", `cannot create '${path}', conflicting non-empty directory`)
      }
    } else {
      this.#enter()
    }
    branch.entries.set(name, node)
    this.#options.progress?.({ entries: this.#entries, bytes: this.#bytes })
  }
}
