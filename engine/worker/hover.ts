// What a pointer at a name is told, and the call that is being written.

import { constants } from "../eval/builtins/constants.ts"
import { primOps } from "../eval/builtins.ts"
import { type Definition, nameAt, staticName } from "../lang/syntax/names.ts"
import { childNodes, nodesAt, type SyntaxNode, tokenAt } from "../lang/syntax/syntax-node.ts"
import { commentsIn, lexTokens } from "../lang/syntax/syntax-tokens.ts"
import * as T from "../lang/token.ts"
import type { Document } from "./language.ts"
import type { Hover, Signature } from "./language-protocol.ts"
import { synopsisOf } from "./reference.ts"
import { fromBytes } from "./text.ts"

/** Keywords and operators by the construct that explains them. */
const constructOf: ReadonlyMap<T.TokenKind, string> = new Map([
  [T.LET, "let"],
  [T.IN_KW, "let"],
  [T.IF, "if"],
  [T.THEN, "if"],
  [T.ELSE, "if"],
  [T.WITH, "with"],
  [T.ASSERT, "assert"],
  [T.REC, "rec"],
  [T.INHERIT, "inherit"],
  [T.OR_KW, "or"],
  [T.UPDATE, "update"],
  [T.CONCAT, "list"],
  [T.AND, "logic"],
  [T.OR, "logic"],
  [T.IMPL, "logic"],
  [T.NOT, "logic"],
  [T.EQ, "comparison"],
  [T.NEQ, "comparison"],
  [T.LEQ, "comparison"],
  [T.GEQ, "comparison"],
  [T.LESS, "comparison"],
  [T.GREATER, "comparison"],
  [T.PIPE_FROM, "pipe"],
  [T.PIPE_INTO, "pipe"],
  [T.ELLIPSIS, "formals"],
  [T.AT, "formals"],
  [T.DOLLAR_CURLY, "interpolation"],
  [T.SPATH, "search path"],
])

/** The keyword or operator at an offset (UTF-16), with the name of its construct; null if there is none. */
export function constructAt({ offsets, root }: Document, offset: number): { readonly span: Hover["span"]; readonly name: string } | null {
  const token = root === null ? undefined : tokenAt(root, offsets.byte(offset))
  const name = token === undefined ? undefined : constructOf.get(token.kind)
  return token === undefined || name === undefined ? null : { span: offsets.span(token), name }
}

/** What there is to say about the name at an offset (UTF-16), or null. */
export function hoverAt({ offsets, text, root, names }: Document, offset: number): Hover | null {
  if (root === null) return null
  const at = offsets.byte(offset)
  const nodes = nodesAt(root, at)
  const selected = builtinSelected(nodes, text, at)
  if (selected !== undefined)
    return { span: offsets.span(selected.span), text: builtinText(selected.name) ?? "", expression: offsets.span(selected.whole) }
  const found = nameAt(names, at)
  if (found !== undefined) {
    const here =
      ("places" in found ? [...found.places, ...found.uses] : [found]).find(({ start, end }) => start <= at && at <= end) ?? found.scope
    const use = names.uses.some(({ start }) => start === here.start)
    const expression = use ? { expression: offsets.span(here) } : {}
    const said = "places" in found ? definitionText(found, text) : found.to === "global" ? builtinText(found.name) : undefined
    const otherwise = "to" in found && found.to === "with" ? "from a `with`" : "not defined"
    return { span: offsets.span(here), text: said ?? otherwise, ...expression }
  }
  return attributeHover(nodes, offsets)
}

/** `set.a.b`: the value up to the name pointed at. */
function attributeHover(nodes: readonly SyntaxNode[], offsets: Document["offsets"]): Hover | null {
  const name = nodes.at(-1)
  const select = nodes.findLast(({ kind }) => kind === "select")
  if (name?.kind !== "name" || select === undefined || name.start < (childNodes(select)[0]?.end ?? 0)) return null
  return { span: offsets.span(name), text: "", expression: offsets.span({ start: select.start, end: name.end }) }
}

interface Selected {
  readonly name: string
  readonly span: SyntaxNode
  readonly whole: { start: number; end: number }
}

/** `builtins.name`, the name pointed at. */
function builtinSelected(nodes: readonly SyntaxNode[], text: string, at: number): Selected | undefined {
  const select = nodes.findLast(({ kind }) => kind === "select")
  if (select === undefined) return undefined
  const [target, path] = childNodes(select)
  if (target === undefined || path === undefined || text.slice(target.start, target.end) !== "builtins") return undefined
  const step = childNodes(path)[0]
  const name = step === undefined ? undefined : staticName(step, text)
  if (step === undefined || name === undefined || at < step.start || at > step.end || builtinText(name.name) === undefined) return undefined
  return { name: name.name, span: step, whole: { start: select.start, end: step.end } }
}

