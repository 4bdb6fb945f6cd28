// What is put into an attribute, a list element, an argument, a binding or a default: usually a thunk, but
// a literal or an initialised variable is shared as it is. C++ Nix: Expr::maybeThunk and its overrides;
// which cells are shared is visible in pointer equality and in printing.

import { GLOBAL } from "../../lang/bind.ts"
import type { Expr } from "../../lang/expr.ts"
import { COST, type Runtime } from "../runtime.ts"
import { type Cell, Code, EMPTY_LIST, type Env, NixFloat, NixPath, Thunk, type Value } from "../value.ts"
import { compile } from "./compile.ts"

/** A literal: its cell is the same each time. */
class Constant {
  readonly cell: Cell
  constructor(cell: Cell) {
    this.cell = cell
  }
}

/** A variable: its cell is in that slot, so many environments up. */
class Slot {
  readonly level: number
  readonly slot: number
  /** For a slot that is not set yet: it belongs to a later binding of the same `rec`, and the variable becomes a thunk. */
  readonly code: Code
  constructor(level: number, slot: number, code: Code) {
    this.level = level
    this.slot = slot
    this.code = code
  }
}

/**
 * Makes the cell of an expression in an environment: its code where that is a thunk, as for most. Data instead of functions
 * where that will do: a program has ten times more literals and variables than are ever reached.
 */
export type Maker = Code | Slot | Constant | ((rt: Runtime, env: Env) => Cell)

export function makeCell(rt: Runtime, maker: Maker, env: Env): Cell {
  if (maker instanceof Code) {
    const thunk = new Thunk(maker, env)
    if ((rt.credit -= COST.thunk) < 0) rt.spend(thunk)
    return thunk
  }
  if (maker instanceof Slot) {
    let up = env
    for (let i = maker.level; i > 0; i--) up = up[0] as Env
    const cell = up[maker.slot] as Cell | undefined
    // `null` is a value; only `undefined` is an unset slot.
    return cell === undefined ? new Thunk(maker.code, env) : cell
  }
  return maker instanceof Constant ? maker.cell : maker(rt, env)
}

/** Estimated native stack per nested evaluation: measured 104 bytes + 8 per local, 16 per parameter, cold. */
const FRAME = 115
/** The same of forceThunk, the code itself, and what reads a variable between (chains of `inherit` in a `with` have nothing else). */
const BASE = 480

/** An expression's code; compiled when it first runs. */
export function codeOf(expr: Expr): Code {
  // Only this function writes `code`.
  const known = expr.code as Code | null
  if (known !== null) return known
  const code = new Code(expr, compileFirst, BASE + Math.min(expr.height, 80) * FRAME)
  expr.code = code
  return code
}

/** The first run of a code: one function for all, since most codes never run. */
function compileFirst(this: Code, rt: Runtime, env: Env): Value {
  const run = compile(this.expr)
  this.run = rt.observer === null ? run : rt.observer.wrap(this, run)
  return this.run(rt, env)
}

/** The maker of an expression's cell. */
export function makerOf(expr: Expr): Maker {
  // Only this function writes `cell`.
  const known = expr.cell as Maker | null
  if (known !== null) return known
  const maker = makeMaker(expr)
  expr.cell = maker
  return maker
}

/** The cell of an expression, for the rare places that keep no maker. */
export function childCell(rt: Runtime, expr: Expr, env: Env): Cell {
  return makeCell(rt, makerOf(expr), env)
}

function makeMaker(expr: Expr): Maker {
  switch (expr.kind) {
    case "int":
      return new Constant(expr.value)
    case "float":
      return new Constant(new NixFloat(expr.value))
    case "string":
      return new Constant(expr.text)
    case "path":
      return new Constant(new NixPath(expr.path))
    case "list":
      if (expr.items.length === 0) return new Constant(EMPTY_LIST)
      break
    case "inherit-from":
      return new Slot(0, expr.index + 1, codeOf(expr))
    case "var": {
      if (expr.fromWith !== null) break
      const { slot, level } = expr
      return level === GLOBAL ? (rt) => rt.globals[slot] as Cell : new Slot(level, slot, codeOf(expr))
    }
  }
  return codeOf(expr)
}
