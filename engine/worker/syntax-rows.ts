// The syntax tree in lines: as it was parsed, or resolved: where each variable is found, and what becomes of each part that is put
// into an attribute, an element, an argument or a binding (a thunk, a constant, the variable's own cell).

import type { Evaluator } from "../eval/evaluator.ts"
import type { AttrsExpr } from "../lang/attrs-expr.ts"
import { GLOBAL } from "../lang/bind.ts"
import { type AttrName, type Expr, unreachable } from "../lang/expr.ts"
import { printFloat } from "../lang/float-text.ts"
import { printIdentifier, printLiteralString } from "../lang/identifier.ts"
import type { SyntaxForm, SyntaxRow, SyntaxTree } from "./protocol.ts"
import { fromBytes } from "./text.ts"
import { placeOf } from "./view.ts"

const MOST = 20_000
const LONGEST = 120

interface Pending {
  readonly expr: Expr
  readonly depth: number
  readonly role: string
  /** Whether it is put away for later: then it is known what for. */
  readonly stored: boolean
  /** Slot that its cell gets in its own environment; 0 if none. */
  readonly slot: number
}

/** The lines of a bound tree. An explicit stack, so any depth can be shown. */
export function syntaxRows(evaluator: Evaluator, tree: Expr, form: SyntaxForm): SyntaxTree {
  const rows: SyntaxRow[] = []
  const stack: Pending[] = [{ expr: tree, depth: 0, role: "", stored: true, slot: 0 }]
  const next: Pending[] = []
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (rows.length >= MOST) return { rows, cut: true }
    const { expr, depth, role, stored, slot } = at
    const notes: string[] = []
    if (form === "resolved") {
      if (slot > 0) notes.push(`in slot ${slot}`)
      if (stored) notes.push(storage(expr))
      notes.push(...resolution(expr))
    }
    rows.push({
      depth,
      role: fromBytes(role),
      kind: kindOf(expr),
      text: fromBytes(textOf(expr)),
      notes,
      from: placeOf(evaluator, expr.start),
      to: placeOf(evaluator, expr.end),
    })
    next.length = 0
    children(expr, (role, child, stored = false, slot = 0) => next.push({ expr: child, depth: depth + 1, role, stored, slot }))
    for (let i = next.length - 1; i >= 0; i--) stack.push(next[i] as Pending)
  }
  return { rows, cut: false }
}

function kindOf(expr: Expr): string {
  switch (expr.kind) {
    case "attrs":
      return expr.recursive ? "rec set" : "set"
    case "concat":
      return expr.forceString ? "interpolated string" : "+"
    case "binary":
      return expr.op
    case "var":
      return "variable"
    case "int":
      return "integer"
    case "lambda":
      return "function"
    case "cur-pos":
      return "__curPos"
    case "not":
      return "!"
    case "inherit-from":
      return "inherit source"
    case "has-attr":
      return "?"
    default:
      return expr.kind
  }
}

function textOf(expr: Expr): string {
  switch (expr.kind) {
    case "int":
      return String(expr.value)
    case "float":
      return printFloat(expr.value)
    case "string":
      return printLiteralString(expr.text.slice(0, LONGEST))
    case "path":
      return expr.path
    case "var":
      return printIdentifier(expr.name)
    case "select":
    case "has-attr":
      return `.${expr.path.map((step) => (typeof step === "string" ? printIdentifier(step) : "${…}")).join(".")}`
    case "lambda": {
      const { arg, formals } = expr
      if (formals === null) return `${arg}:`
      const list = formals.list.map((f) => (f.fallback === null ? f.name : `${f.name} ? …`))
      const set = `{ ${[...list, ...(formals.ellipsis ? ["..."] : [])].join(", ")} }`.slice(0, LONGEST)
      return arg === null ? `${set}:` : `${arg}@${set}:`
    }
    case "attrs":
      return `${expr.attrs.length + expr.dynamic.length}`
    case "list":
      return `${expr.items.length}`
    case "call":
      return expr.fun.kind === "var" ? printIdentifier(expr.fun.name) : ""
    default:
      return ""
  }
}

