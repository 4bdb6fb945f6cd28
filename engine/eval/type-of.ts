// The type of a value as `builtins.typeOf` names it (C++ Nix: Value::type and prim_typeOf).

import { Attrs } from "./attrs.ts"
import { NixFloat, NixPath, NixString, type Value } from "./value.ts"

export type TypeName = "int" | "bool" | "string" | "path" | "null" | "set" | "list" | "lambda" | "float"

/** Names the type of a forced value. */
export function typeOf(v: Value): TypeName {
  switch (typeof v) {
    case "number":
    case "bigint":
      return "int"
    case "boolean":
      return "bool"
    case "string":
      return "string"
  }
  if (v === null) return "null"
  if (v instanceof Attrs) return "set"
  if (Array.isArray(v)) return "list"
  if (v instanceof NixString) return "string"
  if (v instanceof NixFloat) return "float"
  if (v instanceof NixPath) return "path"
  return "lambda"
}
