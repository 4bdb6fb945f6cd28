// Source texts and positions. A position is one small integer, as Nix's PosIdx: the text's base in
// its `Sources` table plus a byte offset; 0 is "no position". So a position costs no object, and
// trees, attribute sets and errors can carry as many as they like.

/** Where a text came from; decides how its positions are printed and whether `__curPos` has a file. */
export type Origin =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "string" }
  | { readonly kind: "stdin" }
  /** Nix code that is part of the evaluator, e.g. `derivation-internal.nix`. */
  | { readonly kind: "internal"; readonly name: string }

/** A resolved position: line and column count from 1; the column counts bytes. */
export interface Place {
  readonly source: Source
  readonly line: number
  readonly column: number
}

/** How an origin is written in messages (C++ Nix: position.cc Pos::print). */
export function originName(origin: Origin): string {
  switch (origin.kind) {
    case "file":
      return origin.path
    case "string":
      return "\u00abstring\u00bb"
    case "stdin":
      return "\u00abstdin\u00bb"
    case "internal":
      return `\u00abnix-internal\u00bb/${origin.name}`
  }
}

/** One source text (a byte string: one character per byte) and its place in the position table. */
export class Source {
  readonly origin: Origin
  readonly text: string
  /** Position of the text's first byte. */
  readonly base: number
  #lineStarts: number[] | undefined

  constructor(origin: Origin, text: string, base: number) {
    this.origin = origin
    this.text = text
    this.base = base
  }

  /** Offsets at which lines begin; `\n`, `\r` and `\r\n` end a line (C++ Nix: pos-table.cc). */
  get lineStarts(): readonly number[] {
    if (this.#lineStarts) return this.#lineStarts
    const starts = [0]
    const text = this.text
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i)
      if (c === 10) starts.push(i + 1)
      else if (c === 13) {
        if (text.charCodeAt(i + 1) === 10) i++
        starts.push(i + 1)
      }
    }
    this.#lineStarts = starts
    return starts
  }

  /** The line and column of a byte offset in this text. */
  place(offset: number): Place {
    const starts = this.lineStarts
    let lo = 0
    let hi = starts.length - 1
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1
      if ((starts[mid] as number) <= offset) lo = mid
      else hi = mid - 1
    }
    return { source: this, line: lo + 1, column: offset - (starts[lo] as number) + 1 }
  }

  /** The text of line `n` (from 1) without its line end, or undefined outside the text. */
  line(n: number): string | undefined {
    const start = this.lineStarts[n - 1]
    if (start === undefined || n < 1) return undefined
    let end = start
    while (end < this.text.length) {
      const c = this.text.charCodeAt(end)
      if (c === 10 || c === 13) break
      end++
    }
    return this.text.slice(start, end)
  }
}

/** The table of all source texts of one engine; hands out position ranges. */
export class Sources {
  readonly #all: Source[] = []
  #next = 1

  /** Registers a text (bytes) and gives it a range of positions. */
  add(origin: Origin, text: string): Source {
    const source = new Source(origin, text, this.#next)
    this.#next += text.length + 1 // one more, so that the end of the text has a position
    this.#all.push(source)
    return source
  }

  /** The source a position lies in; undefined for 0. */
  of(pos: number): Source | undefined {
    if (pos <= 0) return undefined
    let lo = 0
    let hi = this.#all.length - 1
    if (hi < 0) return undefined
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1
      if ((this.#all[mid] as Source).base <= pos) lo = mid
      else hi = mid - 1
    }
    return this.#all[lo]
  }

  /** Resolves a position to source, line and column; undefined for 0. */
  place(pos: number): Place | undefined {
    const source = this.of(pos)
    return source?.place(pos - source.base)
  }

  /** `FILE:LINE:COLUMN`, or "" for no position. */
  print(pos: number): string {
    const p = this.place(pos)
    return p ? `${originName(p.source.origin)}:${p.line}:${p.column}` : ""
  }
}
