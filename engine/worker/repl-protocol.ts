// A repl as plain data: what is typed, what is answered.

import type { Ref, ValueView } from "./protocol.ts"

export interface ReplAnswer {
  /** "more": the input is a beginning only, and was not taken; "quit": `:q`. */
  readonly state: "done" | "more" | "quit"
  /** What it printed, in order. */
  readonly texts: readonly { readonly kind: "result" | "notice" | "error"; readonly text: string }[]
  /** The value of an expression, and its place in the run; null for other inputs and for what failed. */
  readonly value: { readonly ref: Ref; readonly view: ValueView } | null
  /** Lines that `trace` and `warn` printed. */
  readonly log: readonly string[]
  readonly milliseconds: number
}

/** What the last word of an input may become; it begins at `from` (UTF-16). */
export interface ReplWords {
  readonly from: number
  readonly words: readonly string[]
}

/** A name that was bound, and the number of the input that did it. */
export interface ReplName {
  readonly name: string
  readonly input: number
}

/** The worker's calls about the repl of a run (EvaluateRequest.repl). */
export interface ReplApi {
  input(run: number, text: string): Promise<ReplAnswer>
  words(run: number, text: string): Promise<ReplWords>
  names(run: number): Promise<readonly ReplName[]>
}
