// One evaluator's state: tables, settings, host, counters. Everything hangs off it; two can live side by
// side. The code that works on it is in functions that take it first.

import type { Scope } from "../lang/bind.ts"
import type { Source, Sources } from "../lang/source.ts"
import { Symbols } from "../lang/symbol.ts"
import { Ahead } from "./ahead.ts"
import type { Attrs } from "./attrs.ts"
import type { Text } from "./builtin.ts"
import { Contexts } from "./context.ts"
import { Stopped } from "./error.ts"
import { FilterRuns } from "./filter-runs.ts"
import type { Host } from "./host.ts"
import { KnownDrvs } from "./known-drvs.ts"
import type { LiveMeter } from "./live-meter.ts"
import type { ForceObserver } from "./observer.ts"
import type { Regex } from "./regex/regex.ts"
import { Shapes } from "./shape.ts"
import { Repetition, watchHost } from "./trace.ts"
import { type Cell, type Code, type Env, NixString, type Thunk, type Value } from "./value.ts"

/** Parses and binds the text of a file in a scope, the base scope if none is given. */
export type Loader = (path: string, text: string, scope?: Scope) => Code

export type Lint = "ignore" | "warn" | "fatal"

/** One entry of the search path: `prefix=path`, or `path` with an empty prefix. */
export interface SearchPathEntry {
  readonly prefix: string
  readonly path: string
}

/** Nix settings that evaluation sees; the names follow nix.conf. */
export interface Settings {
  readonly system: string
  readonly nixVersion: string
  readonly pureEval: boolean
  readonly restrictEval: boolean
  /** Beginnings of the addresses that may be asked in restricted mode. */
  readonly allowedUris: readonly string[]
  readonly maxCallDepth: number
  readonly showTrace: boolean
  readonly traceVerbose: boolean
  readonly abortOnWarn: boolean
  readonly allowImportFromDerivation: boolean
  readonly features: ReadonlySet<string>
  readonly lintUrlLiterals: Lint
  readonly lintShortPathLiterals: Lint
  readonly lintAbsolutePathLiterals: Lint
  readonly nixPath: readonly SearchPathEntry[]
  /** How to run: closures that move into the stepper when deep, or one of both only (for tests). */
  readonly run: "auto" | "closures" | "stepper"
  /** Budgets; Infinity for none. Steps are function calls; bytes are what was allocated by our own count. */
  readonly maxSteps: number
  readonly maxSeconds: number
  readonly maxBytes: number
  /** Native stack the closures may take, in bytes by our own count, before the stepper takes over. */
  readonly stackBytes: number
  /** Native stack the stepper itself takes before it saves frames; below zero it saves at every call and force (for tests). */
  readonly stepperBytes: number
}

export const defaultSettings: Settings = {
  system: "x86_64-linux",
  nixVersion: "2.36.0",
  pureEval: false,
  restrictEval: false,
  allowedUris: [],
  maxCallDepth: 10_000,
  showTrace: false,
  traceVerbose: false,
  abortOnWarn: false,
  allowImportFromDerivation: true,
  features: new Set(["nix-command", "flakes", "fetch-tree"]),
  lintUrlLiterals: "ignore",
  lintShortPathLiterals: "ignore",
  lintAbsolutePathLiterals: "ignore",
  nixPath: [],
  run: "auto",
  maxSteps: Number.POSITIVE_INFINITY,
  maxSeconds: Number.POSITIVE_INFINITY,
  maxBytes: 64 * 2 ** 30,
  stackBytes: 380_000,
  stepperBytes: 24_000,
}

/** Steps between two looks at clock and budget, fewer where the budget ends sooner. */
const CHUNK = 20_000

/** Bytes between two looks at the total where nothing samples what is alive. */
const SAMPLE = 2 ** 20
/** More than this is never allocated at once: V8's longest string has 2^29 bytes. */
const AT_ONCE = 1e9
/** What one nested call takes on the heap when the stepper runs it: frames and environment. */
const LEVEL = 600
/** V8 keeps an array in one piece up to this length; beyond it becomes a dictionary, ten times as large. */
const LONGEST_LIST = 2 ** 25

/**
 * What objects cost, in bytes as Chromium lays them out (4 a field; Node takes about twice). An environment is charged with what
 * captures it, so that calls themselves cost nothing: one that nothing captures is gone at once.
 */
export const COST = { thunk: 56, lambda: 52, list: 24, set: 64, env: 24, slot: 4, application: 64, text: 24, entry: 40 } as const

