// TOML: fromTOML.

import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp } from "../builtin.ts"
import { NixError } from "../error.ts"
import { NORMAL } from "../print-ansi.ts"
import type { Runtime } from "../runtime.ts"
import { TextError } from "../text/text-error.ts"
import { readToml, type TomlMaker } from "../text/toml-reader.ts"
import { type Cell, NixFloat, type Value } from "../value.ts"

function attrsOf(rt: Runtime, keys: string[], values: Cell[]): Cell {
  rt.charge(keys.length * 32)
  const map = new Map<string, Cell>()
  for (let i = 0; i < keys.length; i++) map.set(keys[i] as string, values[i] as Cell)
  return Attrs.ofMap(map, null)
}

/** TOML values as Nix values. */
function makerOf(rt: Runtime): TomlMaker<Cell> {
  return {
    int: (value) => value,
    float: (value) => new NixFloat(value),
    nan: (negative) => new NixFloat(Number.NaN, negative ? "-nan" : "nan"),
    string: (bytes) => bytes,
    bool: (value) => value,
    list(items) {
      rt.charge(items.length * 8)
      return items
    },
    object: (keys, values) => attrsOf(rt, keys, values),
    timestamp: rt.feature("parse-toml-timestamps") ? (text) => Attrs.record(rt.shapes, { _type: "timestamp", value: text }) : null,
  }
}

const fromTOML = builtin({
  name: "fromTOML",
  global: true,
  args: [["e", "plain"]],
  doc: "Returns the value of a TOML text. Dates and times need the experimental feature `parse-toml-timestamps`; they become sets with `_type` and `value`.",
  see: "primops/fromTOML.cc prim_fromTOML",
  examples: [
    {
      nix: `builtins.fromTOML "x = 1\\ns = 'a'\\n[table]\\ny = [ 2.5, true ]"`,
      gives: '{ s = "a"; table = { y = [ 2.5 true ]; }; x = 1; }',
    },
    { nix: 'builtins.fromTOML "t = 1979-05-27"', fails: "while parsing TOML: Dates and times are not supported" },
  ],
  run(rt, text) {
    rt.charge(text.length)
    try {
      // The maker makes values only.
      return readToml(text, makerOf(rt)) as Value
    } catch (e) {
      // Nix colours the inserted text; the code that ends the colour keeps the message's empty last line.
      if (e instanceof TextError) throw new NixError("eval", `while parsing TOML: ${e.message}${e.message.endsWith("\n") ? NORMAL : ""}`, 0)
      throw e
    }
  },
})

export const toml: readonly PrimOp[] = [fromTOML]
