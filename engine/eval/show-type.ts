// The words for a value's type in messages ("expected a set but found an integer: 1").

import { Attrs } from "./attrs.ts"
import { APPLY, BLACKHOLE, type Cell, FAILED, NixFloat, NixPath, NixString, PrimOpApp, PrimOpValue, Thunk } from "./value.ts"

/** The type of a value (or of a cell that is not forced) with its article. C++ Nix: eval.cc showType(const Value &). */
export function showType(v: Cell): string {
  switch (typeof v) {
    case "number":
    case "bigint":
      return "an integer"
    case "boolean":
      return "a Boolean"
    case "string":
      return "a string"
  }
  if (v === null) return "null"
  if (v instanceof Attrs) return "a set"
  if (Array.isArray(v)) return "a list"
  if (v instanceof NixString) return "a string with context"
  if (v instanceof NixPath) return "a path"
  if (v instanceof NixFloat) return "a float"
  if (v instanceof PrimOpValue) return `the built-in function '${v.op.name}'`
  if (v instanceof PrimOpApp) return `the partially applied built-in function '${v.op.name}'`
  if (v instanceof Thunk) return showThunk(v)
  return "a function"
}

function showThunk(thunk: Thunk): string {
  switch (thunk.code) {
    case null:
      // A thunk that is done always holds a value.
      return showType(thunk.content as Cell)
    case BLACKHOLE:
      return "a black hole"
    case APPLY:
      return "a function application"
    case FAILED:
      return "an error"
    default:
      return "a thunk"
  }
}
