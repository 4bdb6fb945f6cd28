// What each part of a text is, for colours that know what names mean.

import * as T from "../token.ts"
import type { Names } from "./names.ts"
import { isNode, type SyntaxNode } from "./syntax-node.ts"
import { commentsIn, lexTokens } from "./syntax-tokens.ts"

export type HighlightKind =
  | "comment"
  | "keyword"
  | "operator"
  | "number"
  | "string"
  | "escape"
  | "path"
  /** A variable bound by `let`, `rec` or not bound. */
  | "variable"
  | "parameter"
  /** An attribute's name. */
  | "property"
  /** A builtin. */
  | "global"
  /** A name that only a `with` may supply. */
  | "dynamic"

/** A stretch of text, in bytes. */
export interface Highlight {
  readonly start: number
  readonly end: number
  readonly kind: HighlightKind
}

const keywords = new Set([T.IF, T.THEN, T.ELSE, T.ASSERT, T.WITH, T.LET, T.IN_KW, T.REC, T.INHERIT, T.OR_KW])
const operators = new Set([
  T.EQ,
  T.NEQ,
  T.LEQ,
  T.GEQ,
  T.UPDATE,
  T.CONCAT,
  T.AND,
  T.OR,
  T.IMPL,
  T.PIPE_FROM,
  T.PIPE_INTO,
  T.LESS,
  T.GREATER,
  T.PLUS,
  T.MINUS,
  T.TIMES,
  T.DIVIDE,
  T.QUESTION,
  T.NOT,
])

/** All highlights of a text, by place, none over another; punctuation has none. */
export function highlightsOf(root: SyntaxNode, names: Names, text: string): Highlight[] {
  const meanings = new Map<number, HighlightKind>()
  attributeNames(root, meanings)
  for (const { places, kind } of names.definitions)
    for (const { start } of places)
      meanings.set(start, kind === "formal" || kind === "parameter" ? "parameter" : kind === "attribute" ? "property" : "variable")
  for (const { start, to } of names.uses) meanings.set(start, meaning(to))
  const found: Highlight[] = []
  let end = 0
  for (const token of lexTokens(text)) {
    for (const comment of commentsIn(text, end, token.start)) found.push({ start: comment.start, end: comment.end, kind: "comment" })
    const kind = kindOf(token.kind, meanings.get(token.start))
    if (kind === "string") pieces(text, token.start, token.end, token.kind === T.IND_STR, found)
    else if (kind !== null && token.end > token.start) found.push({ start: token.start, end: token.end, kind })
    end = Math.max(end, token.end)
  }
  return found
}

function meaning(to: Names["uses"][number]["to"]): HighlightKind {
  if (typeof to !== "object") return to === "global" ? "global" : to === "with" ? "dynamic" : "variable"
  return to.kind === "formal" || to.kind === "parameter" ? "parameter" : "variable"
}

function attributeNames(node: SyntaxNode, into: Map<number, HighlightKind>): void {
  if (node.kind === "name") into.set(node.start, "property")
  for (const child of node.children) if (isNode(child)) attributeNames(child, into)
}

function kindOf(token: T.TokenKind, known: HighlightKind | undefined): HighlightKind | null {
  if (token === T.ID) return known ?? "variable"
  if (keywords.has(token)) return token === T.OR_KW && known !== undefined ? known : "keyword"
  if (operators.has(token)) return "operator"
  switch (token) {
    case T.STR:
    case T.IND_STR:
    case T.QUOTE:
    case T.IND_STRING_OPEN:
    case T.IND_STRING_CLOSE:
      return "string"
    case T.URI:
    case T.PATH:
    case T.HPATH:
    case T.SPATH:
      return "path"
    case T.INT_LIT:
    case T.FLOAT_LIT:
      return "number"
    case T.DOLLAR_CURLY:
      return "escape"
    default:
      return null
  }
}

/** A piece of a string, its escapes apart. */
function pieces(text: string, start: number, end: number, indented: boolean, into: Highlight[]): void {
  const escapes = indented ? /''(?:\\[\s\S]|\$|')|\$\$(?=\{)/g : /\\[\s\S]|\$\$(?=\{)/g
  let at = start
  for (const match of text.slice(start, end).matchAll(escapes)) {
    const from = start + (match.index ?? 0)
    if (from > at) into.push({ start: at, end: from, kind: "string" })
    at = from + match[0].length
    into.push({ start: from, end: at, kind: "escape" })
  }
  if (end > at) into.push({ start: at, end, kind: "string" })
}
