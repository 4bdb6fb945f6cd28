// Why `assert a == b;` failed: walks both values once more, in the footsteps of equal.ts, and throws an
// assertion error that names the first difference. C++ Nix: eval.cc EvalState::assertEqValues.

import { Attrs } from "./attrs.ts"
import { tooDeep } from "./call.ts"
import { eqScalars } from "./equal.ts"
import { NixError, rethrow } from "./error.ts"
import { isDerivation, showValue } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { showType } from "./show-type.ts"
import { need, type Step } from "./step.ts"
import { printAttrName } from "./text/escape.ts"
import { typeOf } from "./type-of.ts"
import type { Cell, List, Value } from "./value.ts"

/**
 * Throws the difference of two operands of `==` that compared unequal; does nothing if there is none.
 * Only a generator: a failing assertion is never hot. `pos` is that of the `==`.
 */
export function* stepAssertEqual(rt: Runtime, a: Cell, b: Cell, pos: number): Step<void> {
  yield stepAssert(rt, a, b, pos, false)
}

/** `elements` tells whether the cells are elements, of which the same cell is equal to itself. */
function* stepAssert(rt: Runtime, a: Cell, b: Cell, pos: number, elements: boolean): Step<void> {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = (yield need(a, pos)) as Value
  const w = (yield need(b, pos)) as Value
  if (!(elements && a === b)) {
    const equal = eqScalars(v, w)
    if (equal === false) throw new NixError("assertion", scalarDifference(rt, v, w), 0)
    if (equal === undefined) {
      if (v instanceof Attrs) yield stepAssertAttrs(rt, v, w as Attrs, pos)
      else yield stepAssertLists(rt, v as List, w as List, pos)
    }
  }
  rt.depth = depth
}

function* stepAssertLists(rt: Runtime, a: List, b: List, pos: number): Step<void> {
  if (a.length !== b.length) {
    const sizes = `list of size '${a.length}' is not equal to list of size '${b.length}'`
    const sides = `left hand side is '${showValue(rt, a)}', right hand side is '${showValue(rt, b)}'`
    throw new NixError("assertion", `${sizes}, ${sides}`, 0)
  }
  for (let i = 0; i < a.length; i++) {
    try {
      yield stepAssert(rt, a[i] as Cell, b[i] as Cell, pos, true)
    } catch (e) {
      rethrow(e, pos, `while comparing list element ${i}`)
    }
  }
}

function* stepAssertAttrs(rt: Runtime, a: Attrs, b: Attrs, pos: number): Step<void> {
  if ((yield isDerivation(a)) && (yield isDerivation(b))) {
    const out = a.get("outPath")
    const other = b.get("outPath")
    if (out !== undefined && other !== undefined) {
      try {
        yield stepAssert(rt, out, other, pos, true)
        return
      } catch (e) {
        rethrow(e, pos, "while comparing a derivation by its 'outPath' attribute")
      }
    }
  }
  if (a.size !== b.size) {
    const text = `attribute names of attribute set '${showValue(rt, a)}' differs from attribute set '${showValue(rt, b)}'`
    throw new NixError("assertion", text, 0)
  }
  const names = a.symbolNames(rt.symbols)
  const others = b.symbolNames(rt.symbols)
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    if (name !== others[i]) throw new NixError("assertion", nameDifference(rt, a, b, name, others[i] as string), 0)
    try {
      yield stepAssert(rt, a.get(name) as Cell, b.get(name) as Cell, pos, true)
    } catch (e) {
      if (e instanceof NixError) {
        const left = a.posOf(name)
        const right = b.posOf(name)
        if (right !== 0) e.frame(right, "where right hand side is")
        if (left !== 0) e.frame(left, "where left hand side is")
        e.frame(pos, `while comparing attribute '${printAttrName(name)}'`)
      }
      throw e
    }
  }
}

function nameDifference(rt: Runtime, a: Attrs, b: Attrs, name: string, other: string): string {
  return b.has(name)
    ? `attribute name '${printAttrName(other)}' is missing in '${showValue(rt, a)}', but is contained in '${showValue(rt, b)}'`
    : `attribute name '${printAttrName(name)}' is contained in '${showValue(rt, a)}', but not in '${showValue(rt, b)}'`
}

function scalarDifference(rt: Runtime, a: Value, b: Value): string {
  const left = showValue(rt, a)
  const right = showValue(rt, b)
  const type = typeOf(a)
  const other = typeOf(b)
  if ((type === "int" || type === "float") && (other === "int" || other === "float"))
    return `${showType(a)} with value '${left}' is not equal to ${showType(b)} with value '${right}'`
  if (type !== other) return `${showType(a)} of value '${left}' is not equal to ${showType(b)} of value '${right}'`
  switch (type) {
    case "bool":
      return `boolean '${left}' is not equal to boolean '${right}'`
    case "string":
      return `string '${left}' is not equal to string '${right}'`
    case "path":
      return `path '${left}' is not equal to path '${right}'`
    default:
      return "distinct functions and immediate comparisons of identical functions compare as unequal"
  }
}
