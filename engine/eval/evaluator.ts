// The pipeline on one screen: text → tree → bound tree → value. Everything here is a line per phase.

import { baseScope, bind, type Scope } from "../lang/bind.ts"
import type { Expr } from "../lang/expr.ts"
import type { ParseOptions } from "../lang/parse-options.ts"
import { parse } from "../lang/parser.ts"
import type { Problem } from "../lang/problem.ts"
import { type Origin, Sources } from "../lang/source.ts"
import { Attrs } from "./attrs.ts"
import { installBuiltins } from "./builtins.ts"
import { codeOf } from "./closure/child.ts"
import { derivationNix } from "./derivation-nix.ts"
import { NixError, Pending } from "./error.ts"
import { force } from "./force.ts"
import type { Host } from "./host.ts"
import { renderError } from "./report.ts"
import { defaultSettings, Runtime, type Settings } from "./runtime.ts"
import type { Step } from "./step.ts"
import { evaluation } from "./stepper/generator.ts"
import { runStepper, Stack } from "./stepper/trampoline.ts"
import { type Cell, type Code, type Env, Thunk, type Value } from "./value.ts"

/** Turns of the stepper between two looks at the event loop. */
const SLICE = 50_000

/** One evaluator: its own names, imports and budget. Two can live side by side. */
export class Evaluator {
  readonly rt: Runtime
  readonly scope: Scope

  constructor(host: Host, settings: Partial<Settings> = {}, sources: Sources = new Sources()) {
    this.rt = new Runtime({ ...defaultSettings, ...settings }, host, sources, Attrs.empty)
    const setDerivation = installBuiltins(this.rt)
    this.scope = baseScope(this.rt.globalNames)
    // What is no absolute path is the name of a text of our own.
    this.rt.loader = (path, text, scope) =>
      this.load(text, path.startsWith("/") ? { kind: "file", path } : { kind: "internal", name: path }, directoryOf(path), scope)
    const derivation = this.load(derivationNix, { kind: "internal", name: "derivation-internal.nix" }, "/")
    this.rt.derivationSource = this.rt.sources.of(derivation.expr.start) ?? null
    setDerivation(this.cell(derivation))
  }

  /**
   * Parses and binds a text (bytes); relative paths start at `basePath`. Throws the first error as NixError,
   * logs warnings.
   */
  load(text: string, origin: Origin, basePath: string, scope: Scope = this.scope): Code {
    return codeOf(this.bind(this.parse(text, origin, basePath), scope))
  }

  /** Parses a text to a tree without binding it. */
  parse(text: string, origin: Origin, basePath: string, mode: "expr" | "repl-bindings" = "expr"): Expr {
    const source = this.rt.sources.add(origin, text)
    const { expr, problems } = parse(source, { ...this.parseOptions(basePath), mode })
    this.report(problems)
    if (expr === null) throw new RangeError("the parser gave neither tree nor error")
    return expr
  }

  /** Resolves the names of a tree, in place. */
  bind(expr: Expr, scope: Scope): Expr {
    this.report(bind(expr, scope, this.rt.symbols))
    return expr
  }

  parseOptions(basePath: string): ParseOptions {
    const s = this.rt.settings
    return {
      basePath,
      home: this.rt.host.getEnv("HOME") || null,
      symbols: this.rt.symbols,
      pureEval: s.pureEval,
      pipeOperators: this.rt.feature("pipe-operators"),
      lint: {
        urlLiterals: s.lintUrlLiterals,
        shortPathLiterals: s.lintShortPathLiterals,
        absolutePathLiterals: s.lintAbsolutePathLiterals,
      },
    }
  }

  /** Logs warnings, throws the first error. */
  report(problems: readonly Problem[]): void {
    for (const p of problems) {
      if (p.severity === "error") throw problemError(p)
      // C++ Nix warns of a "cursed or" in plain text, of lints with a position and code.
      const text =
        p.code === "lint/cursed-or" ? `warning: ${p.message}` : renderError(problemError(p), this.rt.sources, { prefix: "warning" })
      this.rt.host.log(text)
    }
  }

  /** A cell for code in an environment (the base environment by default). */
  cell(code: Code, env: Env = this.rt.globals): Cell {
    return new Thunk(code, env)
  }

  /** A cell for a bound tree in the base environment. */
  rootCell(expr: Expr): Cell {
    return this.cell(codeOf(expr))
  }

  /** Evaluates a text to weak head normal form. Throws NixError, Stopped, or Pending if the host has to wait. */
  evaluate(text: string, origin: Origin, basePath: string): Value {
    return this.force(this.cell(this.load(text, origin, basePath)))
  }

  /** Forces a cell as a new evaluation of its own. */
  force(cell: Cell, pos = 0): Value {
    return force(this.rt, cell, pos)
  }

  /** Runs a step natively if possible (see drive.ts), in the stepper if so set. */
  run<T>(step: Step<T>): T {
    return runStepper(this.rt, step)
  }

  /**
   * Runs `work` again and again until it does not have to wait any more: finished thunks keep their values,
   * and `trace` lines are printed once. `work` must begin from the same cells each time.
   */
  async settle<T>(work: () => T): Promise<T> {
    const rt = this.rt
    for (;;) {
      try {
        rt.resume()
        return work()
      } catch (e) {
        if (!(e instanceof Pending)) throw e
        rt.filterRuns.undo(null)
        rt.repetition.again()
        await e.ready
      }
    }
  }

  /** Evaluates code in the stepper, giving way to the event loop between slices; `pause` is awaited there. */
  async steps(expr: Expr, env: Env, pause: () => Promise<void>): Promise<Value> {
    const stack = new Stack(this.rt, evaluation(expr, env))
    for (;;) {
      try {
        if (stack.run(SLICE, true)) return stack.value as Value
        await pause()
      } catch (e) {
        if (!(e instanceof Pending)) throw e
        await e.ready
      }
    }
  }
}

/** A parser's or binder's error as it is thrown. */
function problemError(p: Problem): NixError {
  return new NixError(p.code === "name/undefined" ? "undefined-variable" : "parse", p.message, p.pos)
}

function directoryOf(path: string): string {
  const i = path.lastIndexOf("/")
  return i <= 0 ? "/" : path.slice(0, i)
}
