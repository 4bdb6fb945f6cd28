// All that crosses between page and worker: plain data. The page never sees an engine object.

import type { BuildApi, BuildSettings } from "./build-protocol.ts"
import type { BundleApi } from "./bundle-protocol.ts"
import type { DerivationApi } from "./derivation-protocol.ts"
import type { LanguageApi } from "./language-protocol.ts"
import type { ReplApi } from "./repl-protocol.ts"

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

/**
 * What can be seen of a cell without forcing anything. Lists, sets and functions have an `id` by which the same value is recognised
 * where it is met again (Nix prints it as «repeated» there).
 */
export type ValueView =
  | { readonly kind: "int" | "float"; readonly text: string }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "null" }
  /** `text` is cut at 1,000 characters; `length` counts bytes. */
  | { readonly kind: "string"; readonly ref: Ref; readonly text: string; readonly length: number; readonly context: readonly string[] }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "list"; readonly ref: Ref; readonly id: number; readonly length: number; readonly preview: readonly ValueView[] }
  | {
      readonly kind: "attrs"
      readonly ref: Ref
      readonly id: number
      readonly size: number
      readonly preview: readonly (readonly [string, ValueView])[]
      /** For a derivation its name, "" if that is not evaluated; null for other sets. */
      readonly derivation: string | null
    }
  | {
      readonly kind: "function"
      readonly ref: Ref
      readonly id: number
      /** The name of its argument (`x: …`, `args@{ … }: …`), or null. */
      readonly arg: string | null
      readonly ellipsis: boolean
      /** Arguments that a builtin already has. */
      readonly applied: number
      readonly name: string | null
      readonly formals: readonly { readonly name: string; readonly hasDefault: boolean }[] | null
      readonly at: PlaceView | null
      readonly doc: string | null
    }
  /** `forcing`: it is being forced, by an evaluation that waits for the store or the network. */
  | { readonly kind: "unforced"; readonly ref: Ref; readonly forcing: boolean }
  | { readonly kind: "failed"; readonly ref: Ref; readonly problem: ProblemView }

/** How a cell came to its value. */
export interface ForcedView {
  readonly milliseconds: number
  /** What was being evaluated when it was needed; null for what the user has asked for. */
  readonly by: { readonly text: string; readonly at: PlaceView | null } | null
}

export interface Child {
  /** Attribute name or list index. */
  readonly label: string
  /** The same as the last step of its place. */
  readonly step: string | number
  readonly view: ValueView
  /** Where the attribute is written. */
  readonly at: PlaceView | null
  /** Null for what is no thunk, is not forced, or was not observed. */
  readonly forced: ForcedView | null
}

/** One line of a tree of the syntax. */
export interface SyntaxRow {
  readonly depth: number
  /** What it is to the node above: "body", "argument 1", an attribute's name. */
  readonly role: string
  /** The kind of node: "let", "call", … */
  readonly kind: string
  /** Its own text: a name, a literal, an operator. */
  readonly text: string
  /** Of the resolved tree: where a variable is ("slot 2, 1 level up"), how it is evaluated ("thunk", "constant", "shared"). */
  readonly notes: readonly string[]
  readonly from: PlaceView | null
  readonly to: PlaceView | null
}

export type SyntaxForm = "parsed" | "resolved"

/** The syntax tree in lines, cut after 20,000 of them. */
export type SyntaxTree = { readonly rows: readonly SyntaxRow[]; readonly cut: boolean } | { readonly problem: ProblemView }

/** A step of the evaluation: a thunk that was forced, a function's body that ran. */
export interface TraceRow {
  readonly depth: number
  readonly kind: "force" | "call"
  /** The beginning of the expression's text. */
  readonly text: string
  readonly at: PlaceView | null
  /** Milliseconds since the evaluation began. */
  readonly started: number
  readonly milliseconds: number
  readonly failed: boolean
}

/** What was observed of an evaluation, from its beginning; `cut` if there was more. */
export interface RunTrace {
  readonly rows: readonly TraceRow[]
  readonly cut: boolean
}

