// Resolves names in place: every variable gets the environment (`level`) and `slot` it lives in, sets and
// formals get their symbol order, and each node the height of evaluation below it. C++ Nix: nixexpr.cc
// bindVars. An undefined variable is found here, before anything is evaluated, unless a `with` may have it.

import type { AttrsExpr } from "./attrs-expr.ts"
import { type AttrName, type Expr, unreachable, type VarExpr, type WithExpr } from "./expr.ts"
import type { Problem } from "./problem.ts"
import type { Symbols } from "./symbol.ts"

/** `level` of a variable of the base environment. */
export const GLOBAL = -2

/** Heights are checked where they are a multiple of this (see closure/compile.ts). */
export const BORDER = 40

/** Deeper trees are bound piece by piece, so that binding needs no deep native stack. */
const MAX_DEPTH = 200

/** One static environment: names to slots, or the mark of a `with`. */
export interface Scope {
  readonly up: Scope | null
  readonly names: ReadonlyMap<string, number>
  readonly with: WithExpr | null
  /** The base environment (globals). */
  readonly base: boolean
}

/** The scope of the base environment: `names[i]` is in slot i + 1. */
export function baseScope(names: readonly string[]): Scope {
  const slots = new Map<string, number>()
  names.forEach((name, i) => {
    if (!slots.has(name)) slots.set(name, i + 1)
  })
  return { up: null, names: slots, with: null, base: true }
}

/** A scope below `up` whose names are in slots 1, 2, … */
export function innerScope(up: Scope, names: readonly string[]): Scope {
  const slots = new Map<string, number>()
  for (const [i, name] of names.entries()) slots.set(name, i + 1)
  return { up, names: slots, with: null, base: false }
}

/** Binds a tree in a scope. Returns undefined variables as problems, in the order Nix would find them. */
export function bind(expr: Expr, scope: Scope, symbols: Symbols): Problem[] {
  return new Binder(symbols).all(expr, scope)
}

class Binder {
  private readonly symbols: Symbols
  private readonly problems: Problem[] = []
  private readonly later: [Expr, Scope][] = []
  private depth = 0

  constructor(symbols: Symbols) {
    this.symbols = symbols
  }

  all(expr: Expr, scope: Scope): Problem[] {
    this.bind(expr, scope)
    for (let next = this.later.pop(); next; next = this.later.pop()) {
      const [node, at] = next
      this.node(node, at)
      node.height = Math.ceil(node.height / BORDER) * BORDER
    }
    return this.problems
  }

  /** Binds a node and returns its height. */
  private bind(expr: Expr, scope: Scope): number {
    if (this.depth > MAX_DEPTH) {
      expr.height = BORDER
      this.later.push([expr, scope])
      return BORDER
    }
    this.depth++
    this.node(expr, scope)
    this.depth--
    return expr.height
  }

  private node(expr: Expr, scope: Scope): void {
    expr.height = 1 + this.children(expr, scope)
  }

  /** Binds what is below a node; the result is the greatest height among what the node runs itself. */
  private children(expr: Expr, scope: Scope): number {
    switch (expr.kind) {
      case "int":
      case "float":
      case "string":
      case "path":
      case "inherit-from":
      case "cur-pos":
      case "broken":
        return 0
      case "var":
        this.variable(expr, scope)
        return 0
      case "select": {
        const target = this.bind(expr.target, scope)
        const fallback = expr.fallback ? this.bind(expr.fallback, scope) : 0
        return Math.max(target, fallback, this.path(expr.path, scope))
      }
      case "has-attr": {
        const target = this.bind(expr.target, scope)
        return Math.max(target, this.path(expr.path, scope))
      }
      case "attrs":
        return this.attrs(expr, expr.recursive, scope).height
      case "list":
        for (const item of expr.items) this.bind(item, scope)
        return 0
      case "lambda": {
        const names: string[] = []
        if (expr.arg !== null) names.push(expr.arg)
        if (expr.formals) {
          const sorted = this.symbols.sorted(expr.formals.list)
          expr.sortedFormals = sorted
          for (const f of sorted) names.push(f.name)
        }
        const inner = innerScope(scope, names)
        for (const f of expr.sortedFormals ?? []) if (f.fallback) this.bind(f.fallback, inner)
        this.bind(expr.body, inner)
        return 0
      }
      case "call": {
        const fun = this.bind(expr.fun, scope)
        let args = 0
        for (const arg of expr.args) args = Math.max(args, this.bind(arg, scope))
        // Arithmetic runs its operands itself (closure/arithmetic.ts); counting them always is simpler.
        return Math.max(fun, args)
      }
      case "let": {
        const { inner, height } = this.attrs(expr.attrs, true, scope)
        return Math.max(height, this.bind(expr.body, inner))
      }
      case "with": {
        let up: Scope | null = scope
        let level = 1
        while (up && !up.with) {
          up = up.up
          level++
        }
        expr.parentWith = up ? up.with : null
        expr.prevWith = up ? level : 0
        this.bind(expr.attrs, scope)
        return this.bind(expr.body, { up: scope, names: noNames, with: expr, base: false })
      }
      case "if": {
        const cond = this.bind(expr.cond, scope)
        const yes = this.bind(expr.yes, scope)
        return Math.max(cond, yes, this.bind(expr.no, scope))
      }
      case "assert": {
        const cond = this.bind(expr.cond, scope)
        return Math.max(cond, this.bind(expr.body, scope))
      }
      case "not":
        return this.bind(expr.operand, scope)
      case "binary": {
        const left = this.bind(expr.left, scope)
        return Math.max(left, this.bind(expr.right, scope))
      }
      case "concat": {
        let height = 0
        for (const part of expr.parts) height = Math.max(height, this.bind(part.expr, scope))
        return height
      }
      default:
        return unreachable(expr)
    }
  }

  private path(path: readonly AttrName[], scope: Scope): number {
    let height = 0
    for (const name of path) if (typeof name !== "string") height = Math.max(height, this.bind(name, scope))
    return height
  }

  private attrs(expr: AttrsExpr, recursive: boolean, scope: Scope): { inner: Scope; height: number } {
    const sorted = this.symbols.sorted(expr.attrs)
    expr.settle(sorted)
    const inner = recursive
      ? innerScope(
          scope,
          sorted.map((a) => a.name),
        )
      : scope
    for (const from of expr.inheritFrom) this.bind(from, inner)
    const fromScope: Scope = { up: inner, names: noNames, with: null, base: false }
    for (const a of sorted) this.bind(a.expr, a.kind === "plain" ? inner : a.kind === "inherited" ? scope : fromScope)
    let height = 0
    for (const d of expr.dynamic) {
      height = Math.max(height, this.bind(d.name, inner))
      this.bind(d.value, inner)
    }
    return { inner, height }
  }

  private variable(expr: VarExpr, scope: Scope): void {
    let level = 0
    let withLevel = -1
    let fromWith: WithExpr | null = null
    for (let s: Scope | null = scope; s; s = s.up, level++) {
      if (s.with) {
        if (withLevel < 0) {
          withLevel = level
          fromWith = s.with
        }
        continue
      }
      const slot = s.names.get(expr.name)
      if (slot !== undefined) {
        expr.level = s.base ? GLOBAL : level
        expr.slot = slot
        expr.fromWith = null
        return
      }
    }
    if (fromWith) {
      expr.level = withLevel
      expr.fromWith = fromWith
      return
    }
    this.problems.push({
      code: "name/undefined",
      severity: "error",
      message: `undefined variable '${expr.name}'`,
      pos: expr.pos,
      end: expr.end,
    })
  }
}

const noNames: ReadonlyMap<string, number> = new Map()
