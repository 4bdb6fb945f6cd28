// What the commands of a repl work on: the variables, the files loaded, and where texts go. Nothing is
// changed before all that a command needs is evaluated, so that a command which had to wait (Pending) can
// be run again; what it had printed by then is not printed twice.

import type { Scope } from "../lang/bind.ts"
import type { Expr } from "../lang/expr.ts"
import { printIdentifier } from "../lang/identifier.ts"
import { Attrs } from "./attrs.ts"
import { autoCall } from "./auto-call.ts"
import { codeOf } from "./closure/child.ts"
import { drive } from "./drive.ts"
import { NixError, stopOf } from "./error.ts"
import type { Evaluator } from "./evaluator.ts"
import { stepEvalFile } from "./files.ts"
import { force, forceAttrs } from "./force.ts"
import { joinPath } from "./path.ts"
import { PendingAnswers } from "./pending-answers.ts"
import { positionOf, printValue, replPrintOptions } from "./print-value.ts"
import { parseInput } from "./repl-input.ts"
import { ReplScope } from "./repl-scope.ts"
import { renderError } from "./report.ts"
import { fetchPseudoUrl, findFile, isPseudoUrl } from "./search-path.ts"
import { type Cell, Thunk, type Value } from "./value.ts"

/** Text for the user (bytes): a result, a notice, or an error; lines are complete. */
export interface ReplText {
  readonly kind: "result" | "notice" | "error"
  readonly text: string
}

/** A set whose attributes are added at the start and by `:r`; `what` is its name in the notice. */
export interface Installable {
  readonly what: string
  readonly cell: Cell
}

/** Where something is defined: `line` is 0 for a file as a whole, `path` null for what is in no file. */
export interface Definition {
  readonly path: string | null
  readonly line: number
  /** Its position as messages show it. */
  readonly place: string
  readonly text: string
}

/** What builds for the commands of a repl. Derivations and outputs are full store paths. Methods reject with NixError. */
export interface ReplBuilder {
  /** Builds all outputs of a derivation; gives their paths by name. */
  build?(drvPath: string, outputs: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** What the last build of a derivation wrote (bytes), and where that is known; null if it is not. */
  log?(drvPath: string): Promise<{ readonly text: string; readonly from: string } | null>
  /** Makes a root for an output in the working directory; gives its name. */
  link?(output: string, path: string): string
}

export interface ReplOptions {
  /** Where relative paths start. */
  readonly cwd: string
  readonly print: (text: ReplText) => void
  readonly color?: boolean
  /** Arguments for functions that are loaded (`--arg`). */
  readonly autoArgs?: Attrs
  /** Files to load at the start. */
  readonly files?: readonly string[]
  /** Asked at the start and at each `:r`; what it throws is an error of its own. */
  readonly installables?: () => readonly Installable[]
  /** Turns Markdown (bytes) into what is shown. */
  readonly markdown?: (text: string) => string
  /** Gets each error that is shown. */
  readonly failed?: (error: NixError) => void
  /** Gets the cell of each expression whose value is printed: for a view of it. */
  readonly shown?: (cell: Cell) => void
  /** Opens an editor; true if it may have changed files. Without it `:e` shows the text. */
  readonly edit?: (definition: Definition) => boolean
  readonly builder?: ReplBuilder | undefined
  /** Why nothing can be built, where that is so, and what to do about it. */
  readonly unable?: string
}

export class ReplSession {
  readonly evaluator: Evaluator
  readonly options: ReplOptions
  bindings: ReplScope
  /** Cells of the expressions of the command that runs: each is parsed once, however often it is run. */
  readonly #cells = new Map<string, Cell>()
  #printed = 0
  #shown = 0
  #cacheReset = false
  /** What the command that runs has waited for. */
  #answers = new PendingAnswers()

  constructor(evaluator: Evaluator, options: ReplOptions) {
    this.evaluator = evaluator
    this.options = options
    this.bindings = new ReplScope(evaluator, options.files ?? [], null)
  }

  /** Begins a new command. */
  begin(): void {
    this.#cells.clear()
    this.#shown = 0
    this.#cacheReset = false
    this.#answers = new PendingAnswers()
    this.evaluator.rt.begin()
  }

  /** Lets the command wait for something, by a name of its own: it is begun again when that is there. Throws Pending, NixError. */
  wait<T>(name: string, work: () => Promise<T>): T {
    return this.#answers.answer(name, work)
  }

  /** Begins to run the command, for the first time or once more. */
  resume(): void {
    this.#printed = 0
    this.evaluator.rt.resume()
  }

