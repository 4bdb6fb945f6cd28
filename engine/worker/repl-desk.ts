// The worker's side of the repl's calls.

import type { Evaluator } from "../eval/evaluator.ts"
import type { BuildSettings, TabBuilder } from "./build-protocol.ts"
import type { ReplAnswer, ReplApi, ReplName, ReplWords } from "./repl-protocol.ts"
import type { Run } from "./run.ts"
import type { RunRepl } from "./run-repl.ts"
import { fromBytes } from "./text.ts"
import { viewCell } from "./view.ts"

/** What the desk asks of the session: a run by its number, and evaluation that may wait. */
export interface ReplRuns {
  start(run: number): Promise<Run>
  settled<T>(evaluator: Evaluator, work: () => T): Promise<T>
  /** What builds for the inputs themselves. */
  builder(settings: BuildSettings): Promise<TabBuilder>
}

export class ReplDesk implements ReplApi {
  readonly #runs: ReplRuns

  constructor(runs: ReplRuns) {
    this.#runs = runs
  }

  async input(id: number, text: string, builds?: BuildSettings): Promise<ReplAnswer> {
    const { run, repl } = await this.#open(id)
    const where = builds ?? run.builds
    repl.builder = where === undefined ? null : await this.#runs.builder(where)
    const { evaluator } = run
    const started = performance.now()
    repl.take(text)
    let state: ReplAnswer["state"]
    try {
      state = await this.#runs.settled(evaluator, () => repl.answer())
    } catch (e) {
      repl.cancel()
      throw e
    }
    const { texts, input, needs, wantsNetwork } = repl.finish(text, state)
    const ref = input === null ? null : [input]
    return {
      state,
      texts: texts.map((said) => ({ kind: said.kind, text: fromBytes(said.text) })),
      value: ref === null ? null : { ref, view: viewCell(evaluator, ref, run.cell(ref)) },
      log: run.takeLog().map(fromBytes),
      milliseconds: performance.now() - started,
      needs: needs === null ? null : fromBytes(needs),
      wantsNetwork,
    }
  }

  async words(id: number, text: string): Promise<ReplWords> {
    const { repl } = await this.#open(id)
    return repl.words(text)
  }

  async names(id: number): Promise<readonly ReplName[]> {
    const { repl } = await this.#open(id)
    return repl.names()
  }

  /** The repl of a run, its earlier inputs taken. */
  async #open(id: number): Promise<{ run: Run; repl: RunRepl }> {
    const run = await this.#runs.start(id)
    const { repl } = run
    if (repl === null) throw new RangeError(`run ${id} has no repl`)
    await this.#runs.settled(run.evaluator, () => repl.catchUp())
    return { run, repl }
  }
}
