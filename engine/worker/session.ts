// The worker's side of the protocol: runs by number, one meter of what all of them hold, one store.

import { coerceToString, interpolate } from "../eval/coerce.ts"
import { forceDeep } from "../eval/deep.ts"
import { drive } from "../eval/drive.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { LiveMeter } from "../eval/live-meter.ts"
import { printAmbiguous } from "../eval/print-ambiguous.ts"
import { toJson } from "../eval/to-json.ts"
import { stepToXml } from "../eval/to-xml.ts"
import { type Cell, peek } from "../eval/value.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import { BuildGate } from "./build-gate.ts"
import { BundleGate } from "./bundle-gate.ts"
import { DerivationDesk } from "./derivation-desk.ts"
import { Language } from "./language.ts"
import type {
  Evaluated,
  EvaluateRequest,
  Page,
  Printed,
  PrintForm,
  Ref,
  RunTrace,
  SyntaxForm,
  SyntaxTree,
  ValueView,
  WorkerApi,
} from "./protocol.ts"
import { ReplDesk } from "./repl-desk.ts"
import { Run } from "./run.ts"
import { StoreDesk } from "./store-desk.ts"
import { syntaxRows } from "./syntax-rows.ts"
import { fromBytes, toBytes } from "./text.ts"
import { childrenOf, forcedOf, problemOf, traceOf, viewCell } from "./view.ts"

export class WorkerSession extends StoreDesk implements WorkerApi {
  private readonly requests = new Map<number, EvaluateRequest>()
  private readonly runs = new Map<number, Promise<Run>>()
  /** The last question of each run. */
  private readonly turns = new WeakMap<Evaluator, Promise<unknown>>()
  private meter = new LiveMeter(Number.POSITIVE_INFINITY)
  readonly derivations = new DerivationDesk({
    start: (run) => this.start(run),
    settled: (evaluator, work) => this.settled(evaluator, work),
  })
  readonly repl = new ReplDesk({
    start: (run) => this.start(run),
    settled: (evaluator, work) => this.settled(evaluator, work),
    builder: (settings) => this.builds.evalBuilder(settings),
  })
  readonly builds = new BuildGate({ tab: () => this.tab(), network: () => this.network() })
  readonly bundles = new BundleGate(() => this.tab())
  readonly language = new Language()

  async limit(bytes: number): Promise<void> {
    this.meter = new LiveMeter(bytes)
    this.meter.stock()
  }

  async open(id: number, request: EvaluateRequest): Promise<void> {
    this.requests.set(id, request)
  }

  async force(id: number, ref: Ref): Promise<Evaluated> {
    const run = await this.start(id)
    const { evaluator } = run
    const started = performance.now()
    let view: ValueView
    let forced: Evaluated["forced"] = null
    try {
      view = await this.settled(evaluator, () => {
        const cell = run.cell(ref)
        evaluator.force(cell)
        forced = forcedOf(evaluator, cell)
        return viewCell(evaluator, ref, cell)
      })
    } catch (e) {
      view = { kind: "failed", ref, problem: problemOf(evaluator, e) }
    }
    const { rt } = evaluator
    const milliseconds = performance.now() - started
    return {
      run: id,
      view,
      log: run.takeLog().map(fromBytes),
      milliseconds,
      steps: rt.stepsTaken(),
      bytes: rt.bytes,
      waits: run.host.rounds,
      forced,
    }
  }

  async children(id: number, ref: Ref, from: number, count: number, filter = ""): Promise<Page> {
    const run = await this.start(id)
    const { evaluator } = run
    const cell = await this.settled(evaluator, () => {
      const found = run.cell(ref)
      // Not evaluated only if this worker has replaced the one that showed it.
      if (peek(found) === undefined) evaluator.force(found)
      return found
    })
    return childrenOf(evaluator, ref, cell, {
      from: Math.max(0, Math.trunc(from)),
      count: Math.min(1000, Math.max(1, Math.trunc(count))),
      filter,
    })
  }

