// The page's engine with a count of what is under way, so that Stop is there whatever it is: an evaluation, a row being opened, printing.

import type {
  Engine,
  EngineBuilds,
  EngineBundles,
  EngineRepl,
  EngineStore,
  Evaluated,
  EvaluateRequest,
  Page,
  Printed,
  PrintForm,
  Ref,
  RunTrace,
  SyntaxForm,
  SyntaxTree,
} from "../engine/worker/client.ts"
import type { DerivationApi } from "../engine/worker/derivation-protocol.ts"
import { Kept } from "./values/kept.ts"

/** Asks the engine, and tells listeners when it becomes busy or idle. */
export class EngineDesk {
  /** The calls about derivations, counted too. */
  readonly derivations: DerivationApi
  /** What outlives each result. */
  readonly kept = new Kept()
  private readonly engine: Engine
  private readonly listeners = new Set<() => void>()
  private underWay = 0

  constructor(engine: Engine) {
    this.engine = engine
    const { derivations } = engine
    this.derivations = {
      derivation: (run, at) => this.counted(derivations.derivation(run, at)),
      explain: (run, path) => this.counted(derivations.explain(run, path)),
      verify: (run, text, name) => this.counted(derivations.verify(run, text, name)),
      closure: (run, drvPath, most) => this.counted(derivations.closure(run, drvPath, most)),
      graph: (run, drvPath, most) => this.counted(derivations.graph(run, drvPath, most)),
      compare: (left, right) => this.counted(derivations.compare(left, right)),
    }
  }

  /** The store; not counted: imports have a Cancel of their own. */
  get store(): EngineStore {
    return this.engine.store
  }
  /** Builds; not counted: they go on beside everything else. */
  get builds(): EngineBuilds {
    return this.engine.builds
  }
  /** Workspaces as bundles; not counted either. */
  get bundles(): EngineBundles {
    return this.engine.bundles
  }
  evaluate(request: EvaluateRequest): Promise<Evaluated> {
    return this.counted(this.engine.evaluate(request))
  }
  force(run: number, ref: Ref): Promise<Evaluated> {
    return this.counted(this.engine.force(run, ref))
  }
  /** Not counted: looking is over at once, and rows are looked at whenever the tree scrolls. */
  children(run: number, ref: Ref, from: number, filter = ""): Promise<Page> {
    return this.engine.children(run, ref, from, 100, filter)
  }
  print(run: number, ref: Ref, form: PrintForm): Promise<Printed> {
    return this.counted(this.engine.print(run, ref, form))
  }
  /** The syntax tree of a request, printed; evaluates nothing. */
  parse(request: EvaluateRequest): Promise<Printed> {
    return this.counted(this.engine.parse(request))
  }
  /** The syntax tree of a run in lines; evaluates nothing. */
  syntax(run: number, form: SyntaxForm): Promise<SyntaxTree> {
    return this.counted(this.engine.syntax(run, form))
  }
  /** What was observed of a run. */
  trace(run: number): Promise<RunTrace> {
    return this.counted(this.engine.trace(run))
  }
  /** A repl over the files of a request. */
  openRepl(request: EvaluateRequest): EngineRepl {
    const repl = this.engine.openRepl(request)
    return {
      run: repl.run,
      input: (text, options) => this.counted(repl.input(text, options)),
      change: (to) => repl.change(to),
      words: (text) => this.counted(repl.words(text)),
      names: () => repl.names(),
    }
  }
  /** Frees what a run holds; its rows can be opened nevertheless, which evaluates it again. */
  park(run: number): void {
    this.engine.park(run).catch(() => {})
  }
  /** Forgets a run; nothing waits for it. */
  release(run: number): void {
    this.engine.release(run).catch(() => {})
  }
  stop(): void {
    this.engine.stop()
  }
  /** The store is another one from now on: everything that runs ends. */
  reopen(): void {
    this.engine.reopen()
  }

  readonly busy = (): boolean => this.underWay > 0

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private async counted<T>(answer: Promise<T>): Promise<T> {
    this.count(1)
    try {
      return await answer
    } finally {
      this.count(-1)
    }
  }

  private count(by: 1 | -1): void {
    const before = this.busy()
    this.underWay += by
    if (this.busy() !== before) for (const listener of this.listeners) listener()
  }
}
