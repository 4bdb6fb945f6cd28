// What is put into an attribute, a list element, an argument, a binding or a default: usually a thunk, but
// a literal or an initialised variable is shared as it is. C++ Nix: Expr::maybeThunk and its overrides;
// which cells are shared is visible in pointer equality and in printing.

import { GLOBAL } from "../../lang/bind.ts"
import type { Expr } from "../../lang/expr.ts"
import { COST, type Runtime } from "../runtime.ts"
import { type Cell, Code, type Env, type List, NixFloat, NixPath, Thunk, type Value } from "../value.ts"
import { compile } from "./compile.ts"

/** Makes the cell of an expression in an environment: its code where that is a thunk, as for most, else a function. */
export type Maker = Code | ((rt: Runtime, env: Env) => Cell)

export function makeCell(rt: Runtime, maker: Maker, env: Env): Cell {
  if (typeof maker === "function") return maker(rt, env)
  const thunk = new Thunk(maker, env)
  if ((rt.credit -= COST.thunk) < 0) rt.spend(thunk)
  return thunk
}

/** There is one empty list cell (C++ Nix: Value::vEmptyList). */
export const EMPTY_LIST: List = Object.freeze([])

/** Estimated native stack per nested evaluation: measured 104 bytes + 8 per local, 16 per parameter, cold. */
const FRAME = 115
/** The same of forceThunk, the code itself, and a `force` between (chains of `inherit` in a `with` have nothing else). */
const BASE = 400

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
      return constant(expr.value)
    case "float":
      return constant(new NixFloat(expr.value))
    case "string":
      return constant(expr.text)
    case "path":
      return constant(new NixPath(expr.path))
    case "list":
      if (expr.items.length === 0) return constant(EMPTY_LIST)
      break
    case "inherit-from": {
      const slot = expr.index + 1
      return (_rt, env) => env[slot] as Cell
    }
    case "var": {
      if (expr.fromWith !== null) break
      const { slot, level } = expr
      if (level === GLOBAL) return (rt) => rt.globals[slot] as Cell
      const code = codeOf(expr)
      // An unset slot belongs to a later binding of the same `rec`: the variable becomes a thunk.
      switch (level) {
        case 0:
          return (_rt, env) => (env[slot] as Cell | undefined) ?? unset(env, slot, code, env)
        case 1:
          return (_rt, env) => ((env[0] as Env)[slot] as Cell | undefined) ?? unset(env[0] as Env, slot, code, env)
        case 2:
          return (_rt, env) => {
            const up = (env[0] as Env)[0] as Env
            return (up[slot] as Cell | undefined) ?? unset(up, slot, code, env)
          }
        default:
          return (_rt, env) => {
            let up = env
            for (let i = level; i > 0; i--) up = up[0] as Env
            return (up[slot] as Cell | undefined) ?? unset(up, slot, code, env)
          }
      }
    }
  }
  return codeOf(expr)
}

function constant(cell: Cell): Maker {
  return () => cell
}

/** `null` is a value; only `undefined` is an unset slot. */
function unset(holder: Env, slot: number, code: Code, env: Env): Cell {
  const cell = holder[slot]
  return cell === undefined ? new Thunk(code, env) : (cell as Cell)
}
