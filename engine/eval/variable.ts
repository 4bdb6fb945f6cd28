// Variables from `with`, and positions as values.

import type { VarExpr, WithExpr } from "../lang/expr.ts"
import { Attrs } from "./attrs.ts"
import { NixError } from "./error.ts"
import { forceAttrs } from "./force.ts"
import type { Lookup } from "./lookup.ts"
import type { Runtime } from "./runtime.ts"
import { type Cell, EAGER, type Env, Thunk, type Value } from "./value.ts"

export const withFrame = "while evaluating the first subexpression of a with expression"

/** Looks a name up in the enclosing `with`s, innermost first (C++ Nix: lookupVar). `innermost` is the look-up of the name there. */
export function lookupWith(rt: Runtime, env: Env, expr: VarExpr, innermost: Lookup): Cell {
  let at = env
  for (let i = expr.level; i > 0; i--) at = at[0] as Env
  let scope = expr.fromWith as WithExpr
  for (;;) {
    const set = forceAttrs(rt, at[1] as Cell, scope.pos, withFrame)
    const cell = scope === expr.fromWith ? innermost.in(set) : set.get(expr.name)
    if (cell !== undefined) return cell
    if (scope.parentWith === null) throw undefinedVariable(expr)
    for (let i = scope.prevWith; i > 0; i--) at = at[0] as Env
    scope = scope.parentWith
  }
}

export function undefinedVariable(expr: VarExpr): NixError {
  return new NixError("undefined-variable", `undefined variable '${expr.name}'`, expr.pos)
}

/** `{ column; file; line; }`, or null for a position that is in no file (C++ Nix: EvalState::mkPos). */
export function positionValue(rt: Runtime, pos: number): Value {
  const place = rt.sources.place(pos)
  if (place?.source.origin.kind !== "file") return null
  // Line and column are not evaluated yet in C++ Nix (makePositionThunks), and printing shows that.
  const lazy = (n: number) => new Thunk(EAGER, n)
  return Attrs.record(rt.shapes, { column: lazy(place.column), file: place.source.origin.path, line: lazy(place.line) })
}
