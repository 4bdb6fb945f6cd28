// What nodes are like, for the layout.

import { childNodes, type SyntaxNode } from "../syntax/syntax-node.ts"
import * as T from "../token.ts"

/** Brackets, indented strings, and what is in parentheses of such. */
export function absorbable(node: SyntaxNode): boolean {
  switch (node.kind) {
    case "attrs":
    case "list":
    case "indented-string":
    case "parenthesis":
      return true
    default:
      return false
  }
}

/** Names, numbers and selections: what is on one line anyway. */
export function isSmall(node: SyntaxNode): boolean {
  return node.kind === "variable" || node.kind === "literal" || node.kind === "select" || node.kind === "string" || node.kind === "path"
}

export function leftmost(node: SyntaxNode): SyntaxNode {
  return node.kind === "binary" ? leftmost(childNodes(node)[0] as SyntaxNode) : node
}

/** Operators that break as one chain: the same one, sums, products. */
export function sameChain(a: T.TokenKind, b: T.TokenKind): boolean {
  const kin = (kind: T.TokenKind): T.TokenKind => (kind === T.MINUS ? T.PLUS : kind === T.DIVIDE ? T.TIMES : kind)
  return kin(a) === kin(b)
}
