// Brings in Nix archives that come in chunks, and tells their size and hash: what a binary cache or `nix-store --import` gives.
// Snix: store/src/nar/import.rs ingest_nar

import { FormatError } from "../formats/error.ts"
import { Hasher } from "../formats/hash/digest.ts"
import type { NarEvent } from "../formats/nar/grammar.ts"
import { NarReader } from "../formats/nar/reader.ts"
import type { Chunks } from "./archive-entry.ts"
import { StoreError } from "./error.ts"
import type { Node } from "./node.ts"
import type { TreeStores } from "./render-nar.ts"
import { type FileIngest, type IngestOptions, TreeIngest } from "./tree-ingest.ts"
import { throwIfCancelled } from "./verified.ts"

/** A tree that was brought in from a Nix archive. */
export interface IngestedNar {
  readonly node: Node
  /** Bytes of the archive. */
  readonly narSize: number
  readonly narSha256: Uint8Array
}

/** What must be true of an archive; it is checked before anything refers to the tree. */
export interface ExpectedNar {
  readonly narSize?: number | undefined
  readonly narSha256?: Uint8Array | undefined
}

/** The reader hands out views; so that the copies of a piece are small, a chunk goes into it in pieces. */
const pieceSize = 256 << 10

/**
 * Reads a Nix archive, and nothing after it, into the stores. Throws `damaged` for bad archives and for other sizes or hashes than
 * expected, `invalid` for limits, `cancelled`, and what the chunks or stores throw.
 */
export async function ingestNar(
  chunks: Chunks,
  stores: TreeStores,
  options: Omit<IngestOptions, "existing"> & { readonly expected?: ExpectedNar | undefined } = {},
): Promise<IngestedNar> {
  const hasher = new Hasher("sha256")
  const ingest = new TreeIngest(stores.blobs, stores.directories, options)
  /** What the reader has found in a piece. */
  let found: NarEvent[] = []
  const reader = new NarReader((event) => found.push(event.kind === "contents" ? { kind: "contents", bytes: event.bytes.slice() } : event))
  const builder = new Builder(ingest)
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += pieceSize) {
        throwIfCancelled(options.signal)
        const piece = chunk.subarray(at, at + pieceSize)
        if (reader.push(piece).length > 0) throw new StoreError("damaged", "the archive goes on after its end")
        hasher.update(piece)
        const events = found
        found = []
        for (const event of events) await builder.take(event)
      }
    }
    reader.finish()
    const narSha256 = hasher.digest()
    check({ narSize: hasher.size, narSha256 }, options.expected)
    return { node: await ingest.finish(), narSize: hasher.size, narSha256 }
  } catch (error) {
    await builder.abort()
    if (error instanceof FormatError) throw new StoreError("damaged", error.message, { cause: error })
    throw error
  }
}

function check(actual: Required<ExpectedNar>, expected: ExpectedNar = {}): void {
  const { narSize, narSha256 } = expected
  if (narSize !== undefined && narSize !== actual.narSize)
    throw new StoreError("damaged", `the archive has ${actual.narSize} bytes, not ${narSize}`)
  if (narSha256?.some((byte, i) => byte !== actual.narSha256![i]) === true)
    throw new StoreError("damaged", "the archive does not have the hash that it should have")
}

/** Turns the events of an archive into entries. */
class Builder {
  readonly #ingest: TreeIngest
  /** The paths of the open directories. */
  readonly #open: string[] = []
  #file: { readonly ingest: FileIngest; left: number } | undefined

  constructor(ingest: TreeIngest) {
    this.#ingest = ingest
  }

  #path(name: string | undefined): string {
    if (name === undefined) return ""
    const parent = this.#open.at(-1)!
    return parent === "" ? name : `${parent}/${name}`
  }

  async take(event: NarEvent): Promise<void> {
    switch (event.kind) {
      case "directory":
        this.#ingest.directory(this.#path(event.name))
        this.#open.push(this.#path(event.name))
        return
      case "end":
        this.#open.pop()
        return
      case "symlink":
        this.#ingest.symlink(this.#path(event.name), event.target)
        return
      case "file":
        this.#file = { ingest: this.#ingest.open(this.#path(event.name), event.executable), left: event.size }
        if (event.size === 0) await this.#endFile()
        return
      case "contents": {
        const file = this.#file!
        await file.ingest.write(event.bytes)
        file.left -= event.bytes.length
        if (file.left === 0) await this.#endFile()
      }
    }
  }

  async #endFile(): Promise<void> {
    const file = this.#file!
    this.#file = undefined
    await file.ingest.close()
  }

  async abort(): Promise<void> {
    await this.#file?.ingest.abort()
  }
}
