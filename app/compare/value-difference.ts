// Where the values of two runs differ: both are walked side by side, as far as a bound allows. What is looked at is evaluated, each
// step under the budget of its run.

import type { Evaluated, Ref, ValueView } from "../../engine/worker/client.ts"
import type { EngineDesk } from "../engine-desk.ts"
import { valueText } from "../values/preview.ts"
import { quote } from "../values/quote.ts"

/** A place where the values differ; a side that is not there is null. */
export interface ValueDifference {
  readonly ref: Ref
  /** "error": at least one side cannot be evaluated. */
  readonly kind: "differs" | "left-only" | "right-only" | "error"
  readonly left: string | null
  readonly right: string | null
}

/** Two different derivations at the same place. */
export interface DerivationPair {
  readonly ref: Ref
  readonly name: string
  readonly left: string
  readonly right: string
}

export interface ValueComparison {
  readonly differences: readonly ValueDifference[]
  readonly derivations: readonly DerivationPair[]
  /** Values that were looked at, on each side. */
  readonly compared: number
  /** Pairs of functions: nobody can tell whether they are the same. */
  readonly functions: number
  /** Places at which both sides fail with the same message. */
  readonly failures: number
  /** Whether there was more than is looked at. */
  readonly cut: boolean
}

const DEPTH = 8
const VALUES = 3000
const CHILDREN = 300
const DIFFERENCES = 200
/** Bytes of the longest strings that are compared as a whole. */
const LONG = 2 ** 20

/** What is asked of the engine. */
type Asked = Pick<EngineDesk, "force" | "children" | "print" | "derivations">

/** Compares what two runs have evaluated to. Rejects with EngineStopped. */
export async function compareValues(engine: Asked, left: Evaluated, right: Evaluated): Promise<ValueComparison> {
  const walk = new Walk(engine, left.run, right.run)
  await walk.compare([], left.view, right.view)
  const { differences, derivations, compared, functions, failures, cut } = walk
  return { differences, derivations, compared, functions, failures, cut }
}

type Set = ValueView & { readonly kind: "attrs" | "list" }

class Walk {
  readonly differences: ValueDifference[] = []
  readonly derivations: DerivationPair[] = []
  compared = 0
  functions = 0
  failures = 0
  cut = false
  private readonly engine: Asked
  private readonly left: number
  private readonly right: number
  /** Pairs of sets and lists that were met before: cycles end, and what is shared is compared once. */
  private readonly met = new Set<string>()

  constructor(engine: Asked, left: number, right: number) {
    this.engine = engine
    this.left = left
    this.right = right
  }

  async compare(ref: Ref, left: ValueView, right: ValueView): Promise<void> {
    if (this.compared >= VALUES || this.differences.length >= DIFFERENCES) {
      this.cut = true
      return
    }
    this.compared++
    const a = await this.forced(this.left, ref, left)
    const b = await this.forced(this.right, ref, right)
    if (a.kind === "failed" && b.kind === "failed" && a.problem.message === b.problem.message) this.failures++
    else if (a.kind === "failed" || b.kind === "failed") this.note("error", ref, a, b)
    else if (a.kind === "function" && b.kind === "function") this.functions++
    else if (a.kind === "attrs" && b.kind === "attrs" && a.derivation !== null && b.derivation !== null) await this.derivation(ref, a, b)
    else if ((a.kind === "attrs" && b.kind === "attrs") || (a.kind === "list" && b.kind === "list")) await this.inside(ref, a, b)
    else if (a.kind === "string" && b.kind === "string") await this.strings(ref, a, b)
    else if (a.kind !== b.kind || valueText(a) !== valueText(b)) this.note("differs", ref, a, b)
  }

  private async forced(run: number, ref: Ref, view: ValueView): Promise<ValueView> {
    return view.kind === "unforced" ? (await this.engine.force(run, ref)).view : view
  }

  private note(kind: ValueDifference["kind"], ref: Ref, left: ValueView | null, right: ValueView | null): void {
    this.differences.push({ kind, ref, left: left && valueText(left), right: right && valueText(right) })
  }

