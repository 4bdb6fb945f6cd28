// What the command line does around values: calling top-level functions with --arg values, and walking
// selection paths (-A). C++ Nix: eval.cc autoCallFunction, attr-path.cc.

import { Attrs } from "./attrs.ts"
import { NixError } from "./error.ts"
import { force } from "./force.ts"
import type { Runtime } from "./runtime.ts"
import { showType } from "./show-type.ts"
import { suggestions } from "./text/levenshtein.ts"
import { applyThunk, type Cell, isList, Lambda, type Thunk, type Value } from "./value.ts"

/** What functions have given, by the function: who is asked again after waiting (Pending) goes on with what is there. */
export type AutoCalls = Map<Value, Thunk>

function call(rt: Runtime, fun: Value, args: readonly Cell[], calls: AutoCalls, key: Value): Value {
  let result = calls.get(key)
  if (result === undefined) {
    result = applyThunk(fun, ...args)
    calls.set(key, result)
  }
  return force(rt, result, 0)
}

/** Calls a function that has formals with the arguments it takes; functors are followed; else the value itself. */
export function autoCall(rt: Runtime, args: Attrs, cell: Cell, calls: AutoCalls = new Map()): Value {
  const fun = force(rt, cell, 0)
  if (fun instanceof Attrs) {
    const functor = fun.get("__functor")
    if (functor !== undefined) return autoCall(rt, args, call(rt, force(rt, functor, 0), [fun], calls, fun), calls)
  }
  if (!(fun instanceof Lambda) || fun.code.expr.formals === null) return fun
  const given = new Map<string, Cell>()
  if (fun.code.expr.formals.ellipsis) for (const name of args.names()) given.set(name, args.get(name) as Cell)
  else
    for (const formal of fun.code.expr.sortedFormals ?? []) {
      const arg = args.get(formal.name)
      if (arg !== undefined) given.set(formal.name, arg)
      else if (formal.fallback === null)
        throw new NixError(
          "missing-argument",
          `cannot evaluate a function that has an argument without a value ('${formal.name}')
Nix attempted to evaluate a function as a top level expression; in
this case it must have its arguments supplied either by default
values, or passed explicitly with '--arg' or '--argstr'. See
https://nix.dev/manual/nix/stable/language/syntax.html#functions.`,
          formal.pos,
        )
    }
  return call(rt, fun, [Attrs.ofMap(given, null)], calls, fun)
}

/** Splits a selection path at dots; names in double quotes may contain them. */
function parseSelectionPath(text: string): string[] {
  const out: string[] = []
  let cur = ""
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string
    if (c === ".") {
      out.push(cur)
      cur = ""
    } else if (c === '"') {
      const end = text.indexOf('"', i + 1)
      if (end < 0) throw new NixError("parse", `missing closing quote in selection path '${text}'`, 0)
      cur += text.slice(i + 1, end)
      i = end
    } else cur += c
  }
  if (cur !== "") out.push(cur)
  return out
}

/** Walks a selection path, calling functions on the way. Returns the cell at its end, and where it was defined. */
export function findAlongPath(
  rt: Runtime,
  path: string,
  args: Attrs,
  start: Cell,
  calls: AutoCalls = new Map(),
): { cell: Cell; pos: number } {
  let cell = start
  let pos = 0
  for (const name of parseSelectionPath(path)) {
    const v = force(rt, autoCall(rt, args, cell, calls), 0)
    if (/^\d+$/.test(name) && Number(name) <= 0xffffffff) {
      if (!isList(v))
        throw new NixError("type", `the expression selected by the selection path '${path}' should be a list but is ${showType(v)}`, 0)
      const item = v[Number(name)]
      if (item === undefined) throw new NixError("error", `list index ${Number(name)} in selection path '${path}' is out of range`, 0)
      cell = item
      pos = 0
      continue
    }
    if (!(v instanceof Attrs))
      throw new NixError("type", `the expression selected by the selection path '${path}' should be a set but is ${showType(v)}`, 0)
    if (name === "") throw new NixError("error", `empty attribute name in selection path '${path}'`, 0)
    const next = v.get(name)
    if (next === undefined)
      throw new NixError("error", `attribute '${name}' in selection path '${path}' not found`, 0, suggestions([...v.names()], name))
    cell = next
    pos = v.posOf(name)
  }
  return { cell, pos }
}
