// All that crosses between page and worker: plain data. The page never sees an engine object.

/** A failure as data. Texts are JavaScript strings (decoded), lines and columns count from 1. */
export interface ProblemView {
  /** The kind of error, e.g. "eval", "parse", "not-yet", or why it was stopped: "memory", "steps", "time". */
  readonly code: string
  readonly message: string
  readonly at: PlaceView | null
  readonly trace: readonly { readonly hint: string; readonly at: PlaceView | null }[]
  /** The whole report as Nix prints it. */
  readonly report: string
}

export interface PlaceView {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A number that stands for a cell in the worker; it lives as long as its run. */
export type Ref = number

/** What can be seen of a cell without forcing anything. */
export type ValueView =
  | { readonly kind: "int" | "float"; readonly text: string }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "null" }
  /** `text` is cut at 1,000 characters; `length` counts bytes. */
  | { readonly kind: "string"; readonly ref: Ref; readonly text: string; readonly length: number; readonly context: readonly string[] }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "list"; readonly ref: Ref; readonly length: number; readonly preview: readonly ValueView[] }
  | {
      readonly kind: "attrs"
      readonly ref: Ref
      readonly size: number
      readonly preview: readonly (readonly [string, ValueView])[]
    }
  | {
      readonly kind: "function"
      readonly ref: Ref
      readonly name: string | null
      readonly formals: readonly { readonly name: string; readonly hasDefault: boolean }[] | null
      readonly at: PlaceView | null
      readonly doc: string | null
    }
  | { readonly kind: "unforced"; readonly ref: Ref }
  | { readonly kind: "failed"; readonly problem: ProblemView }

export interface Child {
  /** Attribute name or list index. */
  readonly label: string
  readonly view: ValueView
}

/** A page of children; `next` is where the following page begins, or null. */
export interface Page {
  readonly children: readonly Child[]
  readonly next: number | null
}

/** What may be set for an evaluation. */
export interface EngineOptions {
  readonly system?: string
  readonly features?: readonly string[]
  readonly maxCallDepth?: number
  /** Budgets: function calls, seconds, bytes by the engine's own count. */
  readonly maxSteps?: number
  readonly maxSeconds?: number
  readonly maxBytes?: number
  readonly run?: "auto" | "closures" | "stepper"
  readonly pureEval?: boolean
  readonly showTrace?: boolean
}

export interface EvaluateRequest {
  /** Nix source of the expression. */
  readonly expr: string
  /** Files by absolute path; relative paths of the expression start at `base` ("/" by default). */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly base?: string
  /** Environment variables that `getEnv` sees. */
  readonly env?: Readonly<Record<string, string>>
  /** Entries `prefix=path` or `path` of the search path. */
  readonly nixPath?: readonly string[]
  readonly options?: EngineOptions
}

export interface Evaluated {
  readonly run: number
  readonly view: ValueView
  /** Lines that `trace`, `warn` and the parser printed. */
  readonly log: readonly string[]
  readonly milliseconds: number
  readonly steps: number
}

export type PrintForm = "nix" | "json" | "xml" | "raw"

/** The worker's side; every method answers with data and never throws for what a program does. */
export interface WorkerApi {
  /** Evaluates to weak head normal form. A new run; earlier runs stay until released. */
  evaluate(request: EvaluateRequest): Promise<Evaluated>
  /** Forces a cell of a run. */
  force(run: number, ref: Ref): Promise<ValueView>
  /** Looks at the children of a list or set, at most `count` (100 by default) from `from`. Forces nothing. */
  children(run: number, ref: Ref, from: number, count?: number): Promise<Page>
  /** Prints a cell's value, forcing it deeply; or the problem. */
  print(run: number, ref: Ref, form: PrintForm): Promise<{ readonly text: string } | { readonly problem: ProblemView }>
  /** Forgets a run and its cells. */
  release(run: number): Promise<void>
}