/** A page of children; `next` is where the following page begins, or null; `total` is how many there are in all pages. */
export interface Page {
  readonly children: readonly Child[]
  readonly next: number | null
  readonly total: number
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
  /** False: the attributes that derivations were made of are not kept, and explanations lack their places; saves memory. */
  readonly explain?: boolean
  /** How many steps of the evaluation are observed (what forced what, and how long it took); none by default. */
  readonly observe?: number
  /** Nix's lint settings. */
  readonly urlLiterals?: LintLevel
  readonly shortPathLiterals?: LintLevel
  readonly absolutePathLiterals?: LintLevel
}

export type LintLevel = "ignore" | "warn" | "fatal"

/** A file given as data: text (as UTF-8), bytes, a program, or a symlink to `symlink`. */
export type FileData = string | Uint8Array | { readonly program: string | Uint8Array } | { readonly symlink: string }

/** What is evaluated, and everything it depends on: enough to evaluate it again in another worker. */
export interface EvaluateRequest {
  /** Nix source of an expression; else `file` is evaluated. */
  readonly expr?: string
  /** Absolute path of a file in `files`. */
  readonly file?: string
  /** Files by absolute path; relative paths of the expression start at `base` ("/" by default). */
  readonly files?: Readonly<Record<string, FileData>>
  /** Store paths (`/nix/store/…`) of trees by the absolute path at which they are seen; files given as data cover what they have there. */
  readonly trees?: Readonly<Record<string, string>>
  readonly base?: string
  /** Environment variables that `getEnv` sees. */
  readonly env?: Readonly<Record<string, string>>
  /** Entries `prefix=path` or `path` of the search path. */
  readonly nixPath?: readonly string[]
  /** An attribute path to follow, as `-A` takes it. */
  readonly attrPath?: string
  /** Arguments for a value that is a function, as `--arg` and `--argstr` take them. */
  readonly args?: Readonly<Record<string, { readonly expr: string } | { readonly string: string }>>
  /** Whether the network may be asked (`fetchurl` and its like); what needs it fails with the code "not-allowed" otherwise. */
  readonly allowFetch?: boolean
  /** How it is asked then. */
  readonly network?: NetworkOptions
  /** Where what evaluation needs is built; what needs a build fails with the code "build-not-allowed" otherwise. */
  readonly builds?: BuildSettings
  readonly options?: EngineOptions
  /** A repl instead of one expression: the inputs it has answered. Places in such a run begin with the number of an input. */
  readonly repl?: { readonly inputs: readonly string[] }
}

/** A binary cache, and whose signatures of it are believed (`NAME:KEY`). */
export interface CacheSettings {
  readonly url: string
  readonly publicKeys: readonly string[]
}

/** What a binary cache says of itself. */
export interface CacheReport {
  readonly milliseconds: number
  /** Lower goes first. */
  readonly priority: number
  readonly wantMassQuery: boolean
}

/** How the network is asked. */
export interface NetworkOptions {
  /** Binary caches that have what is missing in the store. */
  readonly caches?: readonly CacheSettings[]
  /** Hosts (`*` for all, `*.example.org`) that are asked through a proxy: its address, behind which the wanted one is put, encoded. */
  readonly proxies?: readonly {
    readonly host: string
    readonly route: "direct" | "proxy" | "direct-then-proxy"
    readonly proxy?: string
    /** Whether it may see access tokens. */
    readonly trusted?: boolean
  }[]
  /** `HOST=TOKEN …` as nix.conf has it. */
  readonly accessTokens?: string
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
  /** How often evaluation had to wait for the store or the network. */
  readonly waits: number
  /** How the cell itself came to its value, if that was observed. */
  readonly forced: ForcedView | null
}

/** How a value is printed: as `nix-instantiate --eval --strict` does, with --json, --xml (without locations), --raw. */
export type PrintForm = "nix" | "json" | "xml" | "raw"

export type Printed =
  | { readonly text: string; readonly log: readonly string[] }
  | { readonly problem: ProblemView; readonly log: readonly string[] }

/** Why the store could not do something: "absent", "damaged", "quota", "denied", "invalid", "cancelled", "unreachable", … */
export interface StoreProblem {
  readonly code: string
  readonly message: string
}

/** What the store gave, or why it did not. */
export type StoreAnswer<T> = { readonly value: T } | { readonly problem: StoreProblem }