export class Runtime {
  readonly settings: Settings
  readonly host: Host
  readonly sources: Sources
  readonly symbols = new Symbols()
  readonly contexts = new Contexts()
  readonly shapes = new Shapes()
  /** The base environment: slot i+1 belongs to `globalNames[i]`. */
  readonly globals: Env = [null]
  readonly globalNames: string[] = []
  /** `builtins`. */
  builtins: Attrs
  /** Source of the evaluator's own derivation.nix; frames "from the definition of" never point into it. */
  derivationSource: Source | null = null

  /** Native stack in use by our own count (bytes), and where the stepper takes over. */
  stack = 0
  readonly stackLimit: number
  /** Nested calls as Nix counts them (max-call-depth). */
  depth = 0
  readonly maxDepth: number
  /** The thunk being forced right now; owns the runs of filters. */
  current: Thunk | null = null
  /** Sees what is forced, and by what; for people who look at values. */
  observer: ForceObserver | null = null
  /** Steps left until the next look at the budget. */
  fuel: number
  /** Steps that were counted before `fuel` began at `#chunk`. */
  steps = 0
  #chunk: number
  /**
   * Bytes left until the next sample: whoever makes an object takes its cost from here, and calls `spend` when it is below zero.
   * A small integer, so that this costs a nanosecond.
   */
  credit = SAMPLE
  /** The same for texts; `spendText` when it is below zero. */
  textCredit = SAMPLE
  /** Length of the text that used up `textCredit`, until a thunk with such a text is found; 0 if there is none. */
  longText = 0
  /** Estimates what is alive of all that was allocated; null where nothing can be told (then only the total is bounded). */
  meter: LiveMeter | null = null
  /** Bytes between two samples. */
  #interval = SAMPLE
  /** Where `credit` began, bytes counted before that, and those of them that wait for an object to stand for them. */
  #from = SAMPLE
  #counted = 0
  #waiting = 0
  /** Where `textCredit` began, and the bytes that the sought text stands for. */
  #textFrom = SAMPLE
  #textBytes = 0
  /** Set by whoever wants the evaluation to stop at the next look. */
  interrupted = false
  /** Asked at each look at the budget; true stops the evaluation (Ctrl-C, which no event can bring while it runs). */
  poll: (() => boolean) | null = null
  /** Whether errors carry all frames: the setting at first, `:te` of the repl changes it. */
  showTrace: boolean
  #started: number

  /** Derivations made or read. */
  readonly drvs: KnownDrvs

  /** Memoised imports by resolved path; see files.ts. */
  readonly imports = new Map<string, Cell>()
  readonly resolvedImports = new Map<string, string>()
  /** Paths copied to the store, once per evaluator; see coerce.ts (C++ Nix: fetchToStore's cache). */
  readonly copied = new Map<string, Text>()
  /** What evaluation may read in pure and restricted mode; see access.ts. */
  readonly allowedPaths = new Set<string>()
  /** Parses a file's text; evaluator.ts sets it. See files.ts. */
  loader: Loader | null = null
  /** Search path entries by their text, resolved to a path or null; see search-path.ts. */
  readonly searchEntries = new Map<string, string | null>()
  /** Compiled patterns of match and split; see builtins/regex.ts. */
  readonly regexes = new Map<string, Regex>()

  /** Where evaluation is in what it does again after it had to wait; see trace.ts. */
  /** What is evaluated before its turn, while something takes long. */
  readonly ahead = new Ahead()
  readonly repetition = new Repetition(this.ahead)
  /** What filters of sources have decided. */
  readonly filterRuns = new FilterRuns()

  constructor(settings: Settings, host: Host, sources: Sources, empty: Attrs) {
    this.settings = settings
    this.host = watchHost(host, this.repetition)
    this.drvs = new KnownDrvs(this.host)
    this.sources = sources
    this.builtins = empty
    this.stackLimit = settings.run === "stepper" ? -1 : settings.stackBytes
    this.maxDepth = settings.maxCallDepth
    this.fuel = this.#chunk = Math.min(CHUNK, settings.maxSteps)
    this.showTrace = settings.showTrace
    this.#started = host.now()
  }

  /** True if the experimental feature is on. */
  feature(name: string): boolean {
    return this.settings.features.has(name)
  }

