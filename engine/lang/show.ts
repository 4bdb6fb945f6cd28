// The tree as text, as `nix-instantiate --parse` and assertion messages show it.
// C++ Nix: the `show` methods of nixexpr.cc. An explicit stack, so any depth can be printed.

import type { AttrsExpr } from "./attrs-expr.ts"
import { type AttrName, type Expr, type LambdaExpr, unreachable } from "./expr.ts"
import { printFloat } from "./float-text.ts"
import { printIdentifier, printLiteralString } from "./identifier.ts"

/** What is still to be printed: text, a node, or the bindings of a set without its braces. */
type Piece = string | Expr | { readonly kind: "bindings"; readonly attrs: AttrsExpr }

/** Expr::show, byte for byte. */
export function show(expr: Expr): string {
  return print([expr])
}

/** An attribute path in messages. C++ Nix: showAttrSelectionPath. */
export function showAttrPath(path: readonly AttrName[]): string {
  const out: Piece[] = []
  pathPieces(path, out)
  return print(out.reverse())
}

/** Prints the pieces of a stack, the last first. */
function print(stack: Piece[]): string {
  const out: string[] = []
  const next: Piece[] = []
  for (;;) {
    const piece = stack.pop()
    if (piece === undefined) return out.join("")
    if (typeof piece === "string") {
      out.push(piece)
      continue
    }
    if (piece.kind === "bindings") bindingPieces(piece.attrs, next)
    else pieces(piece, next)
    for (let i = next.length - 1; i >= 0; i--) stack.push(next[i] as Piece)
    next.length = 0
  }
}

function pieces(e: Expr, out: Piece[]): void {
  switch (e.kind) {
    case "int":
      out.push(String(e.value))
      return
    case "float":
      out.push(printFloat(e.value))
      return
    case "string":
      out.push(printLiteralString(e.text))
      return
    case "path":
      out.push(e.path)
      return
    case "var":
      out.push(printIdentifier(e.name))
      return
    case "inherit-from":
      // C++ Nix never prints one: showBindings prints its source instead. Its name is the empty symbol.
      out.push('""')
      return
    case "select":
      out.push("(", e.target, ").")
      pathPieces(e.path, out)
      if (e.fallback !== null) out.push(" or (", e.fallback, ")")
      return
    case "has-attr":
      out.push("((", e.target, ") ? ")
      pathPieces(e.path, out)
      out.push(")")
      return
    case "attrs":
      out.push(e.recursive ? "rec { " : "{ ", { kind: "bindings", attrs: e }, "}")
      return
    case "list":
      out.push("[ ")
      for (const item of e.items) out.push("(", item, ") ")
      out.push("]")
      return
    case "lambda":
      lambdaPieces(e, out)
      return
    case "call":
      out.push("(", e.fun)
      for (const arg of e.args) out.push(" ", arg)
      out.push(")")
      return
    case "let":
      out.push("(let ", { kind: "bindings", attrs: e.attrs }, "in ", e.body, ")")
      return
    case "with":
      out.push("(with ", e.attrs, "; ", e.body, ")")
      return
    case "if":
      out.push("(if ", e.cond, " then ", e.yes, " else ", e.no, ")")
      return
    case "assert":
      out.push("assert ", e.cond, "; ", e.body)
      return
    case "not":
      out.push("(! ", e.operand, ")")
      return
    case "binary":
      out.push("(", e.left, ` ${e.op} `, e.right, ")")
      return
    case "concat": {
      let before = "("
      for (const part of e.parts) {
        out.push(before, part.expr)
        before = " + "
      }
      out.push(")")
      return
    }
    case "cur-pos":
      out.push("__curPos")
      return
    case "broken":
      out.push("\xc2\xabbroken\xc2\xbb")
      return
    default:
      unreachable(e)
  }
}

function pathPieces(path: readonly AttrName[], out: Piece[]): void {
  let first = true
  for (const name of path) {
    if (!first) out.push(".")
    first = false
    if (typeof name === "string") out.push(printIdentifier(name))
    else out.push('"${', name, '}"')
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

function lambdaPieces(e: LambdaExpr, out: Piece[]): void {
  out.push("(")
  if (e.formals !== null) {
    let before = "{ "
    for (const formal of [...e.formals.list].sort(byName)) {
      out.push(before, printIdentifier(formal.name))
      if (formal.fallback !== null) out.push(" ? ", formal.fallback)
      before = ", "
    }
    if (e.formals.ellipsis) {
      out.push(before, "...")
      before = ", "
    }
    // C++ Nix opens with "{ " and closes with " }", also around nothing.
    if (before === "{ ") out.push(before)
    out.push(" }")
    if (e.arg !== null) out.push(" @ ")
  }
  if (e.arg !== null) out.push(printIdentifier(e.arg))
  out.push(": ", e.body, ")")
}

/** C++ Nix: ExprAttrs::showBindings: inherits first, then names in byte order, then dynamic names. */
function bindingPieces(set: AttrsExpr, out: Piece[]): void {
  const sorted = [...set.attrs].sort(byName)
  const inherited: string[] = []
  const from = new Map<number, string[]>()
  for (const def of sorted) {
    if (def.kind === "inherited") inherited.push(printIdentifier(def.name))
    else if (def.kind === "inherited-from" && def.expr.kind === "select" && def.expr.target.kind === "inherit-from") {
      const index = def.expr.target.index
      const names = from.get(index)
      if (names === undefined) from.set(index, [printIdentifier(def.name)])
      else names.push(printIdentifier(def.name))
    }
  }
  if (inherited.length > 0) out.push(`inherit ${inherited.join(" ")}; `)
  for (const index of [...from.keys()].sort((a, b) => a - b)) {
    const source = set.inheritFrom[index]
    if (source === undefined) throw new RangeError(`no inherit source ${index}`)
    out.push("inherit (", source, `) ${(from.get(index) ?? []).join(" ")}; `)
  }
  for (const def of sorted) if (def.kind === "plain") out.push(`${printIdentifier(def.name)} = `, def.expr, "; ")
  for (const def of set.dynamic) out.push('"${', def.name, '}" = ', def.value, "; ")
}