  private async derivation(ref: Ref, a: ValueView, b: ValueView): Promise<void> {
    const [left, right] = [
      await this.engine.derivations.derivation(this.left, ref),
      await this.engine.derivations.derivation(this.right, ref),
    ]
    if ("problem" in left || "problem" in right) {
      const said = (answer: typeof left, view: ValueView): string =>
        "problem" in answer ? `error: ${firstLine(answer.problem.message)}` : valueText(view)
      this.differences.push({ kind: "error", ref, left: said(left, a), right: said(right, b) })
      return
    }
    if (left.value.drvPath === right.value.drvPath) return
    this.derivations.push({ ref, name: right.value.name, left: left.value.drvPath, right: right.value.drvPath })
    this.differences.push({ kind: "differs", ref, left: left.value.drvPath, right: right.value.drvPath })
  }

  private async inside(ref: Ref, a: Set, b: Set): Promise<void> {
    const pair = `${a.id} ${b.id}`
    if (this.met.has(pair)) return
    this.met.add(pair)
    if (ref.length >= DEPTH) {
      this.cut = true
      return
    }
    const [ours, theirs] = [await this.childrenOf(this.left, ref, a), await this.childrenOf(this.right, ref, b)]
    for (const [step, view] of ours) {
      const other = theirs.get(step)
      if (other !== undefined) await this.compare([...ref, step], view, other)
      // What is beyond the bound on the other side may be there.
      else if (theirs.size < CHILDREN) await this.alone("left-only", [...ref, step], view)
    }
    if (ours.size >= CHILDREN) return
    for (const [step, view] of theirs) if (!ours.has(step)) await this.alone("right-only", [...ref, step], view)
  }

  /** Notes what only one side has. */
  private async alone(kind: "left-only" | "right-only", ref: Ref, view: ValueView): Promise<void> {
    if (this.differences.length >= DIFFERENCES) {
      this.cut = true
      return
    }
    const isLeft = kind === "left-only"
    const shown = await this.forced(isLeft ? this.left : this.right, ref, view)
    this.note(kind, ref, isLeft ? shown : null, isLeft ? null : shown)
  }

  private async childrenOf(run: number, ref: Ref, view: Set): Promise<Map<string | number, ValueView>> {
    const found = new Map<string | number, ValueView>()
    const size = view.kind === "list" ? view.length : view.size
    for (let from: number | null = 0; from !== null && found.size < CHILDREN && size > 0; ) {
      const page = await this.engine.children(run, ref, from)
      for (const { view, step } of page.children) found.set(step, view)
      from = page.next
    }
    if (size > found.size) this.cut = true
    return found
  }

  private async strings(ref: Ref, a: ValueView & { kind: "string" }, b: ValueView & { kind: "string" }): Promise<void> {
    if (a.length !== b.length || a.text !== b.text) {
      const [left, right] = aroundDifference(a.text, b.text)
      this.differences.push({ kind: "differs", ref, left, right })
      return
    }
    // The beginnings are equal; the rest is only fetched where there is one.
    if (a.length <= a.text.length) return
    if (a.length > LONG) {
      this.cut = true
      return
    }
    const [left, right] = [await this.engine.print(this.left, ref, "raw"), await this.engine.print(this.right, ref, "raw")]
    if (!("text" in left) || !("text" in right) || left.text === right.text) return
    const [before, after] = aroundDifference(left.text, right.text)
    this.differences.push({ kind: "differs", ref, left: before, right: after })
  }
}

const SHOWN = 200

/** Two texts from a little before the place where they begin to differ, as literals. */
function aroundDifference(left: string, right: string): [string, string] {
  let at = 0
  while (at < left.length && at < right.length && left[at] === right[at]) at++
  const from = at > 60 ? at - 30 : 0
  const part = (text: string): string =>
    `${from > 0 ? "…" : ""}${quote(text.slice(from, from + SHOWN))}${text.length > from + SHOWN ? "…" : ""}`
  return [part(left), part(right)]
}

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").slice(0, 300)