export interface StoreReport {
  /** Where the store is: in the browser's storage, or in this tab's memory. */
  readonly place: "browser" | "memory"
  /** Why nothing outlives the tab, a sentence for people; null if it does. */
  readonly notice: string | null
  readonly objects: number
  /** Bytes that evaluation has put into the store and that are not written yet. */
  readonly waiting: number
  /** Why the last try to write them failed; null if it did not. */
  readonly problem: StoreProblem | null
  /** Bytes of the browser's storage, as far as it tells. */
  readonly used: number | null
  readonly available: number | null
  /** Whether the browser has promised not to remove anything by itself. */
  readonly persisted: boolean
}

/** A file to import; `path` has slashes between its names. A Blob (or File) is read when it is its turn. */
export interface ImportFile {
  readonly path: string
  readonly data: string | Uint8Array | Blob | { readonly symlink: string }
  readonly executable?: boolean
}

/** What is imported: files given one by one, a folder or file that the user picked, an archive (tar, zip or NAR, in any compression). */
export type ImportSource =
  | { readonly kind: "files"; readonly files: readonly ImportFile[] }
  | {
      readonly kind: "folder"
      readonly folder: FileSystemDirectoryHandle
      /** Names of files and folders that are left out, wherever they are. */
      readonly ignore?: readonly string[]
    }
  | { readonly kind: "archive"; readonly file: Blob; readonly fileName: string }

/** A derivation, or a file of a source, under the name that it has in the store (`HASH-NAME`, `HASH-NAME/lib/a.nix`). */
export interface StoreFile {
  readonly path: string
  readonly file: File
}

/** How work that takes long is cancelled, and told how far it is. */
export interface WorkOptions<Progress> {
  readonly signal?: AbortSignal
  readonly progress?: (done: Progress) => void
}

export interface ImportProgress {
  readonly entries: number
  readonly bytes: number
}

/** An object of the store. Store paths are full. */
export interface ObjectView {
  readonly path: string
  readonly kind: "file" | "directory" | "symlink"
  /** SRI. */
  readonly narHash: string
  /** Bytes of its archive. */
  readonly narSize: number
  readonly references: readonly string[]
  readonly deriver: string | null
  /** As narinfo files have it (`fixed:r:sha256:…`). */
  readonly contentAddress: string | null
  readonly signatures: readonly string[]
  /** Seconds since 1970; 0 if not known. */
  readonly registered: number
}

/** A page of store paths in the order of their names; `next` is where the following page begins, or null. */
export interface ObjectPage {
  readonly paths: readonly string[]
  readonly total: number
  readonly next: number | null
}

/** What is at a path in the store, and what is in it if it is a directory. */
export interface EntryView {
  readonly name: string
  readonly kind: "file" | "directory" | "symlink"
  /** Bytes of a file; entries in and below a directory. */
  readonly size: number
  readonly executable: boolean
  /** Where a symlink leads. */
  readonly target: string | null
}

/** What is wrong with an object of the store. */
export interface FaultView {
  readonly hashPart: string
  /** Null if not even that can be read. */
  readonly path: string | null
  readonly code: "damaged" | "absent"
  /** For people. */
  readonly message: string
}

/** What came of mending: how many faults are gone, and why the others are not. */
export interface RepairedView {
  readonly mended: number
  readonly left: readonly (FaultView & { readonly reason: string })[]
}

/** What garbage collection has removed (or would have). */
export interface CollectedView {
  readonly removed: readonly string[]
  /** Bytes of contents. */
  readonly keptBytes: number
  readonly freedBytes: number
}

/** Told by the worker: a sentence for people, that something is kept which the browser might remove by itself, how far a transfer is. */
export type StoreNotice =
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "worth-keeping" }
  | ({ readonly kind: "fetching" } & FetchingView)

/** How far a transfer is. */
export interface FetchingView {
  readonly url: string
  /** Bytes so far, and in all if the server says. */
  readonly done: number
  readonly total: number | null
}

