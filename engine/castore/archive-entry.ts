// What archives of all kinds share: the names of entries, what an import of an archive gives, and bytes that come in chunks.

import { StoreError } from "./error.ts"
import type { Node } from "./node.ts"

/** A tree that was brought in from an archive. */
export interface IngestedArchive {
  readonly node: Node
  /** The newest time of an entry, in seconds since 1970; 0 if there is none. Nix's `lastModified`. */
  readonly lastModified: number
}

/** Bytes in chunks, as streams give them (a ReadableStream, a generator, an array). */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * What is done with names that are absolute or have ".." in them: they are refused, or read as if the archive's top were the root of
 * a file system, as C++ Nix does (CanonPath). Nothing gets out of the tree in either way.
 */
export type NameRule = "refuse" | "from-top"

/** The path of an entry without "." and doubled slashes; "" for the top. Throws `invalid` for names that the rule refuses. */
export function archivePath(name: string, rule: NameRule = "refuse"): string {
  if (rule === "from-top") return fromTop(name)
  if (name.startsWith("/")) throw new StoreError("invalid", `the archive has an absolute path in it: '${name}'`)
  const names: string[] = []
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue
    if (part === "..") throw new StoreError("invalid", `the archive has a path in it that leads elsewhere: '${name}'`)
    names.push(part)
  }
  return names.join("/")
}

function fromTop(name: string): string {
  const names: string[] = []
  for (const part of name.split("/")) {
    if (part === "..") names.pop()
    else if (part !== "" && part !== ".") names.push(part)
  }
  return names.join("/")
}

/** A byte string. */
export function latin1(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** Takes exact numbers of bytes off chunks of any size. */
export class ChunkQueue {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0
  #offset = 0

  constructor(chunks: Chunks) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  /** How many bytes have been taken. */
  get offset(): number {
    return this.#offset
  }

  /** Between 1 and `most` bytes, a view that is good until the next call; an empty one at the end. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#at === this.#chunk.length) {
      const { value, done } = await this.#chunks.next()
      if (done === true) return new Uint8Array(0)
      this.#chunk = value
      this.#at = 0
    }
    const piece = this.#chunk.subarray(this.#at, this.#at + most)
    this.#at += piece.length
    this.#offset += piece.length
    return piece
  }

  /** `size` bytes, or fewer at the end. */
  async take(size: number): Promise<Uint8Array> {
    const first = await this.some(size)
    if (first.length === size || first.length === 0) return first
    const all = new Uint8Array(size)
    all.set(first)
    let used = first.length
    while (used < size) {
      const piece = await this.some(size - used)
      if (piece.length === 0) return all.subarray(0, used)
      all.set(piece, used)
      used += piece.length
    }
    return all
  }

  /** Passes over bytes; gives how many there were. */
  async skip(size: number): Promise<number> {
    let skipped = 0
    while (skipped < size) {
      const piece = await this.some(size - skipped)
      if (piece.length === 0) break
      skipped += piece.length
    }
    return skipped
  }

  /** Reads to the end, so that whoever makes the chunks (a decompressor, a hash) sees all of its input. */
  async drain(): Promise<void> {
    while ((await this.some(1 << 20)).length > 0);
  }

  /** Says that no more is wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}
