// Closures of `a.b.c`, `a.b or c` and `a ? b`.

import type { AttrName, HasAttrExpr, SelectExpr } from "../../lang/expr.ts"
import { printIdentifier } from "../../lang/identifier.ts"
import { show } from "../../lang/show.ts"
import { Attrs } from "../attrs.ts"
import { NixError } from "../error.ts"
import { force, forceAttr, forceAttrs, forcePlainString } from "../force.ts"
import { Lookup } from "../lookup.ts"
import type { Runtime } from "../runtime.ts"
import type { Shape } from "../shape.ts"
import { suggestions } from "../text/levenshtein.ts"
import { type Cell, type Env, type Run, Thunk, type Value } from "../value.ts"
import { compilePart } from "./compile.ts"
import { operandOf } from "./operator.ts"

export const selectFrame = "while selecting an attribute"

/** Computes the name of each step of a path, in its turn. */
type NameOf = (rt: Runtime, env: Env) => string

function nameOf(name: AttrName): NameOf {
  if (typeof name === "string") return () => name
  const run = compilePart(name)
  const pos = name.pos
  return (rt, env) => forcePlainString(rt, run(rt, env), pos, "while evaluating an attribute name")
}

/** The look-up of each step of a path; a computed name gets one of its own each time. */
type LookupOf = (rt: Runtime, env: Env) => Lookup

function lookupOf(name: AttrName): LookupOf {
  if (typeof name === "string") {
    const lookup = new Lookup(name)
    return () => lookup
  }
  const run = nameOf(name)
  return (rt, env) => new Lookup(run(rt, env))
}

/** "attribute 'x' missing", with suggestions. */
export function missingAttr(set: Attrs, name: string): NixError {
  return new NixError("eval", `attribute '${printIdentifier(name)}' missing`, 0, suggestions([...set.names()], name))
}

/** The frames of a failed selection (C++ Nix: ExprSelect::eval). `found` steps of the path were resolved. */
export function frameSelect(rt: Runtime, e: unknown, expr: SelectExpr, env: Env, attrPos: number, found: number): unknown {
  if (!(e instanceof NixError)) return e
  if (attrPos !== 0 && rt.sources.of(attrPos) !== rt.derivationSource)
    e.frame(attrPos, `from the definition of '${pathText(rt, env, expr.path.slice(0, found))}'`)
  return e.frame(expr.pos, `while evaluating the attribute '${pathText(rt, env, expr.path)}'`)
}

/** A path as messages show it: computed names by their value if they can be computed, else as code. */
function pathText(rt: Runtime, env: Env, path: readonly AttrName[]): string {
  return path
    .map((name) => {
      if (typeof name === "string") return printIdentifier(name)
      const { stack, depth, current } = rt
      try {
        return printIdentifier(nameOf(name)(rt, env))
      } catch (e) {
        if (!(e instanceof NixError)) throw e
        rt.stack = stack
        rt.depth = depth
        rt.current = current
        return `"\${${show(name)}}"`
      }
    })
    .join(".")
}

/** The closure of a selection. */
export function compileSelect(expr: SelectExpr): Run {
  const first = expr.path[0]
  if (expr.path.length === 1 && typeof first === "string" && expr.fallback === null) return selectOne(expr, first)
  const target = operandOf(expr.target, selectFrame)
  const steps = expr.path.map(lookupOf)
  const pos = expr.pos
  // Positions are asked for only where something goes wrong, which is why set and name are kept.
  if (expr.fallback === null)
    return (rt, env) => {
      let cur: Cell = target(rt, env)
      let found: Attrs = Attrs.empty
      let name = ""
      let i = 0
      const depth = rt.depth
      const stack = rt.stack
      try {
        for (; i < steps.length; i++) {
          const lookup = (steps[i] as LookupOf)(rt, env)
          const set: Attrs = forceAttrs(rt, cur, pos, selectFrame)
          const next = lookup.in(set)
          if (next === undefined) throw missingAttr(set, lookup.name)
          cur = next
          found = set
          name = lookup.name
        }
        return forceAttr(rt, cur, found, name, pos)
      } catch (e) {
        rt.depth = depth
        rt.stack = stack
        throw frameSelect(rt, e, expr, env, found.posOf(name), i)
      }
    }
  const fallback = compilePart(expr.fallback)
  return (rt, env) => {
    let cur: Cell = target(rt, env)
    let found: Attrs = Attrs.empty
    let name = ""
    let i = 0
    const depth = rt.depth
    const stack = rt.stack
    try {
      for (; i < steps.length; i++) {
        const lookup = (steps[i] as LookupOf)(rt, env)
        const set: Value = force(rt, cur, pos)
        const next: Cell | undefined = set instanceof Attrs ? lookup.in(set) : undefined
        // The fallback runs inside: its errors get this selection's frame too, as in C++ Nix.
        if (next === undefined) return fallback(rt, env)
        cur = next
        found = set as Attrs
        name = lookup.name
      }
      return forceAttr(rt, cur, found, name, pos)
    } catch (e) {
      rt.depth = depth
      rt.stack = stack
      throw frameSelect(rt, e, expr, env, found.posOf(name), i)
    }
  }
}

/** `e.name`: the shape of the last set and the index in it are remembered. */
function selectOne(expr: SelectExpr, name: string): Run {
  const target = operandOf(expr.target, selectFrame)
  const pos = expr.pos
  let shape: Shape | null = null
  let index = 0
  return (rt, env) => {
    const set = target(rt, env)
    let cell: Cell | undefined
    if (set instanceof Attrs) {
      const s = set.shape
      if (s !== null) {
        if (s === shape) cell = set.at(index)
        else {
          const i = s.find(name)
          if (i >= 0) {
            shape = s
            index = i
            cell = set.at(i)
          }
        }
      } else cell = set.get(name)
      if (cell !== undefined) {
        if (!(cell instanceof Thunk)) return cell
        if (cell.code === null) return cell.content as Value
        const depth = rt.depth
        const stack = rt.stack
        try {
          return forceAttr(rt, cell, set, name, pos)
        } catch (e) {
          rt.depth = depth
          rt.stack = stack
          throw frameSelect(rt, e, expr, env, set.posOf(name), 1)
        }
      }
    }
    try {
      throw missingAttr(forceAttrs(rt, set, pos, selectFrame), name)
    } catch (e) {
      throw frameSelect(rt, e, expr, env, 0, 0)
    }
  }
}

/** The closure of `e ? path`. */
export function compileHasAttr(expr: HasAttrExpr): Run {
  const target = operandOf(expr.target, "in the argument of '?'")
  const steps = expr.path.map(lookupOf)
  const pos = expr.pos
  return (rt, env) => {
    let cur: Cell = target(rt, env)
    for (let i = 0; i < steps.length; i++) {
      const set: Value = force(rt, cur, pos)
      const lookup = (steps[i] as LookupOf)(rt, env)
      const next: Cell | undefined = set instanceof Attrs ? lookup.in(set) : undefined
      if (next === undefined) return false
      cur = next
    }
    return true
  }
}
