// Arguments that a builtin forces itself, later than the declared ones, as a step.

import { printIdentifier } from "../lang/identifier.ts"
import type { Attrs } from "./attrs.ts"
import type { ArgKinds, Text } from "./builtin.ts"
import { forceKind } from "./call.ts"
import { type CoerceOptions, coerceToString, stepCoerce } from "./coerce.ts"
import { NixError } from "./error.ts"
import type { Runtime } from "./runtime.ts"
import { need, type Step } from "./step.ts"
import { type Cell, Thunk, type Value } from "./value.ts"

/** Forces a cell to a kind, as a declared argument of that kind is forced. */
export function* stepKind<K extends keyof ArgKinds>(rt: Runtime, cell: Cell, kind: K, pos: number, frame: string): Step<ArgKinds[K]> {
  if (cell instanceof Thunk && cell.code !== null) {
    try {
      yield need(cell, pos)
    } catch (e) {
      // Sets, lists and values of any type frame their own type errors only (force.ts).
      if (e instanceof NixError && kind !== "attrs" && kind !== "list" && kind !== "any") e.frame(pos, frame)
      throw e
    }
  }
  // forceKind gives what its kind says.
  return forceKind(rt, cell, kind, pos, frame) as ArgKinds[K]
}

/** The code of a builtin whose only argument is coerced to a string. */
export function onText(frame: string, opts: CoerceOptions, f: (rt: Runtime, text: Text) => Value) {
  return {
    run: (rt: Runtime, cell: Cell): Value => f(rt, coerceToString(rt, cell, 0, frame, opts)),
    *step(rt: Runtime, cell: Cell): Step<Value> {
      return f(rt, (yield stepCoerce(rt, cell, 0, frame, opts)) as Text)
    },
  }
}

/** An attribute that has to be there (C++ Nix: EvalState::getAttr). */
export function requiredAttr(set: Attrs, name: string, frame: string): Cell {
  const cell = set.get(name)
  if (cell === undefined) throw new NixError("type", `attribute '${printIdentifier(name)}' missing`, 0).frame(0, frame)
  return cell
}
