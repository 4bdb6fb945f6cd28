// Closures of the operators that are no calls: == != && || -> // ++, and of conditions.

import type { BinaryExpr, Expr } from "../../lang/expr.ts"
import { Attrs } from "../attrs.ts"
import { eqValues } from "../equal.ts"
import type { NixError } from "../error.ts"
import { framed, typeError } from "../force.ts"
import { concatTwo } from "../list.ts"
import { type Later, lookBeside } from "../look-ahead.ts"
import { COST, type Runtime } from "../runtime.ts"
import type { Env, Run, Value } from "../value.ts"
import { compilePart } from "./compile.ts"

const none: Later = { parts: [], from: 0 }

function only(expr: Expr): Later {
  return { parts: [{ expr }], from: 0 }
}

/** Runs a condition to a Boolean, with Nix's frame (C++ Nix: evalBool). */
export function boolOf(expr: Expr, frame: string): (rt: Runtime, env: Env) => boolean {
  const run = compilePart(expr)
  const pos = expr.pos
  return (rt, env) => {
    try {
      const v = run(rt, env)
      if (v === true) return true
      if (v === false) return false
      throw typeError(rt, "a Boolean", v, pos)
    } catch (e) {
      throw framed(e, pos, frame)
    }
  }
}

/** Runs an operand; errors get the frame at the operand's position (C++ Nix: Expr::eval with errorCtx). `later` is evaluated after it in any case. */
export function operandOf(expr: Expr, frame: string, later: Later = none): Run {
  const run = compilePart(expr)
  if (expr.kind === "int" || expr.kind === "string" || expr.kind === "float") return run
  const pos = expr.pos
  return (rt, env) => {
    try {
      return run(rt, env)
    } catch (e) {
      throw framed(lookBeside(rt, e, later, env), pos, frame)
    }
  }
}

/** The closure of a binary operator. */
export function compileBinary(expr: BinaryExpr): Run {
  const pos = expr.pos
  switch (expr.op) {
    case "==": {
      const left = operandOf(expr.left, "in the left operand of '=='", only(expr.right))
      const right = operandOf(expr.right, "in the right operand of '=='")
      return (rt, env) => {
        const a = left(rt, env)
        const b = right(rt, env)
        // eqValues counts as a call: at the depth limit it is the one to complain.
        if (rt.depth <= rt.maxDepth) {
          if (typeof a === "number" && typeof b === "number") return a === b
          if (typeof a === "string" && typeof b === "string") return a === b
        }
        return eqValues(rt, a, b, pos)
      }
    }
    case "!=": {
      const left = operandOf(expr.left, "in the left operand of '!='", only(expr.right))
      const right = operandOf(expr.right, "in the right operand of '!='")
      return (rt, env) => {
        const a = left(rt, env)
        const b = right(rt, env)
        if (rt.depth <= rt.maxDepth) {
          if (typeof a === "number" && typeof b === "number") return a !== b
          if (typeof a === "string" && typeof b === "string") return a !== b
        }
        return !eqValues(rt, a, b, pos)
      }
    }
    case "&&": {
      const left = boolOf(expr.left, "in the left operand of '&&'")
      const right = boolOf(expr.right, "in the right operand of '&&'")
      return (rt, env) => left(rt, env) && right(rt, env)
    }
    case "||": {
      const left = boolOf(expr.left, "in the left operand of '||'")
      const right = boolOf(expr.right, "in the right operand of '||'")
      return (rt, env) => left(rt, env) || right(rt, env)
    }
    case "->": {
      const left = boolOf(expr.left, "in the left operand of '->'")
      const right = boolOf(expr.right, "in the right operand of '->'")
      return (rt, env) => !left(rt, env) || right(rt, env)
    }
    case "//": {
      // The right operand first, since Nix 2.36.
      const right = updateOperand(expr.right, "in the right operand of '//'", only(expr.left))
      const left = updateOperand(expr.left, "in the left operand of '//'")
      return (rt, env) => {
        const b = right(rt, env)
        const a = left(rt, env)
        const set = updateAttrs(a, b)
        // A layer holds both; what `settle` writes out later is charged here.
        if ((rt.credit -= COST.set + set.size * 2 * COST.slot) < 0) rt.spend(set)
        return set
      }
    }
    case "++": {
      const left = operandOf(expr.left, "in the left operand of '++'", only(expr.right))
      const right = operandOf(expr.right, "in the right operand of '++'")
      return (rt, env) => {
        const a = left(rt, env)
        return concatTwo(rt, a, right(rt, env), pos, "while evaluating one of the elements to concatenate")
      }
    }
  }
}

/** An operand of `//`; a nested `//` adds no frame of its own (C++ Nix: evalForUpdate). */
function updateOperand(expr: Expr, frame: string, later: Later = none): (rt: Runtime, env: Env) => Attrs {
  const run = compilePart(expr)
  // A nested `//` is always a set, and its own operands have their frames.
  if (expr.kind === "binary" && expr.op === "//") return run as (rt: Runtime, env: Env) => Attrs
  const pos = expr.pos
  return (rt, env) => {
    try {
      const v = run(rt, env)
      if (v instanceof Attrs) return v
      throw typeError(rt, "a set", v, 0)
    } catch (e) {
      throw framed(lookBeside(rt, e, later, env), pos, frame)
    }
  }
}

/** `a // b`; an empty side gives the other value itself. */
export function updateAttrs(a: Attrs, b: Attrs): Attrs {
  return a.size === 0 ? b : b.size === 0 ? a : a.update(b)
}

/** For the stepper: the error of an operand that is no set. */
export function notASet(rt: Runtime, v: Value): NixError {
  return typeError(rt, "a set", v, 0)
}