  /** Called when `fuel` is used up: checks the budget. Throws Stopped. */
  refuel(): void {
    const s = this.settings
    this.steps += this.#chunk + 1
    this.fuel = this.#chunk = Math.max(0, Math.min(CHUNK, s.maxSteps - this.steps))
    // A whole chunk in which no object was made: what was allocated before it was garbage.
    if (this.credit < 0) this.#settle()
    this.#waiting = 0
    this.longText = 0
    if (this.interrupted || this.poll?.() === true) throw new Stopped("interrupted", "evaluation was interrupted")
    if (this.steps > s.maxSteps) throw new Stopped("steps", `evaluation took more than ${s.maxSteps} steps`)
    if (s.maxSeconds !== Number.POSITIVE_INFINITY && this.host.now() - this.#started > s.maxSeconds)
      throw new Stopped("time", `evaluation took more than ${s.maxSeconds} s`)
  }

  /** Function calls of lambdas since `begin`. */
  stepsTaken(): number {
    return this.steps + this.#chunk - this.fuel
  }

  /** Bytes allocated by our own count. */
  get bytes(): number {
    return this.#counted + this.#from - this.credit + this.#textFrom - this.textCredit
  }

  /** Charges memory that is about to be allocated. Throws Stopped when it is too much at once, in total, or alive. */
  charge(bytes: number): void {
    if (bytes > AT_ONCE) throw this.#tooMuch()
    if (bytes > this.#interval) {
      this.#settle()
      this.#count(bytes)
      this.#waiting += bytes
      this.#from = this.credit = -1
      return
    }
    this.credit -= bytes
    // Nothing has been made for a while that could stand for it.
    if (this.credit < -this.#interval) this.#settle()
  }

  /** Charges a list that is about to be made, with `each` bytes for every element. */
  chargeList(length: number, each = 8): void {
    if (length > LONGEST_LIST) throw this.#tooMuch()
    this.charge(length * each)
  }

  /** Charges a text, which V8 keeps as a rope of so many nodes until its bytes are looked at. */
  chargeText(length: number, nodes = 1): void {
    if (length > AT_ONCE) throw this.#tooMuch()
    this.textCredit -= length + nodes * COST.text
    if (this.textCredit < 0) this.spendText(length)
  }

  /**
   * `textCredit` is used up by a text of this length. No weak reference can point to a string, so the thunk whose value it becomes
   * stands for all texts since the last one; it is told by the length.
   */
  spendText(length: number): void {
    const bytes = this.#textFrom - this.textCredit
    this.#textFrom = this.textCredit = this.#interval
    this.longText = length
    this.#textBytes = bytes
    this.#count(bytes)
  }

  /** Looks at a text that grows piece by piece, with the size it has now, about 40 bytes a piece included: all of it is alive. */
  chargeGrowing(size: number): void {
    if (size > AT_ONCE) throw this.#tooMuch()
  }

  /** `credit` is used up: this object, which was made just now, stands for what was allocated since the last one. */
  spend(object: object): void {
    const bytes = this.#waiting + this.#from - this.credit
    this.#settle()
    this.#waiting = 0
    this.meter?.hold(object, bytes)
  }

  /** A thunk has got a value while a text is sought. */
  ownText(thunk: Thunk, value: Value): void {
    const text = typeof value === "string" ? value : value instanceof NixString ? value.text : ""
    if (text.length !== this.longText) return
    this.meter?.hold(thunk, this.#textBytes)
    this.longText = 0
  }

  /** Counts what was taken from `credit`, and begins anew. */
  #settle(): void {
    const bytes = this.#from - this.credit
    this.#interval = this.meter?.interval ?? SAMPLE
    this.#from = this.credit = this.#interval
    this.#waiting += bytes
    this.#count(bytes)
  }

  #count(bytes: number): void {
    this.#counted += bytes
    if (this.#counted > this.settings.maxBytes) throw this.#tooMuch()
    if (this.meter?.add(bytes, this.depth * LEVEL) === true)
      throw new Stopped("memory", `evaluation holds more memory than it may (about ${Math.round(this.meter.limit / 2 ** 20)} MiB)`)
  }

  #tooMuch(): Stopped {
    return new Stopped("memory", `evaluation would allocate more memory than it may (${this.settings.maxBytes} bytes)`)
  }

  /** Resets the counters of nesting before native evaluation starts again from its root. */
  resume(): void {
    this.stack = 0
    this.depth = 0
    this.current = null
  }

  /** Begins a new evaluation in this runtime: budgets start anew, counters of nesting are reset. */
  begin(): void {
    this.resume()
    this.interrupted = false
    this.repetition.begin()
    this.filterRuns.clear()
    this.steps = 0
    this.fuel = this.#chunk = Math.min(CHUNK, this.settings.maxSteps)
    this.#from = this.credit = SAMPLE
    this.#counted = 0
    this.#waiting = 0
    this.#textFrom = this.textCredit = SAMPLE
    this.longText = 0
    this.meter?.begin()
    this.#interval = SAMPLE
    this.#started = this.host.now()
  }
}
