// The fields of a derivation's text with their places in it, whether it is a derivation's file or its form modulo inputs.

import { fail } from "../error.ts"

/** A string, or a list or tuple, with its first byte and the one after its last (without quotes and brackets for strings). */
export type Term =
  | { readonly kind: "string"; readonly value: string; readonly start: number; readonly end: number }
  | { readonly kind: "items"; readonly items: readonly Term[]; readonly start: number; readonly end: number }

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" }

class TermReader {
  readonly #text: string
  #at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  #string(): Term {
    const start = ++this.#at
    let value = ""
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) return fail("bad-derivation", "string in derivation does not end", start)
      if (char === '"') return { kind: "string", value, start, end: this.#at++ }
      if (char === "\\") {
        const next = this.#text[++this.#at] ?? ""
        value += escapes[next] ?? next
        this.#at++
      } else {
        let stop = this.#at
        while (stop < this.#text.length && this.#text[stop] !== '"' && this.#text[stop] !== "\\") stop++
        value += this.#text.slice(this.#at, stop)
        this.#at = stop
      }
    }
  }

  /** With a stack of its own: dynamic inputs may nest deeply. */
  read(): Term {
    const open: { readonly start: number; readonly items: Term[] }[] = []
    for (;;) {
      const char = this.#text[this.#at]
      let done: Term | undefined
      if (char === '"') done = this.#string()
      else if (char === "[" || char === "(") open.push({ start: this.#at++, items: [] })
      else if (char === "]" || char === ")") {
        const top = open.pop()
        if (top === undefined) fail("bad-derivation", "bracket in derivation closes nothing", this.#at)
        done = { kind: "items", items: top.items, start: top.start, end: ++this.#at }
      } else if (char === "," && open.length > 0) this.#at++
      else fail("bad-derivation", "expected a string or a list in derivation", this.#at)
      if (done === undefined) continue
      const top = open.at(-1)
      if (top === undefined) return done
      top.items.push(done)
    }
  }
}

/** The seven fields of a derivation's text: outputs, input derivations, sources, system, builder, arguments, environment. */
export function readDerivationTerms(text: string): readonly Term[] {
  const at = text.indexOf("(")
  if (at < 0) fail("bad-derivation", "expected a derivation")
  const whole = new TermReader(text, at).read()
  const items = whole.kind === "items" ? whole.items : []
  // The versioned form has the version's name first.
  return items[0]?.kind === "string" ? items.slice(1) : items
}