/** What is put into an attribute or environment for this expression (as closure/child.ts decides). */
function storage(expr: Expr): string {
  switch (expr.kind) {
    case "int":
    case "float":
    case "string":
    case "path":
      return "constant"
    case "list":
      return expr.items.length === 0 ? "constant" : "thunk"
    case "var":
      return expr.fromWith === null ? "shared cell" : "thunk"
    case "inherit-from":
      return "shared cell"
    default:
      return "thunk"
  }
}

function resolution(expr: Expr): string[] {
  if (expr.kind === "var") {
    if (expr.level === GLOBAL) return ["builtin scope"]
    const up = expr.level <= 0 ? "this environment" : `${expr.level} ${expr.level === 1 ? "environment" : "environments"} up`
    return [expr.fromWith !== null ? `looked up in with, ${up}` : `slot ${expr.slot}, ${up}`]
  }
  if (expr.kind === "with") return [expr.parentWith === null ? "new scope of names at run time" : `outer with ${expr.prevWith} up`]
  if (expr.kind === "lambda") {
    const slots = (expr.arg === null ? 0 : 1) + (expr.formals?.list.length ?? 0)
    return [`new environment of ${slots} ${slots === 1 ? "slot" : "slots"}`]
  }
  if (expr.kind === "let") return [`new environment of ${expr.attrs.attrs.length} ${expr.attrs.attrs.length === 1 ? "slot" : "slots"}`]
  if (expr.kind === "attrs" && expr.recursive) return [`new environment of ${expr.attrs.length} slots`]
  if (expr.kind === "inherit-from") return [`slot ${expr.index + 1} of the sources`]
  return []
}

type Add = (role: string, child: Expr, stored?: boolean, slot?: number) => void

function children(expr: Expr, add: Add): void {
  switch (expr.kind) {
    case "int":
    case "float":
    case "string":
    case "path":
    case "var":
    case "inherit-from":
    case "cur-pos":
    case "broken":
      return
    case "select":
      add("of", expr.target)
      path(expr.path, add)
      if (expr.fallback !== null) add("or", expr.fallback)
      return
    case "has-attr":
      add("of", expr.target)
      path(expr.path, add)
      return
    case "attrs":
      bindings(expr, expr.recursive, add)
      return
    case "list":
      for (const [i, item] of expr.items.entries()) add(String(i), item, true)
      return
    case "lambda": {
      const first = expr.arg === null ? 1 : 2
      for (const f of expr.formals?.list ?? [])
        if (f.fallback !== null) add(`${f.name} ?`, f.fallback, true, first + (expr.sortedFormals ?? []).indexOf(f))
      add("body", expr.body)
      return
    }
    case "call":
      add("function", expr.fun)
      for (const [i, arg] of expr.args.entries()) add(`argument ${i + 1}`, arg, true)
      return
    case "let":
      bindings(expr.attrs, true, add)
      add("in", expr.body)
      return
    case "with":
      add("with", expr.attrs, true)
      add("body", expr.body)
      return
    case "if":
      add("if", expr.cond)
      add("then", expr.yes)
      add("else", expr.no)
      return
    case "assert":
      add("condition", expr.cond)
      add("body", expr.body)
      return
    case "not":
      add("operand", expr.operand)
      return
    case "binary":
      add("left", expr.left)
      add("right", expr.right)
      return
    case "concat":
      for (const [i, part] of expr.parts.entries()) add(`part ${i + 1}`, part.expr)
      return
    default:
      unreachable(expr)
  }
}

function path(steps: readonly AttrName[], add: Add): void {
  for (const step of steps) if (typeof step !== "string") add("name", step)
}

function bindings(expr: AttrsExpr, recursive: boolean, add: Add): void {
  for (const [i, from] of expr.inheritFrom.entries()) add(`inherit source ${i + 1}`, from, true)
  // As they stand in the source; their slots follow the numbers of their names.
  for (const attr of [...expr.attrs].sort((a, b) => a.pos - b.pos)) {
    const slot = recursive ? expr.attrs.indexOf(attr) + 1 : 0
    add(attr.kind === "plain" ? attr.name : `inherit ${attr.name}`, attr.expr, true, slot)
  }
  for (const { name, value } of expr.dynamic) {
    add("name", name)
    add("value", value, true)
  }
}
