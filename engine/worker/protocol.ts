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
  /** The file, or "«string»" for the expression itself. */
  readonly file: string
  readonly line: number
  /** Counts bytes, as Nix does. */
  readonly column: number
}

/**
 * Where a cell is in its run: attribute names and list indexes from the top value. Data, so that it outlives the worker: after a stop the
 * next question evaluates the way to it again. A number into a set is the index among its sorted names (for names that are not UTF-8).
 */
export type Ref = readonly (string | number)[]

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
  | { readonly kind: "failed"; readonly ref: Ref; readonly problem: ProblemView }

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
  /** Experimental features that are on besides the usual ones. */
  readonly features?: readonly string[]
  readonly maxCallDepth?: number
  /** Budgets: function calls, seconds, bytes allocated in total by the engine's own count. */
  readonly maxSteps?: number
  readonly maxSeconds?: number
  readonly maxBytes?: number
  readonly run?: "auto" | "closures" | "stepper"
  readonly pureEval?: boolean
  readonly showTrace?: boolean
  /** Nix's lint settings. */
  readonly urlLiterals?: LintLevel
  readonly shortPathLiterals?: LintLevel
  readonly absolutePathLiterals?: LintLevel
}

export type LintLevel = "ignore" | "warn" | "fatal"

/** A file given as data: text (as UTF-8), bytes, or a symlink to `symlink`. */
export type FileData = string | Uint8Array | { readonly symlink: string }

/** What is evaluated, and everything it depends on: enough to evaluate it again in another worker. */
export interface EvaluateRequest {
  /** Nix source of an expression; else `file` is evaluated. */
  readonly expr?: string
  /** Absolute path of a file in `files`. */
  readonly file?: string
  /** Files by absolute path; relative paths of the expression start at `base` ("/" by default). */
  readonly files?: Readonly<Record<string, FileData>>
  readonly base?: string
  /** Environment variables that `getEnv` sees. */
  readonly env?: Readonly<Record<string, string>>
  /** Entries `prefix=path` or `path` of the search path. */
  readonly nixPath?: readonly string[]
  /** An attribute path to follow, as `-A` takes it. */
  readonly attrPath?: string
  /** Arguments for a value that is a function, as `--arg` and `--argstr` take them. */
  readonly args?: Readonly<Record<string, { readonly expr: string } | { readonly string: string }>>
  readonly options?: EngineOptions
}

/** The answer to an evaluation: the view, and what evaluating took. */
export interface Evaluated {
  readonly run: number
  readonly view: ValueView
  /** Lines that `trace`, `warn` and the parser printed. */
  readonly log: readonly string[]
  readonly milliseconds: number
  /** Calls of functions written in Nix. */
  readonly steps: number
  /** Bytes allocated by the engine's own count. */
  readonly bytes: number
}

/** How a value is printed: as `nix-instantiate --eval --strict` does, with --json, --xml (without locations), --raw. */
export type PrintForm = "nix" | "json" | "xml" | "raw"

export type Printed =
  | { readonly text: string; readonly log: readonly string[] }
  | { readonly problem: ProblemView; readonly log: readonly string[] }

/** The worker's side; what a program does wrong is in the answer, only misuse is thrown (RangeError). */
export interface WorkerApi {
  /** Live bytes, by the engine's own count, that all runs together may hold. Called once, first. */
  limit(bytes: number): Promise<void>
  /** Makes a run under a number of the caller's choice; evaluates nothing. */
  open(run: number, request: EvaluateRequest): Promise<void>
  /** Evaluates a cell to weak head normal form; the way to it too, where it is not evaluated. */
  force(run: number, ref: Ref): Promise<Evaluated>
  /** Looks at the children of a list or set, at most `count` from `from`. Forces none of them. */
  children(run: number, ref: Ref, from: number, count: number): Promise<Page>
  /** Prints a cell's value, forcing it deeply. */
  print(run: number, ref: Ref, form: PrintForm): Promise<Printed>
  /** Prints the syntax tree as `nix-instantiate --parse` does. */
  parse(run: number): Promise<Printed>
  /** Forgets a run. */
  release(run: number): Promise<void>
}