  print(kind: ReplText["kind"], text: string): void {
    if (++this.#printed <= this.#shown) return
    this.#shown = this.#printed
    if (text !== "") this.options.print({ kind, text })
  }

  notice(line: string): void {
    this.print("notice", `${line}\n`)
  }

  /** Shows an error, or that the user stopped the evaluation; throws what is neither. */
  error(e: unknown): void {
    const { rt } = this.evaluator
    const color = this.options.color === true
    if (e instanceof NixError) this.options.failed?.(e)
    if (e instanceof NixError) this.print("error", `${renderError(e, rt.sources, { showTrace: rt.showTrace, color })}\n`)
    else {
      const stop = stopOf(e)
      if (stop === undefined) throw e
      this.print("error", `error: ${stop.message}\n`)
    }
  }

  /** Parses and binds an expression. Throws NixError or `incomplete`. */
  parse(text: string, scope: Scope = this.bindings.scope): Expr {
    return this.evaluator.bind(parseInput(this.evaluator, text, this.options.cwd), scope)
  }

  /** The cell of an expression. */
  cell(text: string): Cell {
    const known = this.#cells.get(text)
    return known ?? this.keep(text, () => this.parse(text))
  }

  /** A cell that is made once per command, by its name. */
  keep(name: string, make: () => Expr): Cell {
    const known = this.#cells.get(name)
    if (known !== undefined) return known
    const cell = new Thunk(codeOf(make()), this.bindings.env)
    this.#cells.set(name, cell)
    return cell
  }

  /** The value of an expression. */
  evaluate(text: string): Value {
    return force(this.evaluator.rt, this.cell(text), 0)
  }

  /** Prints a value; sets and lists in it only with `deep`. */
  printCell(cell: Cell, maxDepth: number): void {
    const { rt } = this.evaluator
    let cut = ""
    const options = {
      ...replPrintOptions,
      maxDepth,
      ansiColors: this.options.color === true,
      cut: (text: string) => {
        cut = text
      },
    }
    try {
      this.print("result", `${drive(rt, printValue(rt, cell, options))}\n`)
    } catch (e) {
      // C++ Nix has written this already, but it is seen after the error.
      this.error(e)
      this.print("result", cut)
    }
  }

  /** Adds the attributes of a set to `to`. */
  addAttrs(cell: Cell, to: ReplScope = this.bindings): void {
    const { rt } = this.evaluator
    const frame = "while evaluating an attribute set to be merged in the global scope"
    const set = forceAttrs(rt, cell, positionOf(cell), frame)
    for (const name of set.symbolNames(rt.symbols)) to.add(name, set.get(name) as Cell)
    to.lastLoaded = set
    this.notice(`Added ${set.size} variables.`)
    const shown = set.sortedNames().slice(0, 20)
    this.notice(shown.map(printIdentifier).join(", "))
    if (set.size > shown.length) this.notice(`... and ${set.size - shown.length} more; view with :ll`)
  }

  /** Forgets what files held, once per command. C++ Nix: resetFileCache. */
  resetFiles(): void {
    if (this.#cacheReset) return
    this.#cacheReset = true
    const { rt } = this.evaluator
    rt.imports.clear()
    rt.resolvedImports.clear()
    rt.searchEntries.clear()
  }

  /** Loads a file and adds its attributes. */
  load(file: string, to: ReplScope = this.bindings): void {
    const { rt } = this.evaluator
    const value = drive(rt, stepEvalFile(rt, this.#fileArgument(file)))
    this.addAttrs(autoCall(rt, this.options.autoArgs ?? Attrs.empty, value), to)
    to.addFile(file)
  }

  /** `<search/path>`, the address of an archive, or a path. C++ Nix: lookupFileArg. */
  #fileArgument(file: string): string {
    const { rt } = this.evaluator
    if (isPseudoUrl(file)) return fetchPseudoUrl(rt, file)
    if (file.startsWith("flake:")) throw new NixError("not-yet", `'${file}' is a flake, which is not supported yet`, 0)
    if (file.length > 2 && file.startsWith("<") && file.endsWith(">")) return findFile(rt, rt.settings.nixPath, file.slice(1, -1), 0)
    return joinPath(this.options.cwd, file)
  }

  /** Starts over with an empty scope and loads all files again; one that fails is kept for the next time. */
  reload(): void {
    const old = this.bindings
    const fresh = new ReplScope(this.evaluator, [], old.lastLoaded)
    for (const file of old.files) {
      this.notice(`Loading "${file}"...`)
      try {
        this.load(file, fresh)
      } catch (e) {
        if (!(e instanceof NixError)) throw e
        this.error(e)
        fresh.addFile(file)
      }
    }
    for (const { what, cell } of this.options.installables?.() ?? []) {
      this.notice(`Loading installable '${what}'...`)
      try {
        this.addAttrs(cell, fresh)
      } catch (e) {
        if (!(e instanceof NixError)) throw e
        this.error(e)
      }
    }
    this.bindings = fresh
  }
}
