// The page's side of a repl: its inputs are kept here as data, so that another worker can take them again.

import type { BuildSettings } from "./build-protocol.ts"
import type { EvaluateRequest } from "./protocol.ts"
import type { ReplAnswer, ReplApi, ReplName, ReplWords } from "./repl-protocol.ts"

/** What a repl's inputs see and may. */
export type ReplSurroundings = Pick<EvaluateRequest, "files" | "trees" | "nixPath" | "allowFetch" | "network" | "builds">

/** A repl: a run whose results are at the places `[number of the input]`. */
export interface EngineRepl {
  readonly run: number
  /** Answers an input; what was bound stays bound after `stop`, unless it was this input that was stopped. */
  input(text: string, options?: { readonly builds?: BuildSettings | undefined }): Promise<ReplAnswer>
  /** From now on inputs see and may other things; those before are answered anew with them, unseen. */
  change(to: ReplSurroundings): Promise<void>
  /** What the last word of an input may become. */
  words(text: string): Promise<ReplWords>
  /** What is bound, and by which input. */
  names(): Promise<readonly ReplName[]>
}

export interface ReplConnection {
  /** Asks the worker, which has the run then. */
  ask<T>(work: (repl: ReplApi) => Promise<T>): Promise<T>
  /** Keeps what another worker would begin with. */
  keep(request: EvaluateRequest): void
  /** Lets the worker forget the run. */
  park(): Promise<void>
}

/** A repl over the files of a request. */
export function replOver(run: number, given: EvaluateRequest, { ask, keep, park }: ReplConnection): EngineRepl {
  const inputs: string[] = []
  let request = given
  const kept = (): void => keep({ ...request, repl: { inputs: [...inputs] } })
  return {
    run,
    async input(text, { builds } = {}) {
      const answer = await ask((repl) => repl.input(run, text, builds))
      if (answer.state === "done") {
        inputs.push(text)
        kept()
      }
      return answer
    },
    async change(to) {
      request = { ...request, ...to }
      kept()
      await park()
    },
    words: (text) => ask((repl) => repl.words(run, text)),
    names: () => ask((repl) => repl.names(run)),
  }
}
