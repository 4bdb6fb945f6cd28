// What could be written at a place: names in scope, keywords, builtins, and where only an evaluation can tell.

import { constants } from "../eval/builtins/constants.ts"
import { primOps } from "../eval/builtins.ts"
import { type Definition, namesInScope } from "../lang/syntax/names.ts"
import { childNodes, nodesAt, type SyntaxNode } from "../lang/syntax/syntax-node.ts"
import { commentsIn, lexTokens } from "../lang/syntax/syntax-tokens.ts"
import * as T from "../lang/token.ts"
import type { Document } from "./language.ts"
import type { CompletionItem, Completions } from "./language-protocol.ts"
import { synopsisOf } from "./reference.ts"
import { surroundings } from "./standalone.ts"
import { fromBytes } from "./text.ts"

/** Words an expression can begin with or go on with. */
const words = ["let", "in", "if", "then", "else", "with", "assert", "rec", "inherit", "or"]

/** Completions at an offset (UTF-16). */
export function completionsAt(document: Document, offset: number): Completions {
  const { offsets, text, root, names } = document
  const at = offsets.byte(offset)
  const begin = at - (/[a-zA-Z0-9_'-]*$/.exec(text.slice(0, at))?.[0].length ?? 0)
  const end = at + (/^[a-zA-Z0-9_'-]*/.exec(text.slice(at))?.[0].length ?? 0)
  const span = offsets.span({ start: begin, end })
  const nothing: Completions = { span, items: [] }
  if (root === null || !inCode(text, begin, at)) return nothing
  if (/\.\s*$/.test(text.slice(0, begin)) && !/[0-9]\.$/.test(text.slice(0, begin))) {
    const target = targetBefore(root, text.lastIndexOf(".", begin - 1))
    return target === undefined ? nothing : afterDot(document, target, span)
  }
  if (/^[0-9]/.test(text.slice(begin, at))) return nothing
  const items = namesInScope(names, at).map((definition) => itemOf(definition))
  const taken = new Set(items.map(({ label }) => label))
  for (const op of primOps) if (op.global && !taken.has(op.name)) items.push(builtinItem(op))
  for (const { name, global, doc } of constants)
    if (global && !taken.has(name)) items.push({ label: name, kind: "builtin", detail: "", documentation: fromBytes(doc) })
  items.push({ label: "builtins", kind: "builtin", detail: "all builtins", documentation: "" })
  for (const word of words) items.push({ label: word, kind: "keyword", detail: "", documentation: "" })
  return { span, items }
}

function builtinItem(op: (typeof primOps)[number]): CompletionItem {
  return { label: op.name, kind: "builtin", detail: synopsisOf(op), documentation: fromBytes(op.doc) }
}

function itemOf({ name, kind }: Definition): CompletionItem {
  const parameter = kind === "parameter" || kind === "formal"
  return { label: name, kind: parameter ? "parameter" : "variable", detail: parameter ? "parameter" : kind, documentation: "" }
}

/** Whether a place is neither in a comment nor in the text of a string. */
function inCode(text: string, begin: number, at: number): boolean {
  let end = 0
  for (const token of lexTokens(text)) {
    for (const comment of commentsIn(text, end, token.start))
      if (comment.start < begin && begin <= comment.end && (!comment.block || begin < comment.end)) return false
    if ((token.kind === T.STR || token.kind === T.IND_STR || token.kind === T.URI) && token.start <= begin && begin <= token.end)
      return token.start === token.end
    end = Math.max(end, token.end)
    if (token.start > at) break
  }
  return true
}

/** What is selected from by the dot at an offset: an expression, with the attribute path up to there. */
function targetBefore(
  root: SyntaxNode,
  dot: number,
): { readonly start: number; readonly end: number; readonly node: SyntaxNode } | undefined {
  for (const node of nodesAt(root, dot).reverse()) {
    if (node.kind !== "select") continue
    const [target] = childNodes(node)
    if (target !== undefined && target.end <= dot) return { start: target.start, end: dot, node }
  }
  return undefined
}

function afterDot(
  { text, root }: Document,
  target: { start: number; end: number; node: SyntaxNode },
  span: Completions["span"],
): Completions {
  const selected = text.slice(target.start, target.end)
  if (selected.trim() === "builtins") {
    const items = primOps.map(builtinItem)
    for (const { name, doc } of constants) items.push({ label: name, kind: "builtin", detail: "", documentation: fromBytes(doc) })
    return { span, items }
  }
  const { before, after } = surroundings(text, root as SyntaxNode, target.node)
  return { span, items: [], select: { target: fromBytes(selected), before: fromBytes(before), after: fromBytes(after) } }
}
