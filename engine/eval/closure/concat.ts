// Closures of `a + b`, interpolated strings and interpolated paths. C++ Nix: ExprConcatStrings::eval.

import type { ConcatExpr } from "../../lang/expr.ts"
import type { Text } from "../builtin.ts"
import { asText, type CoerceOptions, coerceToString, interpolate } from "../coerce.ts"
import { ContextUnion } from "../context.ts"
import { NixError } from "../error.ts"
import { addInt, type Int } from "../integer.ts"
import { canonPath } from "../path.ts"
import { COST, type Runtime } from "../runtime.ts"
import { showType } from "../show-type.ts"
import { makeString, NixFloat, NixPath, NixString, type Run, type Value } from "../value.ts"
import { operandOf } from "./operator.ts"

export const operandFrame = "in an operand of '+'"
export const segmentFrame = "while evaluating a path segment"

// In full, since the two files import one another: what the other one exports may not be there yet (a bundle orders them so).
const firstOfString: CoerceOptions = { more: false, copy: true, canonical: false }
const firstOfPath: CoerceOptions = { more: false, copy: false, canonical: false }

/** Collects operands one after another; the first decides what the result is. Shared with the stepper. */
export class Concat {
  private readonly rt: Runtime
  private readonly expr: ConcatExpr
  private kind: "none" | "int" | "float" | "string" | "path" | "other"
  private int: Int = 0
  private float = 0
  private text = ""
  private readonly context = new ContextUnion()

  constructor(rt: Runtime, expr: ConcatExpr) {
    this.rt = rt
    this.expr = expr
    this.kind = expr.forceString ? "string" : "none"
  }

  /** Takes a number, or returns how operand `v` must be coerced to text. */
  number(v: Value, pos: number): true | CoerceOptions {
    const first = this.kind === "none"
    if (first)
      this.kind =
        typeof v === "number" || typeof v === "bigint"
          ? "int"
          : v instanceof NixFloat
            ? "float"
            : typeof v === "string" || v instanceof NixString
              ? "string"
              : v instanceof NixPath
                ? "path"
                : "other"
    if (this.kind === "int") {
      if (typeof v === "number" || typeof v === "bigint") {
        const sum = addInt(this.int, v)
        if (sum === undefined) throw new NixError("eval", `integer overflow in adding ${this.int} + ${v}`, pos)
        this.int = sum
      } else if (v instanceof NixFloat) {
        this.kind = "float"
        this.float = Number(this.int) + v.value
      } else throw new NixError("eval", `cannot add ${showType(v)} to an integer`, pos)
      return true
    }
    if (this.kind === "float") {
      if (typeof v === "number" || typeof v === "bigint") this.float += Number(v)
      else if (v instanceof NixFloat) this.float += v.value
      else throw new NixError("eval", `cannot add ${showType(v)} to a float`, pos)
      return true
    }
    // The first path of an interpolated path keeps its trailing slash.
    return this.kind === "string" ? (first ? firstOfString : interpolate) : first ? firstOfPath : asText
  }

  string(t: Text): void {
    this.text += t.text
    this.context.add(t.context)
  }

  /** A text without a context. */
  plain(text: string): void {
    this.text += text
  }

  finish(): Value {
    switch (this.kind) {
      case "int":
        return this.int
      case "float":
        return new NixFloat(this.float)
      case "path":
        if (this.context.value !== null)
          throw new NixError("eval", "a string that refers to a store path cannot be appended to a path", this.expr.pos)
        return new NixPath(canonPath(this.text))
      default:
        this.rt.chargeText(this.text.length)
        return makeString(this.text, this.context.value)
    }
  }
}

/** The closure of a concatenation; two integers or two plain strings take the short way. */
export function compileConcat(expr: ConcatExpr): Run {
  const parts = expr.parts.map((p, i) => operandOf(p.expr, operandFrame, { parts: expr.parts, from: i + 1 }))
  const general = (rt: Runtime, values: readonly Value[], env: Parameters<Run>[1]): Value => {
    const concat = new Concat(rt, expr)
    for (let i = 0; i < parts.length; i++) {
      const v = i < values.length ? (values[i] as Value) : (parts[i] as Run)(rt, env)
      const pos = (expr.parts[i] as ConcatExpr["parts"][number]).pos
      const how = concat.number(v, pos)
      if (how === true) continue
      if (typeof v === "string" && rt.depth <= rt.maxDepth) concat.plain(v)
      else concat.string(coerceToString(rt, v, pos, segmentFrame, how))
    }
    return concat.finish()
  }
  if (parts.length === 2 && !expr.forceString) {
    const left = parts[0] as Run
    const right = parts[1] as Run
    return (rt, env) => {
      const a = left(rt, env)
      if (typeof a === "number") {
        const b = right(rt, env)
        if (typeof b === "number") {
          const n = a + b
          if (Number.isSafeInteger(n)) return n
        }
        return general(rt, [a, b], env)
      }
      // Beyond the depth limit coercing the first operand complains before the second is evaluated.
      if (typeof a === "string" && rt.depth <= rt.maxDepth) {
        const b = right(rt, env)
        if (typeof b === "string") {
          const s = a + b
          if ((rt.textCredit -= COST.text + s.length) < 0) rt.spendText(s.length)
          return s
        }
        return general(rt, [a, b], env)
      }
      return general(rt, [a], env)
    }
  }
  if (expr.forceString)
    return (rt, env) => {
      let text = ""
      for (let i = 0; i < parts.length; i++) {
        const v = (parts[i] as Run)(rt, env)
        if (typeof v !== "string" || rt.depth > rt.maxDepth) return rest(rt, env, text, i, v)
        text += v
      }
      if ((rt.textCredit -= COST.text + text.length) < 0) rt.spendText(text.length)
      return text
    }
  return (rt, env) => general(rt, [], env)

  /** Goes on after `i` plain strings with an operand that is something else. */
  function rest(rt: Runtime, env: Parameters<Run>[1], text: string, i: number, v: Value): Value {
    const concat = new Concat(rt, expr)
    concat.plain(text)
    let value = v
    for (let k = i; ; ) {
      const pos = (expr.parts[k] as ConcatExpr["parts"][number]).pos
      if (typeof value === "string" && rt.depth <= rt.maxDepth) concat.plain(value)
      else concat.string(coerceToString(rt, value, pos, segmentFrame, interpolate))
      if (++k >= parts.length) return concat.finish()
      value = (parts[k] as Run)(rt, env)
    }
  }
}
