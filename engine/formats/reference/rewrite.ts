// Replacing a text in a stream by another of the same length: hash parts of store paths, in objects that are moved.
// C++ Nix: libstore/references.cc RewritingSink

/** Replaces a text wherever it occurs in a stream, chunk borders or not, by one of the same length. */
export class RewritingStream {
  readonly #from: Uint8Array
  readonly #to: Uint8Array
  readonly #sink: (chunk: Uint8Array) => void
  #kept: Uint8Array = new Uint8Array(0)
  #position = 0
  /** Where in the stream the text was, in bytes from its start. */
  readonly matches: number[] = []

  constructor(from: string, to: string, sink: (chunk: Uint8Array) => void) {
    if (from.length !== to.length) throw new RangeError("a rewrite must not change the length")
    this.#from = bytesOf(from)
    this.#to = bytesOf(to)
    this.#sink = sink
  }

  /** Takes a chunk. */
  push(chunk: Uint8Array): void {
    const text = new Uint8Array(this.#kept.length + chunk.length)
    text.set(this.#kept)
    text.set(chunk, this.#kept.length)
    for (let at = 0; ; at += this.#from.length) {
      at = indexOf(text, this.#from, at)
      if (at < 0) break
      this.matches.push(this.#position + at)
      text.set(this.#to, at)
    }
    // What could be the beginning of the text waits for the next chunk.
    const keep = Math.min(text.length, this.#from.length - 1)
    this.#sink(text.subarray(0, text.length - keep))
    this.#position += text.length - keep
    this.#kept = text.slice(text.length - keep)
  }

  /** Passes on what was waiting. */
  finish(): void {
    this.#sink(this.#kept)
    this.#position += this.#kept.length
    this.#kept = new Uint8Array(0)
  }
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

function indexOf(text: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = text.indexOf(wanted[0]!, from); at >= 0 && at + wanted.length <= text.length; at = text.indexOf(wanted[0]!, at + 1)) {
    let i = 1
    while (i < wanted.length && text[at + i] === wanted[i]) i++
    if (i === wanted.length) return at
  }
  return -1
}
