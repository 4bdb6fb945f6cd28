// A repl as plain data: what is typed, what is answered.

import type { BuildSettings } from "./build-protocol.ts"
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
  /** The derivation that it would have to have built, but may not; null if that is not why it failed. */
  readonly needs: string | null
  /** Whether it failed because the network may not be asked. */
  readonly wantsNetwork: boolean
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
  /** `builds`: where the input itself may have something built (`:b`), or ask for logs; what its evaluation needs is not meant. */
  input(run: number, text: string, builds?: BuildSettings): Promise<ReplAnswer>
  words(run: number, text: string): Promise<ReplWords>
  names(run: number): Promise<readonly ReplName[]>
}
