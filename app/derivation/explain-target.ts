// What there is to explain: of a node of a value, or of a path.

import type { Child, Ref } from "../../engine/worker/client.ts"
import type { Answer, ExplanationView } from "../../engine/worker/derivation-protocol.ts"
import type { EngineDesk } from "../engine-desk.ts"
import { storePathsIn } from "./store-path-text.ts"

/** What is explained of a node: nothing if it has no store path, else one of them. */
export interface Target {
  readonly explanation: ExplanationView | null
  readonly path: string
  readonly others: readonly string[]
  /** Where the node is a set or list: its children, one of which may be picked. */
  readonly children: readonly Child[]
}

interface Wanted {
  readonly run: number
  /** The node whose paths are explained where no path is given. */
  readonly drvRef: Ref
  readonly path: string
}

/** Finds it; the node is evaluated if need be. Rejects with EngineStopped. */
export async function findTarget(engine: EngineDesk, { run, drvRef, path }: Wanted): Promise<Answer<Target>> {
  const explain = async (of: string, others: readonly string[]): Promise<Answer<Target>> => {
    let answer = await engine.derivations.explain(run, of)
    if ("problem" in answer) {
      // In a new worker it is not made yet: the node is evaluated, and then it is.
      await engine.derivations.derivation(run, drvRef)
      answer = await engine.derivations.explain(run, of)
    }
    return "problem" in answer ? answer : { value: { explanation: answer.value, path: of, others, children: [] } }
  }
  if (path !== "") return explain(path, [])
  const { view } = await engine.force(run, drvRef)
  if (view.kind === "attrs" && view.derivation !== null) {
    const card = await engine.derivations.derivation(run, drvRef)
    return "problem" in card ? card : explain(`${card.value.drvPath}^*`, [])
  }
  if (view.kind === "attrs" || view.kind === "list") {
    const { children } = await engine.children(run, drvRef, 0)
    return { value: { explanation: null, path: "", others: [], children } }
  }
  const found = view.kind === "string" ? storePathsIn(view.text) : view.kind === "path" ? storePathsIn(view.path) : []
  const [first, ...others] = found
  return first === undefined ? { value: { explanation: null, path: "", others: [], children: [] } } : explain(first, others)
}
