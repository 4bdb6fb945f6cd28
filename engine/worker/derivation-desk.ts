// The worker's side of the calls about derivations.

import { Attrs } from "../eval/attrs.ts"
import { NixError } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { explainerOf, explainPath } from "../eval/explain.ts"
import { reading } from "../eval/format-fault.ts"
import { NixString } from "../eval/value.ts"
import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import type { Derivation } from "../formats/derivation/derivation.ts"
import { compareGraphs } from "../formats/derivation/diff/graph.ts"
import { graphDifferenceToJson, printGraphDifference } from "../formats/derivation/diff/print.ts"
import { FormatError } from "../formats/error.ts"
import { Explainer, stepsTo } from "../formats/explain/explainer.ts"
import { verifyDerivation, verifyNarInfo } from "../formats/explain/verify.ts"
import { printJson } from "../formats/json/write.ts"
import { parseNarInfo } from "../formats/narinfo/nar-info.ts"
import { drvNameOfPath, isDerivationPath, parseBaseName, parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type {
  Answer,
  ClosureView,
  DerivationApi,
  DerivationAt,
  DerivationView,
  DifferenceView,
  ExplanationView,
  GraphView,
  VerdictView,
} from "./derivation-protocol.ts"
import { closureView, derivationView } from "./derivation-view.ts"
import { explanationView, verdictView } from "./explanation-view.ts"
import type { Run } from "./run.ts"
import { fromBytes, toBytes } from "./text.ts"
import { problemOf } from "./view.ts"

/** What the desk asks of the session: a run by its number, and evaluation that may wait. */
export interface DeskRuns {
  start(run: number): Promise<Run>
  settled<T>(evaluator: Evaluator, work: () => T): Promise<T>
}

export class DerivationDesk implements DerivationApi {
  readonly #runs: DeskRuns

  constructor(runs: DeskRuns) {
    this.#runs = runs
  }

  derivation(run: number, at: DerivationAt): Promise<Answer<DerivationView>> {
    return this.#answer(run, ({ evaluator }, found) => derivationView(evaluator, drvPathOf(evaluator, found, at)), at)
  }

  explain(run: number, path: string): Promise<Answer<ExplanationView>> {
    return this.#answer(run, ({ evaluator }) => {
      const { rt } = evaluator
      const { storeDir } = rt.host
      const [plain, output] = toBytes(path).split("^", 2) as [string, string?]
      const storePath = reading(() => parseStorePath(plain, storeDir))
      if (isDerivationPath(storePath)) {
        const explainer = explainerOf(rt)
        if (output === "modulo")
          return explanationView(
            reading(() => explainer.modulo(storePath)),
            storeDir,
          )
        const all = reading(() => explainer.derivation(storePath))
        return explanationView(output === "*" ? all : reading(() => stepsTo(all, output ?? "drvPath")), storeDir)
      }
      const explanation = explainPath(rt, plain, false)
      if (explanation === undefined) throw new NixError("error", `path '${plain}' was not made by this evaluation`, 0)
      return explanationView(explanation, storeDir)
    })
  }

  verify(run: number, text: string, name: string): Promise<Answer<VerdictView>> {
    return this.#answer(run, ({ evaluator }) => {
      const { rt } = evaluator
      const { storeDir } = rt.host
      const known = explainerOf(rt)
      const bytes = toBytes(text)
      if (/^\s*StorePath:/m.test(bytes)) {
        const { info } = reading(() => parseNarInfo(bytes, toBytes(name), storeDir))
        return verdictView(verifyNarInfo(explainerWith(known, info.storeDir), info), info.storeDir)
      }
      const base = toBytes(name).replace(/.*\//, "")
      const drvPath = reading(() => parseBaseName(base))
      return verdictView(
        reading(() => verifyDerivation(explainerWith(known, storeDir, drvPath, bytes), drvPath, bytes)),
        storeDir,
      )
    })
  }

  closure(run: number, drvPath: string, most: number): Promise<Answer<ClosureView>> {
    return this.#answer(run, ({ evaluator }) => {
      const path = reading(() => parseStorePath(toBytes(drvPath), evaluator.rt.host.storeDir))
      return closureView(evaluator, path, Math.max(1, Math.min(100_000, Math.trunc(most))))
    })
  }

  async graph(run: number, drvPath: string, most: number): Promise<Answer<GraphView>> {
    // The layout's code is loaded when a graph is first drawn.
    const { graphView } = await import("./graph-view.ts")
    return this.#answer(run, ({ evaluator }) => {
      const path = reading(() => parseStorePath(toBytes(drvPath), evaluator.rt.host.storeDir))
      return graphView(evaluator, path, Math.max(1, Math.min(400, Math.trunc(most))))
    })
  }

  async compare(
    left: readonly [run: number, drvPath: string],
    right: readonly [run: number, drvPath: string],
  ): Promise<Answer<DifferenceView>> {
    const other = await this.#runs.start(right[0])
    return this.#answer(left[0], ({ evaluator }) => {
      const { storeDir } = evaluator.rt.host
      const sides = { left: explainerOf(evaluator.rt), right: explainerOf(other.evaluator.rt) }
      const path = (text: string): StorePath => reading(() => parseStorePath(toBytes(text), storeDir))
      const texts = (side: "left" | "right") => (side === "left" ? evaluator : other.evaluator).rt.drvs.watched?.texts
      const diff = compareGraphs(path(left[1]), path(right[1]), (drvPath, side) => sides[side].read(drvPath), {
        storeDir,
        sourceText: (source, side) => texts(side)?.get(`${storeDir}/${source}`)?.contents,
      })
      return {
        equal: diff.left === diff.right,
        text: fromBytes(printGraphDifference(diff, storeDir)),
        json: fromBytes(printJson(graphDifferenceToJson(diff))),
      }
    })
  }

  /** Runs `work`, again and again while it has to wait; what goes wrong is the answer. `at` is forced first. */
  async #answer<T>(id: number, work: (run: Run, at: unknown) => T, at?: DerivationAt): Promise<Answer<T>> {
    const run = await this.#runs.start(id)
    const { evaluator } = run
    try {
      const value = await this.#runs.settled(evaluator, () =>
        reading(() => work(run, at === undefined || typeof at === "string" ? undefined : run.cell(at))),
      )
      return { value }
    } catch (e) {
      return { problem: problemOf(evaluator, e) }
    }
  }
}