function builtinText(name: string): string | undefined {
  const op = primOps.find((o) => o.name === name || `__${o.name}` === name)
  if (op !== undefined) return `\`${synopsisOf(op)}\`\n\n${fromBytes(op.doc)}`
  const constant = constants.find((c) => c.name === name || `__${c.name}` === name)
  if (constant !== undefined) return `\`${constant.name}\`\n\n${fromBytes(constant.doc)}`
  return undefined
}

function definitionText({ name, kind, node }: Definition, text: string): string {
  const comment = commentBefore(node, text)
  const what = kind === "let" ? "variable" : kind === "attribute" ? "attribute of this recursive set" : "parameter"
  const value = node.kind === "binding" ? childNodes(node)[1] : undefined
  const shape = value?.kind === "lambda" ? ` \`${fromBytes(lambdaHead(value, text))}\`` : ""
  const fallback = node.kind === "formal" && childNodes(node)[0] !== undefined ? `, default \`${fromBytes(cut(node, text))}\`` : ""
  return `**${fromBytes(name)}**: ${what}${fallback}${shape}${comment === "" ? "" : `\n\n${fromBytes(comment)}`}`
}

function cut(node: SyntaxNode, text: string): string {
  const fallback = childNodes(node)[0] as SyntaxNode
  const shown = text.slice(fallback.start, fallback.end).replace(/\s+/g, " ")
  return shown.length > 60 ? `${shown.slice(0, 60)}...` : shown
}

/** `x: { a, b }: ` */
function lambdaHead(node: SyntaxNode, text: string): string {
  const [parameter, body] = childNodes(node)
  if (parameter === undefined) return ""
  const head = `${text.slice(parameter.start, parameter.end).replace(/\s+/g, " ")}:`
  return body?.kind === "lambda" ? `${head} ${lambdaHead(body, text)}` : head
}

/** The text of the comments right before a binding, marks left out. */
function commentBefore(node: SyntaxNode, text: string): string {
  let end = 0
  for (const token of lexTokens(text)) {
    if (token.start >= node.start) {
      const comments = commentsIn(text, end, node.start).filter((c) => text.slice(end, c.start).includes("\n") || end === 0)
      return comments.map((c) => plainComment(text.slice(c.start, c.end))).join("\n")
    }
    end = token.end
  }
  return ""
}

function plainComment(comment: string): string {
  if (comment.startsWith("#")) return comment.replace(/^#+ ?/, "")
  return comment
    .replace(/^\/\*+/, "")
    .replace(/\*+\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, ""))
    .join("\n")
    .trim()
}

/** The call being written at an offset (UTF-16): of a builtin, or of a function defined here. */
export function signatureAt({ offsets, text, root, names }: Document, offset: number): Signature | null {
  if (root === null) return null
  const at = offsets.byte(offset)
  // Behind the last argument there is a space, which is no part of the call yet.
  const before = text.slice(0, at).replace(/\s+$/, "").length
  const calls = nodesAt(root, before).filter(
    ({ kind, start }) => (kind === "call" || kind === "variable" || kind === "select") && start < at,
  )
  for (const node of calls.reverse()) {
    const parts = node.kind === "call" ? childNodes(node) : [node]
    const [fun, ...args] = parts
    if (fun === undefined || at <= fun.end) continue
    const active = args.filter((arg) => arg.end < at || (arg.end === at && before < at)).length
    const found = signatureOf(fun, text, names)
    if (found !== null) return { ...found, active: Math.min(active, found.parameters.length) }
  }
  return null
}

function signatureOf(fun: SyntaxNode, text: string, names: Document["names"]): Omit<Signature, "active"> | null {
  const written = text.slice(fun.start, fun.end)
  const use = names.uses.find(({ start, end }) => start === fun.start && end === fun.end)
  const builtin = written.startsWith("builtins.") ? written.slice(9) : use?.to === "global" ? written.replace(/^__/, "") : undefined
  const op = builtin === undefined ? undefined : primOps.find(({ name }) => name === builtin)
  if (op !== undefined) {
    const words = op.args.map(([name]) => name)
    return labelled(synopsisOf({ ...op, args: [] }), words, fromBytes(op.doc))
  }
  if (typeof use?.to !== "object" || use.to.node.kind !== "binding") return null
  const parameters: string[] = []
  let value = childNodes(use.to.node)[1]
  while (value?.kind === "lambda") {
    const [parameter, body] = childNodes(value)
    if (parameter === undefined) break
    parameters.push(fromBytes(text.slice(parameter.start, parameter.end).replace(/\s+/g, " ")))
    value = body
  }
  if (parameters.length === 0) return null
  return labelled(fromBytes(written), parameters, fromBytes(commentBefore(use.to.node, text)))
}

function labelled(name: string, words: readonly string[], documentation: string): Omit<Signature, "active"> {
  let label = name
  const parameters = words.map((word) => {
    const start = label.length + 1
    label += ` ${word}`
    return { start, end: label.length }
  })
  return { label, parameters, documentation }
}