/** The store's calls. What may take long has a number of the caller's choice, by which it can be cancelled. */
export interface StoreApi {
  /** Where notices go. Called once, first. */
  listen(notify: (notice: StoreNotice) => void): Promise<void>
  /** Of what the store is made (tab-composition.ts), null for the storage alone. Called once, first: nothing of the store answers before. */
  compose(composition: unknown): Promise<void>
  /** Whether a composition can be used; asks no server. */
  checkComposition(composition: unknown): Promise<StoreAnswer<null>>
  testCache(cache: CacheSettings): Promise<StoreAnswer<CacheReport>>
  report(): Promise<StoreAnswer<StoreReport>>
  /** Writes what evaluation has put into the store. */
  flush(): Promise<StoreAnswer<null>>
  /** Makes a store object of a tree; gives its store path. Nothing is visible before it is complete. */
  importTree(id: number, name: string, source: ImportSource, progress: (done: ImportProgress) => void): Promise<StoreAnswer<string>>
  /** Adds derivations and the sources they refer to, each checked against its name; gives the paths of the derivations. */
  importDerivations(
    id: number,
    files: readonly StoreFile[],
    progress: (done: ImportProgress) => void,
  ): Promise<StoreAnswer<readonly string[]>>
  cancel(id: number): Promise<void>
  objects(from: number, count: number): Promise<StoreAnswer<ObjectPage>>
  /** What is known of a store path; null if it is not there. */
  object(storePath: string): Promise<StoreAnswer<ObjectView | null>>
  /** The entries of a directory at a path in the store. */
  entries(path: string): Promise<StoreAnswer<readonly EntryView[]>>
  /** Bytes of a file at a path in the store, from `from` to before `to`. */
  read(path: string, from: number, to: number): Promise<StoreAnswer<Uint8Array>>
  /** A derivation of the store in JSON (version 4), as `nix derivation show` has it. */
  derivation(drvPath: string): Promise<StoreAnswer<string>>
  /** Checks everything that the store has; gives what is wrong. */
  verify(id: number, progress: (objects: number) => void): Promise<StoreAnswer<readonly FaultView[]>>
  /** Mends what the last `verify` found, from the binary caches. */
  repair(id: number, network: NetworkOptions): Promise<StoreAnswer<RepairedView>>
  /** Removes what was found and could not be mended, with all that refers to it; gives the paths. */
  giveUp(): Promise<StoreAnswer<readonly string[]>>
  /** Removes what neither a root nor an open run keeps, the least recently added first, until `budget` bytes are left; `dryRun` only tells. */
  collect(id: number, budget: number, dryRun: boolean): Promise<StoreAnswer<CollectedView>>
  /** Store paths by the name of the root that keeps them. */
  roots(): Promise<StoreAnswer<Readonly<Record<string, readonly string[]>>>>
  /** Makes or replaces a root; without paths it is removed. */
  keep(name: string, paths: readonly string[]): Promise<StoreAnswer<null>>
}

/** The worker's side; what a program does wrong is in the answer, only misuse is thrown (RangeError). */
export interface WorkerApi extends StoreApi {
  /** The calls about derivations. */
  readonly derivations: DerivationApi
  /** The calls about the repl of a run. */
  readonly repl: ReplApi
  /** The calls about builds. */
  readonly builds: BuildApi
  /** The calls about bundles. */
  readonly bundles: BundleApi
  /** What an editor asks; it keeps a worker of its own for that (language-client.ts). */
  readonly language: LanguageApi
  /** Live bytes, by the engine's own count, that all runs together may hold. Called once, first. */
  limit(bytes: number): Promise<void>
  /** Makes a run under a number of the caller's choice; evaluates nothing. */
  open(run: number, request: EvaluateRequest): Promise<void>
  /** Evaluates a cell to weak head normal form; the way to it too, where it is not evaluated. */
  force(run: number, ref: Ref): Promise<Evaluated>
  /**
   * Looks at the children of a list or set, at most `count` from `from`. Forces none of them. With `filter`, only attributes whose names
   * have it (in capitals or not), or elements whose index begins with it.
   */
  children(run: number, ref: Ref, from: number, count: number, filter?: string): Promise<Page>
  /** Prints a cell's value, forcing it deeply. */
  print(run: number, ref: Ref, form: PrintForm): Promise<Printed>
  /** Prints the syntax tree as `nix-instantiate --parse` does. */
  parse(run: number): Promise<Printed>
  /** The syntax tree of a run in lines, as parsed or with its variables resolved; evaluates nothing. */
  syntax(run: number, form: SyntaxForm): Promise<SyntaxTree>
  /** What was observed of a run (`options.observe`). */
  trace(run: number): Promise<RunTrace>
  /** Forgets a run. */
  release(run: number): Promise<void>
}
