// Finding references: which of some hash parts occur in a stream, wherever its chunks are cut. The hash part alone is
// looked for, 32 characters of nix32; what stands around it does not matter, so occurrences may overlap.
// C++ Nix: libstore/references.cc RefScanSink

import { hashPart, type StorePath } from "../store-path/store-path.ts"

const length = 32

const isDigit = new Uint8Array(256)
for (const char of "0123456789abcdfghijklmnpqrsvwxyz") isDigit[char.charCodeAt(0)] = 1

function head(a: number, b: number, c: number, d: number): number {
  return a | (b << 8) | (c << 16) | (d << 24)
}

/** Looks for hash parts in one stream: give it chunks with push(). */
export class ReferenceScanner {
  readonly #wanted: Set<string>
  /** The first four characters of what is wanted, as numbers: text that is all digits (lists of hashes) is no reason to make strings. */
  readonly #heads = new Set<number>()
  readonly #found = new Set<string>()
  /** The last 31 bytes (or fewer) before the next chunk. */
  #tail: Uint8Array = new Uint8Array(0)

  /** `hashParts`: 32 characters each. */
  constructor(hashParts: Iterable<string>) {
    this.#wanted = new Set(hashParts)
    for (const part of this.#wanted) this.#heads.add(head(part.charCodeAt(0), part.charCodeAt(1), part.charCodeAt(2), part.charCodeAt(3)))
  }

  /** The hash parts found so far. */
  get found(): ReadonlySet<string> {
    return this.#found
  }

  /** Takes a chunk. */
  push(chunk: Uint8Array): void {
    const border = new Uint8Array(this.#tail.length + Math.min(chunk.length, length - 1))
    border.set(this.#tail)
    border.set(chunk.subarray(0, length - 1), this.#tail.length)
    if (this.#tail.length > 0) this.#search(border)
    this.#search(chunk)
    this.#tail = (chunk.length >= length - 1 ? chunk : border).slice(-(length - 1))
  }

  /** As Boyer and Moore: a byte that is no digit rules out every place that covers it. */
  #search(bytes: Uint8Array): void {
    let at = 0
    while (at + length <= bytes.length) {
      let j = length - 1
      while (j >= 0 && isDigit[bytes[at + j]!] === 1) j--
      if (j >= 0) {
        at += j + 1
        continue
      }
      // All of these are digits up to the next byte that is none.
      let end = at + length
      while (end < bytes.length && isDigit[bytes[end]!] === 1) end++
      for (; at + length <= end; at++) {
        if (!this.#heads.has(head(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!))) continue
        const text = String.fromCharCode(...bytes.subarray(at, at + length))
        if (this.#wanted.delete(text)) this.#found.add(text)
      }
    }
  }
}

/** Looks for store paths in one stream. */
export class PathScanner {
  readonly #scanner: ReferenceScanner
  readonly #paths = new Map<string, StorePath>()

  /** `candidates`: the store paths that may be found (no two with the same hash part). */
  constructor(candidates: Iterable<StorePath>) {
    for (const path of candidates) this.#paths.set(hashPart(path), path)
    this.#scanner = new ReferenceScanner(this.#paths.keys())
  }

  /** Takes a chunk. */
  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk)
  }

  /** The store paths found, sorted. */
  get found(): StorePath[] {
    return [...this.#scanner.found].map((part) => this.#paths.get(part)!).sort()
  }
}
