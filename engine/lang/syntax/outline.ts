// The shape of a text for an editor: bindings as a tree, what can be folded.

import * as T from "../token.ts"
import { childNodes, childOf, isNode, type SyntaxNode, tokenOf } from "./syntax-node.ts"
import { commentsIn, lexTokens } from "./syntax-tokens.ts"

/** A binding with the bindings in its value. Offsets in bytes. */
export interface OutlineEntry {
  /** `a.b`, as written. */
  readonly name: string
  readonly kind: "function" | "set" | "list" | "string" | "number" | "value"
  readonly start: number
  readonly end: number
  readonly nameStart: number
  readonly nameEnd: number
  readonly children: readonly OutlineEntry[]
}

/** The bindings of a text. */
export function outlineOf(node: SyntaxNode, text: string): OutlineEntry[] {
  const entries: OutlineEntry[] = []
  const visit = (at: SyntaxNode): void => {
    const path = at.kind === "binding" ? childOf(at, "attr-path") : undefined
    if (path === undefined || path.end === path.start) {
      for (const child of childNodes(at)) visit(child)
      return
    }
    const value = childNodes(at)[1]
    entries.push({
      name: text.slice(path.start, path.end),
      kind: value === undefined ? "value" : kindOf(value, text),
      start: at.start,
      end: at.end,
      nameStart: path.start,
      nameEnd: path.end,
      children: value === undefined ? [] : outlineOf(value, text),
    })
  }
  visit(node)
  return entries
}

function kindOf(node: SyntaxNode, text: string): OutlineEntry["kind"] {
  switch (node.kind) {
    case "lambda":
      return "function"
    case "attrs":
    case "legacy-let":
      return "set"
    case "list":
      return "list"
    case "string":
    case "indented-string":
      return "string"
    case "literal":
      return /^[0-9.]/.test(text.slice(node.start, node.end)) ? "number" : "value"
    case "let":
    case "with":
    case "assert":
    case "parenthesis": {
      const inner = childNodes(node).at(-1)
      return inner === undefined ? "value" : kindOf(inner, text)
    }
    default:
      return "value"
  }
}

/** A stretch that can be folded: from the end of its first line. Offsets in bytes. */
export interface Fold {
  readonly start: number
  readonly end: number
  readonly comment: boolean
}

/** All stretches over more than one line: brackets, strings, `let … in`, comments. */
export function foldsOf(root: SyntaxNode, text: string): Fold[] {
  const folds: Fold[] = []
  const add = (start: number, end: number, comment = false): void => {
    if (text.slice(start, end).includes("\n")) folds.push({ start, end, comment })
  }
  const visit = (node: SyntaxNode): void => {
    switch (node.kind) {
      case "attrs":
      case "list":
      case "formals":
      case "parenthesis":
      case "indented-string":
      case "legacy-let":
        add(node.start, node.end)
        break
      case "let": {
        const end = tokenOf(node, T.IN_KW)
        if (end !== undefined) add(node.start, end.start)
        break
      }
    }
    for (const child of node.children) if (isNode(child)) visit(child)
  }
  visit(root)
  let end = 0
  let run: { start: number; end: number } | null = null
  const close = (): void => {
    if (run !== null) add(run.start, run.end, true)
    run = null
  }
  for (const token of lexTokens(text)) {
    for (const comment of commentsIn(text, end, token.start)) {
      // Lines of `#` that follow one another fold as one.
      if (run !== null && !comment.block && /^[ \t]*\r?\n[ \t]*$/.test(text.slice(run.end, comment.start)))
        run = { start: run.start, end: comment.end }
      else {
        close()
        run = { start: comment.start, end: comment.end }
      }
    }
    close()
    end = Math.max(end, token.end)
  }
  return folds.sort((a, b) => a.start - b.start)
}
