// The concrete syntax tree, for editors and the formatter: every token in its place, brackets and comments included, nothing desugared.
// A text that is no Nix has a tree too, with `error` nodes. Offsets count bytes of the text from 0.

import type { TokenKind } from "../token.ts"

export type SyntaxKind =
  | "root"
  /** A use of a variable: one ID token. */
  | "variable"
  | "literal"
  /** `"…"`: quotes, STR tokens, interpolations. */
  | "string"
  /** `''…''` likewise. */
  | "indented-string"
  /** A path with interpolations: PATH or HPATH first, PATH_END last. */
  | "path"
  | "interpolation"
  | "parenthesis"
  | "list"
  /** `{ … }` or `rec { … }`. */
  | "attrs"
  /** `let { … }`, an old form. */
  | "legacy-let"
  /** `path = expr;` */
  | "binding"
  /** `inherit a b;` or `inherit (e) a b;` */
  | "inherit"
  /** Names and dots. */
  | "attr-path"
  /** One step of an attribute path that is a bare name. */
  | "name"
  /** `e.path`, `e.path or e` */
  | "select"
  /** `e ? path` */
  | "has-attr"
  /** A function and all arguments it is applied to, as far as brackets let them be one. */
  | "call"
  | "unary"
  | "binary"
  /** Parameter, `:`, body. */
  | "lambda"
  /** The name alone in `x: …`, or the name beside `@`. */
  | "parameter"
  /** `{ a, b ? 1, ... }`, with `@ name` on either side. */
  | "formals"
  /** `a` or `a ? default`. */
  | "formal"
  | "let"
  | "if"
  | "with"
  | "assert"
  | "error"

/** A token of the text. */
export interface SyntaxToken {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
}

export interface SyntaxNode {
  readonly kind: SyntaxKind
  readonly start: number
  readonly end: number
  readonly children: readonly SyntaxElement[]
}

export type SyntaxElement = SyntaxNode | SyntaxToken

export function isNode(element: SyntaxElement): element is SyntaxNode {
  return typeof element.kind === "string"
}

/** The nodes among the children. */
export function childNodes(node: SyntaxNode): SyntaxNode[] {
  return node.children.filter(isNode)
}

/** The first child of a kind of node. */
export function childOf(node: SyntaxNode, kind: SyntaxKind): SyntaxNode | undefined {
  return node.children.find((child): child is SyntaxNode => child.kind === kind)
}

/** The first child that is a token of a kind. */
export function tokenOf(node: SyntaxNode, kind: TokenKind): SyntaxToken | undefined {
  return node.children.find((child): child is SyntaxToken => child.kind === kind)
}

/** The nodes around an offset, the outermost first; an offset at a node's end counts as in it. */
export function nodesAt(root: SyntaxNode, offset: number): SyntaxNode[] {
  const found: SyntaxNode[] = [root]
  for (;;) {
    const inside = childNodes(found[found.length - 1] as SyntaxNode).filter((node) => node.start <= offset && offset <= node.end)
    // At a border between two the one that begins there is meant, unless it is empty.
    const next = inside.findLast((node) => node.end > node.start) ?? inside[0]
    if (next === undefined) return found
    found.push(next)
  }
}

/** The token an offset is in or at the end of, or undefined between tokens. */
export function tokenAt(root: SyntaxNode, offset: number): SyntaxToken | undefined {
  const node = nodesAt(root, offset).at(-1) as SyntaxNode
  const tokens = node.children.filter((child): child is SyntaxToken => !isNode(child) && child.start <= offset && offset <= child.end)
  return tokens.at(-1)
}
