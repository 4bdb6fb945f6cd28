// JSON: toJSON and fromJSON.

import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { NixError } from "../error.ts"
import type { Runtime } from "../runtime.ts"
import { Shape } from "../shape.ts"
import { type JsonMaker, readJson } from "../text/json-reader.ts"
import { TextError } from "../text/text-error.ts"
import { type JsonOptions, stepToJson, toJson } from "../to-json.ts"
import { type Cell, makeString, NixFloat, type Value } from "../value.ts"

const options: JsonOptions = { strict: true, copy: true }

const toJSON = builtin({
  name: "toJSON",
  args: [["e", "lazy"]],
  doc: `Returns the JSON text of \`e\`, evaluated to all its depth. A set with \`__toString\` or \`outPath\` (a derivation) becomes what that
gives, paths are copied to the store. Functions have no JSON.`,
  see: "primops.cc prim_toJSON, value-to-json.cc",
  examples: [
    { nix: 'builtins.toJSON { a = [ 1 2.5 null ]; b = "x\\ny"; }', gives: '"{\\"a\\":[1,2.5,null],\\"b\\":\\"x\\\\ny\\"}"' },
    { nix: 'builtins.toJSON { outPath = "/p"; x = 1; }', gives: '"\\"/p\\""' },
    { nix: "builtins.toJSON map", fails: "cannot convert the built-in function 'map' to JSON" },
  ],
  run(rt, e) {
    const { text, context } = toJson(rt, e, options)
    return makeString(text, context)
  },
  *step(rt, e) {
    const { text, context } = (yield stepToJson(rt, e, options)) as Text
    return makeString(text, context)
  },
})

/** Shapes by their keys, one step per key: the objects of a JSON list mostly have the same keys. */
class ShapeTree {
  private readonly below = new Map<string, ShapeTree>()
  private shape: Shape | null | undefined

  /** The shape of these keys, or null if one of them is there twice. */
  find(keys: readonly string[]): Shape | null {
    let node: ShapeTree = this
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string
      let next = node.below.get(key)
      if (next === undefined) {
        next = new ShapeTree()
        node.below.set(key, next)
      }
      node = next
    }
    if (node.shape === undefined) node.shape = new Set(keys).size === keys.length ? new Shape(keys.slice()) : null
    return node.shape
  }
}

/** JSON values as Nix values; memory is charged for what they hold. */
class Maker implements JsonMaker<Cell> {
  private readonly rt: Runtime
  private readonly shapes = new ShapeTree()

  constructor(rt: Runtime) {
    this.rt = rt
  }

  int(value: number | bigint): Cell {
    return value
  }

  float(value: number): Cell {
    return new NixFloat(value)
  }

  string(bytes: string): Cell {
    return bytes
  }

  bool(value: boolean): Cell {
    return value
  }

  null(): Cell {
    return null
  }

  list(items: Cell[]): Cell {
    this.rt.charge(items.length * 8)
    return items
  }

  object(keys: string[], values: Cell[]): Cell {
    this.rt.charge(keys.length * 32)
    // Long objects are dictionaries rather than records: a shape of their own each.
    const shape = keys.length > 32 ? null : this.shapes.find(keys)
    if (shape !== null) return Attrs.ofShape(shape, values, null, 0)
    const map = new Map<string, Cell>()
    for (let i = 0; i < keys.length; i++) map.set(keys[i] as string, values[i] as Cell)
    return Attrs.ofMap(map, null)
  }
}

const fromJSON = builtin({
  name: "fromJSON",
  args: [["e", "plain", "while evaluating the first argument passed to builtins.fromJSON"]],
  doc: "Returns the value of a JSON text. Numbers with a fraction or an exponent are floats; of keys given twice the last counts.",
  see: "primops.cc prim_fromJSON, json-to-value.cc",
  examples: [
    { nix: `builtins.fromJSON ''{"x": [1, 2.0, "3"], "y": null}''`, gives: '{ x = [ 1 2 "3" ]; y = null; }' },
    {
      nix: 'builtins.fromJSON "18446744073709551615"',
      fails: "unsigned json number 18446744073709551615 outside of Nix integer range",
    },
  ],
  run(rt, text) {
    rt.charge(text.length)
    try {
      // The maker makes values only.
      return readJson(text, new Maker(rt)) as Value
    } catch (e) {
      if (!(e instanceof TextError)) throw e
      const error = new NixError("error", e.message, 0)
      throw e.code === "json/syntax" ? error.frame(0, "while decoding a JSON string") : error
    }
  },
})

export const json: readonly PrimOp[] = [toJSON, fromJSON]
