// Parts of a text as expressions of their own: with the names around them in scope, where no caller has to give something.

import { childNodes, isNode, nodesAt, type SyntaxNode, tokenOf } from "../lang/syntax/syntax-node.ts"
import { commentsIn, lexTokens } from "../lang/syntax/syntax-tokens.ts"
import * as T from "../lang/token.ts"
import type { Document } from "./language.ts"
import type { Question, Span } from "./language-protocol.ts"
import { fromBytes } from "./text.ts"

/** What is a part of an expression only. */
const parts = new Set<SyntaxNode["kind"]>([
  "root",
  "binding",
  "inherit",
  "attr-path",
  "name",
  "interpolation",
  "formals",
  "formal",
  "parameter",
  "error",
])

/** The text of the expression at a span (UTF-16) with what it needs around it, or null: no expression, or an argument of a function in it. */
export function standaloneAt(document: Document, span: Span): string | null {
  const { offsets, root, text } = document
  if (root === null) return null
  const start = offsets.byte(span.start)
  const end = offsets.byte(span.end)
  const around = nodesAt(root, start).findLast((node) => node.start <= start && node.end >= end && !parts.has(node.kind))
  return around === undefined ? null : standalone(document, around, text.slice(start, end))
}

function standalone({ root, text, names }: Document, node: SyntaxNode, expression: string): string | null {
  const start = node.start
  const end = node.end
  const free = names.uses.some(({ to, ...use }) => {
    if (use.start < start || use.end > end || typeof to !== "object" || (to.node.start >= start && to.node.end <= end)) return false
    return to.kind === "parameter" || (to.kind === "formal" && childNodes(to.node).length === 0)
  })
  if (free) return null
  const { before, after } = surroundings(text, root as SyntaxNode, node)
  return fromBytes(`${before}${expression}${after}`)
}

/** The questions a text asks in its comments: `# ^?` and `# => value`. */
export function questionsOf(document: Document): Question[] {
  const { text, root, offsets } = document
  if (root === null) return []
  const found: Question[] = []
  let end = 0
  for (const token of lexTokens(text)) {
    for (const { start, end: stop, block } of commentsIn(text, end, token.start)) {
      if (block) continue
      const comment = text.slice(start, stop)
      const caret = /^#\s*\^\?/.exec(comment)
      const check = /^#\s*=>\s*(.*\S)/.exec(comment)
      const node = caret !== null ? pointedAt(root, text, start + comment.indexOf("^")) : check !== null ? endingAt(root, end) : undefined
      const expression = node === undefined ? null : standalone(document, node.node, text.slice(node.node.start, node.end))
      if (node === undefined || expression === null) continue
      const span = offsets.span({ start, end: stop })
      const at = offsets.unit(caret === null ? stop : start + caret[0].length)
      found.push({ kind: caret === null ? "check" : "show", at, span, expression, expected: fromBytes(check?.[1] ?? "") })
    }
    end = Math.max(end, token.end)
  }
  return found
}

interface Found {
  readonly node: SyntaxNode
  readonly end: number
}

/** The expression in the column of `at`, in the nearest line above that is no comment. */
function pointedAt(root: SyntaxNode, text: string, at: number): Found | undefined {
  let line = text.lastIndexOf("\n", at - 1) + 1
  const column = at - line
  for (;;) {
    if (line === 0) return undefined
    const above = text.lastIndexOf("\n", line - 2) + 1
    if (!/^\s*#/.test(text.slice(above, line))) {
      line = above
      break
    }
    line = above
  }
  return expressionAt(nodesAt(root, line + column))
}

/** The innermost expression of those around a place; of a binding's name its value, of a selection what is selected up to there. */
function expressionAt(nodes: readonly SyntaxNode[]): Found | undefined {
  const name = nodes.at(-1)
  const binding = nodes.at(-3)
  if (name !== undefined && (name.kind === "name" || name.kind === "string") && nodes.at(-2)?.kind === "attr-path") {
    if (binding?.kind === "binding") {
      const value = childNodes(binding)[1]
      return value === undefined ? undefined : { node: value, end: value.end }
    }
    if (binding?.kind === "select") return { node: binding, end: name.end }
  }
  const node = nodes.findLast(({ kind }) => !parts.has(kind))
  return node === undefined ? undefined : { node, end: node.end }
}

/** The largest expression that ends where the last token before a comment does, a closing `;` left out. */
function endingAt(root: SyntaxNode, end: number): Found | undefined {
  const visit = (node: SyntaxNode): Found | undefined => {
    if (node.kind === "binding" && node.end === end) {
      const value = childNodes(node)[1]
      return value === undefined ? undefined : { node: value, end: value.end }
    }
    if (node.end === end && !parts.has(node.kind)) return { node, end }
    for (const child of node.children) {
      const found = isNode(child) && child.start < end && child.end >= end ? visit(child) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }
  return visit(root)
}

/** The `let`s, `with`s and recursive sets around a node, as text to put before and after an expression so that it sees the same names. */
export function surroundings(text: string, root: SyntaxNode, node: SyntaxNode): { before: string; after: string } {
  let before = ""
  let after = ""
  const path = nodesAt(root, node.start).filter((n) => n !== node && n.start <= node.start && n.end >= node.end)
  for (const around of path) {
    const keyword = around.kind === "let" ? tokenOf(around, T.IN_KW) : around.kind === "with" ? tokenOf(around, T.SEMICOLON) : undefined
    // Inside of the bindings themselves the let goes on being written: its other bindings are there, the one at hand is cut out.
    if (keyword !== undefined && keyword.end <= node.start) before += `${text.slice(around.start, keyword.end)} `
    else if (around.kind === "let" || (around.kind === "attrs" && tokenOf(around, T.REC) !== undefined)) {
      const bindings = childNodes(around).filter(
        (b) => (b.kind === "binding" || b.kind === "inherit") && !(b.start <= node.start && node.end <= b.end),
      )
      before += `let ${bindings.map((b) => text.slice(b.start, b.end)).join(" ")} in `
    } else if (around.kind === "lambda") {
      // What a caller gives is not known; defaults are.
      const [parameter] = childNodes(around)
      const formals = parameter === undefined ? [] : childNodes(parameter).filter((f) => f.kind === "formal" && childNodes(f).length > 0)
      if (formals.length > 0) before += `let ${formals.map((f) => `${text.slice(f.start, f.end).replace("?", "=")};`).join(" ")} in `
    }
  }
  if (before !== "") {
    before = `(${before}`
    after = ")"
  }
  return { before, after }
}