  async print(id: number, ref: Ref, form: PrintForm): Promise<Printed> {
    const run = await this.start(id)
    const { evaluator } = run
    return this.printed(run, () => this.settled(evaluator, () => printCell(evaluator, run.cell(ref), form)))
  }

  async parse(id: number): Promise<Printed> {
    const run = await this.start(id)
    return this.printed(run, () => this.settled(run.evaluator, () => run.printTree()))
  }

  async syntax(id: number, form: SyntaxForm): Promise<SyntaxTree> {
    const run = await this.start(id)
    const { evaluator } = run
    try {
      return await this.settled(evaluator, () => syntaxRows(evaluator, run.parsed(), form))
    } catch (e) {
      return { problem: problemOf(evaluator, e) }
    }
  }

  async trace(id: number): Promise<RunTrace> {
    return traceOf((await this.start(id)).evaluator)
  }

  async release(id: number): Promise<void> {
    this.requests.delete(id)
    this.runs.delete(id)
  }

  private async printed(run: Run, work: () => Promise<string>): Promise<Printed> {
    try {
      const text = fromBytes(await work())
      return { text, log: run.takeLog().map(fromBytes) }
    } catch (e) {
      return { problem: problemOf(run.evaluator, e), log: run.takeLog().map(fromBytes) }
    }
  }

  /** Collecting garbage must not take away what open runs look at. */
  protected override async inUse(): Promise<readonly StorePath[]> {
    const { store } = await this.tab()
    const trees = [...this.requests.values()].flatMap(({ trees = {} }) => Object.values(trees))
    const runs = await Promise.allSettled(this.runs.values())
    const made = runs.flatMap((run) => (run.status === "fulfilled" ? [...run.value.host.made] : []))
    return [...trees.map((path) => store.parse(toBytes(path))), ...made]
  }

  private start(id: number): Promise<Run> {
    let run = this.runs.get(id)
    if (run === undefined) {
      const request = this.requests.get(id)
      if (request === undefined) return Promise.reject(new RangeError(`no such run: ${id}`))
      run = this.make(request)
      this.runs.set(id, run)
    }
    return run
  }

  private async make(request: EvaluateRequest): Promise<Run> {
    const { hot: store } = await this.tab()
    const network = request.allowFetch === true ? await this.network() : null
    const builder = request.builds === undefined ? undefined : await this.builds.evalBuilder(request.builds)
    return new Run(request, { meter: this.meter, store, network, builder })
  }

  /**
   * Evaluates with a budget of its own, one question of a run after the other: what has to wait is begun again. Afterwards, when the
   * worker has nothing to do, the meter fills its stock and the store is written.
   */
  private async settled<T>(evaluator: Evaluator, work: () => T): Promise<T> {
    const before = this.turns.get(evaluator)
    const turn = (async () => {
      await before?.catch(() => {})
      evaluator.rt.begin()
      return evaluator.settle(work)
    })()
    this.turns.set(evaluator, turn)
    try {
      return await turn
    } finally {
      setTimeout(async () => {
        this.meter.stock()
        ;(await this.tab()).hot.unpin()
        // Why it failed is in the report.
        this.flush().catch(() => {})
      }, 0)
    }
  }
}

function printCell(evaluator: Evaluator, cell: Cell, form: PrintForm): string {
  const { rt } = evaluator
  switch (form) {
    case "nix":
      forceDeep(rt, cell)
      return `${printAmbiguous(rt, cell)}\n`
    case "json":
      return `${toJson(rt, cell, { strict: true, copy: true }).text}\n`
    case "xml":
      return drive(rt, stepToXml(rt, cell, { strict: true, location: false })).text
    case "raw":
      return coerceToString(rt, cell, 0, "while generating the nix-instantiate output", interpolate).text
  }
}
