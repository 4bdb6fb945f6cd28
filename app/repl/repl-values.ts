// What the values of a repl's answers were opened to: kept beside the transcript, so that it is there again when the pane is.

import { createStore, type StoreApi } from "zustand/vanilla"
import type { Ref, ValueView } from "../../engine/worker/client.ts"
import type { EngineDesk } from "../engine-desk.ts"
import { TreeModel } from "../values/tree-model.ts"

/** The value of one answer. */
export interface OpenValue {
  readonly model: TreeModel
  readonly store: StoreApi<OpenValueState>
  addLog(lines: readonly string[]): void
}

export interface OpenValueState {
  readonly selected: Ref | null
  /** The view below the tree by its name ("drv:…", "explain:…"); "tree" for none. */
  readonly view: string
  /** The node that the view is of. */
  readonly viewed: Ref
  /** What was printed while parts of the value were evaluated. */
  readonly log: readonly string[]
}

/** Goes with the answers: whoever forgets an answer has forgotten its tree. */
export class ReplValues {
  readonly #known = new WeakMap<ValueView, OpenValue>()

  /** The tree of an answer's value: closed and as it was printed, until somebody opens it. */
  open(desk: EngineDesk, run: number, ref: Ref, view: ValueView): OpenValue {
    const known = this.#known.get(view)
    if (known !== undefined) return known
    const store = createStore<OpenValueState>(() => ({ selected: null, view: "tree", viewed: ref, log: [] }))
    const addLog = (lines: readonly string[]): void => {
      if (lines.length > 0) store.setState({ log: [...store.getState().log, ...lines] })
    }
    const made = { model: new TreeModel(desk, { run, view, forced: null, top: ref }, addLog), store, addLog }
    this.#known.set(view, made)
    return made
  }
}