/** The path of a derivation: as written, or the `drvPath` of a value. */
function drvPathOf(evaluator: Evaluator, cell: unknown, at: DerivationAt): StorePath {
  const { storeDir } = evaluator.rt.host
  if (typeof at === "string") return parseStorePath(toBytes(at), storeDir)
  const value = evaluator.force(cell as Parameters<Evaluator["force"]>[0])
  const drvPath = value instanceof Attrs ? value.get("drvPath") : undefined
  if (drvPath === undefined) throw new NixError("type", "this value is no derivation", 0)
  const text = evaluator.force(drvPath)
  const path = typeof text === "string" ? text : text instanceof NixString ? text.text : undefined
  if (path === undefined) throw new NixError("type", "the attribute 'drvPath' is no string", 0)
  return parseStorePath(path, storeDir)
}

/** An explainer that also knows one pasted derivation. */
function explainerWith(known: Explainer, storeDir: string, drvPath?: StorePath, aterm?: string): Explainer {
  const read = (path: StorePath): Derivation | undefined => {
    if (path === drvPath && aterm !== undefined) return parseAterm(aterm, drvNameOfPath(path), storeDir)
    try {
      return known.read(path)
    } catch (e) {
      // Not to be had: then what needs it is unknown.
      if (e instanceof FormatError || e instanceof NixError) return undefined
      throw e
    }
  }
  return new Explainer({ read, storeDir })
}
