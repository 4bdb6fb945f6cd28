// Lays out the nodes of the concrete syntax tree as documents.

import { childNodes, childOf, isNode, type SyntaxElement, type SyntaxNode, type SyntaxToken, tokenOf } from "../syntax/syntax-node.ts"
import * as T from "../token.ts"
import { CommentedLayout } from "./commented-layout.ts"
import { blankLine, brokenGroup, choice, type Doc, group, hardLine, join, line, mustBreak, nest, softLine } from "./doc.ts"
import { indentedString } from "./indented-string.ts"
import { absorbable, isSmall, leftmost, sameChain } from "./shape.ts"

/** Operators whose chains break before each operator. */
const chained = new Set([T.PLUS, T.MINUS, T.TIMES, T.DIVIDE, T.CONCAT, T.UPDATE, T.AND, T.OR, T.IMPL, T.PIPE_INTO, T.PIPE_FROM])

export class Layout extends CommentedLayout {
  /** Lists that are arguments. */
  private readonly arguments = new Set<SyntaxNode>()

  /** The whole text, with its end of line. */
  root(root: SyntaxNode): Doc {
    const end = this.comments.before(root.end)
    const [expr] = childNodes(root)
    const body = expr === undefined ? [] : [this.expr(expr), hardLine]
    return [
      body,
      this.comments.blank(root.end) && this.comments.has(root.end) && expr !== undefined ? hardLine : [],
      this.comments.has(root.end) ? end : [],
    ]
  }

  protected override node(node: SyntaxNode): Doc {
    switch (node.kind) {
      case "variable":
      case "literal":
      case "parameter":
      case "name":
        return this.token(node.children[0] as SyntaxToken)
      case "string":
      case "path":
      case "interpolation":
        return this.verbatim(node)
      case "indented-string":
        return this.indented(node)
      case "parenthesis":
        return this.parenthesis(node)
      case "list":
        return this.list(node)
      case "attrs":
      case "legacy-let":
        return this.attrs(node)
      case "binding":
        return this.binding(node)
      case "inherit":
        return this.inherit(node)
      case "attr-path":
        return node.children.map((child) => (isNode(child) ? this.expr(child) : this.token(child)))
      case "select":
        return this.select(node)
      case "has-attr":
        return group(this.spaced(node))
      case "call":
        return this.call(node)
      case "unary":
        return node.children.map((child) => (isNode(child) ? this.expr(child) : this.token(child)))
      case "binary":
        return this.binary(node)
      case "lambda":
        return this.lambda(node)
      case "formals":
        return this.formals(node)
      case "formal":
        return this.formal(node)
      case "let":
        return this.let(node)
      case "if":
        return this.if(node)
      case "with":
        return this.with(node)
      case "assert":
        return this.assert(node)
      case "root":
      case "error":
        return this.verbatim(node)
    }
  }

  private spaced(node: SyntaxNode): Doc[] {
    return join(
      node.children.map((child) => (isNode(child) ? this.expr(child) : this.token(child))),
      " ",
    )
  }

  private indented(node: SyntaxNode): Doc {
    const doc = indentedString(this.text.slice(node.start, node.end), this.text, node)
    return [this.before(node.start), doc, this.after(this.last(node).start)]
  }

  private select(node: SyntaxNode): Doc {
    const or = tokenOf(node, T.OR_KW)
    const nodes = childNodes(node)
    const [target, path, fallback] = nodes as [SyntaxNode, SyntaxNode, SyntaxNode?]
    const head: Doc = [this.expr(target), this.mark(node, T.DOT), this.expr(path)]
    if (or === undefined || fallback === undefined) return head
    return group(head, nest(absorbable(fallback) ? " " : line, this.token(or), " ", this.expr(fallback)))
  }

  /** Whether something can begin at the end of a line and go on below: brackets, indented strings. */
  private absorbs(node: SyntaxNode): boolean {
    return absorbable(node) && !this.comments.has(this.first(node).start)
  }

  private parenthesis(node: SyntaxNode, open = false): Doc {
    const left = this.tokens(node, T.LPAREN)
    const right = this.tokens(node, T.RPAREN)
    const [inner] = childNodes(node)
    if (inner === undefined) return [left, right]
    const end = tokenOf(node, T.RPAREN)
    const comment = this.comments.has(this.first(inner).start) || (end !== undefined && this.comments.has(end.start))
    if (!comment && (this.absorbs(inner) || this.absorbingLambda(inner)))
      return group(left, open ? this.opened(inner) : this.expr(inner), right)
    // A call whose last argument opens at the end of the line needs no lines of its own.
    if (!comment && inner.kind === "call" && this.opensBrackets(inner)) {
      const absorbed: Doc = [left, this.callAbsorbed(inner), right]
      const broken = brokenGroup(left, nest(softLine, this.expr(inner)), softLine, right)
      return open ? choice(absorbed, broken) : choice(group(left, this.flatCall(inner), right), absorbed, broken)
    }
    if (!comment && inner.kind === "with" && this.absorbs(childNodes(inner)[1] ?? inner)) return group(left, this.expr(inner), right)
    const body: Doc = [left, nest(softLine, this.expr(inner)), softLine, right]
    return open ? brokenGroup(body) : group(body)
  }

  /** A bracket that opens at the end of a line and goes on below. */
  private opened(node: SyntaxNode): Doc {
    switch (node.kind) {
      case "attrs":
      case "legacy-let":
        return this.attrs(node, true)
      case "list":
        return this.list(node, true)
      case "parenthesis":
        return this.parenthesis(node, true)
      case "lambda":
        return this.lambda(node, true)
      default:
        return this.expr(node)
    }
  }

  /** A call whose last argument is in brackets that may open at the end of the line, parentheses not counted. */
  private opensBrackets(node: SyntaxNode): boolean {
    const last = childNodes(node).at(-1) as SyntaxNode
    return this.absorbs(last) && last.kind !== "parenthesis"
  }

  /** `x: y: { … }` and its like. */
  private absorbingLambda(node: SyntaxNode): boolean {
    if (node.kind !== "lambda") return false
    const [parameter, body] = childNodes(node)
    if (parameter?.kind !== "parameter" || body === undefined || this.comments.has(this.first(body).start)) return false
    return this.absorbs(body) || this.absorbingLambda(body)
  }

  private list(node: SyntaxNode, open = false): Doc {
    const items = childNodes(node)
    const begin = this.tokens(node, T.LBRACKET)
    const close = tokenOf(node, T.RBRACKET)
    const end = close === undefined ? [] : this.closing(close)
    if (items.length === 0) return this.empty(begin, end, close)
    const docs = items.map((item, i): Doc => [i === 0 ? [] : this.blank(item), group(this.expr(item))])
    // More than one item is a column, as in the standard; but not in arguments.
    const broken = (items.length > 1 && !this.arguments.has(node)) || this.comments.broken(this.first(items[0] as SyntaxNode).start)
    const body: Doc = [begin, nest(line, join(docs, line), this.lastComments(close)), line, end]
    return open || broken ? brokenGroup(body) : group(body)
  }

  private empty(open: Doc, end: Doc, close: SyntaxToken | undefined): Doc {
    if (close !== undefined && this.comments.has(close.start))
      return brokenGroup(open, nest(hardLine, this.comments.before(close.start)), this.bare(close))
    return mustBreak(open) ? [open, hardLine, end] : [open, " ", end]
  }

  private attrs(node: SyntaxNode, open = false): Doc {
    const rec = tokenOf(node, T.REC) ?? tokenOf(node, T.LET)
    const begin: Doc = [rec === undefined ? [] : [this.token(rec), " "], this.tokens(node, T.LBRACE)]
    const close = tokenOf(node, T.RBRACE)
    const end = close === undefined ? [] : this.closing(close)
    const items = childNodes(node)
    if (items.length === 0) return this.empty(begin, end, close)
    const broken = items.length > 1 || this.comments.broken(this.first(items[0] as SyntaxNode).start)
    const body: Doc = [begin, nest(line, this.bindings(items), this.lastComments(close)), line, end]
    return open || broken ? brokenGroup(body) : group(body)
  }

  private bindings(items: readonly SyntaxNode[]): Doc {
    return join(
      items.map((item, i): Doc => [i === 0 ? [] : this.blank(item), this.expr(item)]),
      line,
    )
  }

  private binding(node: SyntaxNode): Doc {
    const [path, value] = childNodes(node)
    if (path === undefined || value === undefined) return this.verbatim(node)
    // A comment behind the value goes behind the semicolon.
    const last = this.last(value).start
    const follow = this.comments.trails(last) && !this.followed.has(last)
    const after = follow ? this.after(last) : []
    if (follow) this.followed.add(last)
    const doc = group(this.expr(path), " ", this.mark(node, T.EQUALS), this.value(value), this.mark(node, T.SEMICOLON))
    if (follow) this.followed.delete(last)
    return follow ? [doc, after] : doc
  }

  /** What stands behind `=` or `?`, with what separates it. */
  private value(value: SyntaxNode): Doc {
    const doc = this.expr(value)
    if (this.comments.has(this.first(value).start)) return nest(hardLine, doc)
    if (this.absorbs(value) || this.absorbingLambda(value)) return [" ", doc]
    switch (value.kind) {
      case "with": {
        const body = childNodes(value)[1]
        if (body !== undefined && this.absorbs(body)) return [" ", doc]
        break
      }
      case "call":
        if (this.absorbs(childNodes(value).at(-1) as SyntaxNode) && this.inlineArguments(value))
          return choice([" ", this.flatCall(value)], [" ", this.callAbsorbed(value)], nest(line, doc))
        break
      case "binary":
        if (this.absorbs(leftmost(value)) && mustBreak(this.expr(leftmost(value)))) return [" ", doc]
        if (this.opensRight(value)) return choice([" ", this.flatBinary(value)], [" ", this.binaryOpened(value)], nest(line, doc))
        break
      case "string":
        return [" ", doc]
    }
    return nest(line, doc)
  }

  private inherit(node: SyntaxNode): Doc {
    const from = childOf(node, "parenthesis")
    const names = childNodes(node).filter((child) => child !== from)
    const head: Doc = [this.tokens(node, T.INHERIT), from === undefined ? [] : [" ", this.expr(from)]]
    const end = tokenOf(node, T.SEMICOLON)
    const semicolon = end === undefined ? [] : this.token(end)
    if (names.length === 0) return [head, semicolon]
    const broken = names.some((name) => this.comments.broken(this.first(name).start))
    const docs = names.map((name) => this.expr(name))
    const body: Doc = [head, nest(line, join(docs, line), softLine, semicolon)]
    return broken ? brokenGroup(body) : group(body)
  }

  private call(node: SyntaxNode): Doc {
    const nodes = childNodes(node)
    for (const child of nodes) if (child.kind === "list") this.arguments.add(child)
    const docs = nodes.map((child) => this.expr(child))
    const lines: Doc = [docs[0] as Doc, nest(line, join(docs.slice(1), line))]
    if (this.commented(nodes)) return brokenGroup(lines)
    // What is small stays behind the function.
    const small = nodes.findIndex((child, i) => i > 0 && (!isSmall(child) || mustBreak(docs[i] as Doc)))
    if (small > 1) {
      const head = join(docs.slice(0, small), " ")
      return this.callOf(node, nodes, docs, group(head, nest(line, join(docs.slice(small), line))))
    }
    return this.callOf(node, nodes, docs, group(lines))
  }

  /** A call that is `broken` where it does not fit otherwise. */
  private callOf(node: SyntaxNode, nodes: readonly SyntaxNode[], docs: readonly Doc[], broken: Doc): Doc {
    const last = nodes[nodes.length - 1] as SyntaxNode
    const large = nodes.slice(1).filter((child) => !isSmall(child))
    if (large.length === 1 && large[0] !== last && this.absorbs(large[0] as SyntaxNode)) {
      // One large argument among small ones opens at the end of the line, and the others go on behind it.
      const opened = nodes.map((child) => (child === large[0] ? this.opened(child) : this.expr(child)))
      return mustBreak(docs) ? choice(join(opened, " "), broken) : choice(this.flatCall(node), join(opened, " "), broken)
    }
    if (!this.absorbs(last) || !this.inlineArguments(node)) return broken
    return choice(this.flatCall(node), this.callAbsorbed(node), broken)
  }

  /** Whether there are comments between the parts of a call. */
  private commented(nodes: readonly SyntaxNode[]): boolean {
    return nodes.some((child, i) => {
      const before = i > 0 && this.comments.has(this.first(child).start)
      return before || (i < nodes.length - 1 && this.comments.trails(this.last(child).start))
    })
  }

  /** Whether the arguments but the last can stand on one line. */
  private inlineArguments(node: SyntaxNode): boolean {
    const nodes = childNodes(node)
    return !this.commented(nodes) && !nodes.slice(0, -1).some((child) => mustBreak(this.expr(child)))
  }

  private flatCall(node: SyntaxNode): Doc {
    const docs = childNodes(node).map((child) => this.expr(child))
    return group(join(docs, " "))
  }

  /** A call whose last argument opens at the end of its line. */
  private callAbsorbed(node: SyntaxNode): Doc {
    const nodes = childNodes(node)
    const before = nodes.slice(0, -1).map((child) => this.expr(child))
    return [join(before, " "), " ", this.opened(nodes[nodes.length - 1] as SyntaxNode)]
  }

  private binary(node: SyntaxNode): Doc {
    const operator = node.children.find((child): child is SyntaxToken => !isNode(child)) as SyntaxToken
    if (!chained.has(operator.kind)) return group(join(this.sides(node, operator), line))
    const parts: Doc[] = []
    const collect = (at: SyntaxNode): void => {
      const [left, right] = childNodes(at)
      const sign = at.children.find((child): child is SyntaxToken => !isNode(child)) as SyntaxToken
      if (at.kind !== "binary" || !sameChain(sign.kind, operator.kind) || left === undefined || right === undefined) {
        parts.push(this.expr(at))
        return
      }
      collect(left)
      const start = this.first(right).start
      const before = this.before(start)
      const tell = this.comments.has(start) && !this.told.has(start)
      if (tell) this.told.add(start)
      const begin = parts.length
      collect(right)
      if (tell) this.told.delete(start)
      parts[begin] = [before, this.token(sign), " ", parts[begin] as Doc]
    }
    collect(node)
    return group(join(parts, line))
  }

  /** `a ++ [ … ]`: two operands, whose right one may open at the end of the line. */
  private opensRight(node: SyntaxNode): boolean {
    const operator = node.children.find((child): child is SyntaxToken => !isNode(child)) as SyntaxToken
    const [left, right] = childNodes(node) as [SyntaxNode, SyntaxNode]
    if (![T.UPDATE, T.CONCAT, T.PLUS].includes(operator.kind) || left.kind === "binary" || right.kind === "parenthesis") return false
    return this.absorbs(right) && !this.comments.has(operator.start) && !mustBreak(this.expr(left))
  }

  private flatBinary(node: SyntaxNode): Doc {
    const operator = node.children.find((child): child is SyntaxToken => !isNode(child)) as SyntaxToken
    return group(join(this.sides(node, operator), " "))
  }

  private binaryOpened(node: SyntaxNode): Doc {
    const operator = node.children.find((child): child is SyntaxToken => !isNode(child)) as SyntaxToken
    const [left, right] = childNodes(node) as [SyntaxNode, SyntaxNode]
    return [this.expr(left), " ", this.token(operator), " ", this.opened(right)]
  }

  private sides(node: SyntaxNode, operator: SyntaxToken): Doc[] {
    const [left, right] = childNodes(node) as [SyntaxNode, SyntaxNode]
    return [this.expr(left), [this.token(operator), " ", this.expr(right)]]
  }

  private lambda(node: SyntaxNode, open = false): Doc {
    const [parameter, body] = childNodes(node)
    if (parameter === undefined || body === undefined) return this.verbatim(node)
    const head: Doc = [this.expr(parameter), this.mark(node, T.COLON)]
    const doc = this.expr(body)
    const start = this.first(body).start
    if (this.comments.has(start)) return [head, hardLine, this.blank(body), doc]
    if (parameter.kind === "parameter") {
      if (this.absorbs(body) || this.absorbingLambda(body)) return [head, " ", open ? this.opened(body) : doc]
      if (body.kind === "with" && this.absorbs(childNodes(body)[1] ?? body)) return [head, " ", doc]
      if (body.kind === "lambda" && childNodes(body)[0]?.kind === "parameter") return group(head, " ", doc)
      return group(head, line, doc)
    }
    return this.comments.blank(start) ? [head, blankLine, doc] : group(head, line, doc)
  }

  private formals(node: SyntaxNode): Doc {
    const open = tokenOf(node, T.LBRACE)
    const close = tokenOf(node, T.RBRACE)
    if (open === undefined || close === undefined) return this.verbatim(node)
    const names = node.children.filter((child) => child.kind === "parameter") as SyntaxNode[]
    const at = this.mark(node, T.AT)
    const before = names.filter((name) => name.start < open.start).map((name): Doc => [this.expr(name), at])
    const after = names.filter((name) => name.start > open.start).map((name): Doc => [at, this.expr(name)])
    const items = node.children.filter((child) => child.kind === "formal" || child.kind === T.ELLIPSIS)
    const commas = node.children.filter((child) => child.kind === T.COMMA) as SyntaxToken[]
    const end = this.closing(close)
    if (items.length === 0) return [before, this.empty(this.token(open), end, close), after]
    const docs = items.map((item, i): Doc => {
      const doc = isNode(item) ? this.expr(item) : this.token(item)
      // The comma written behind it, wherever its own comments stood.
      const comma = commas.find((c) => c.start > item.start && c.start < (items[i + 1]?.start ?? close.start))
      const start = isNode(item) ? this.first(item).start : item.start
      const blank = i > 0 && this.comments.blank(start) ? hardLine : []
      return i === items.length - 1 ? [blank, doc] : [blank, doc, ",", comma === undefined ? [] : this.commaComments(comma)]
    })
    const lastIsEllipsis = items[items.length - 1]?.kind === T.ELLIPSIS
    const body = (comma: Doc): Doc => [
      before,
      this.token(open),
      nest(line, join(docs, line), comma, this.lastComments(close)),
      line,
      end,
      after,
    ]
    const broken = items.some((item) => this.comments.broken(isNode(item) ? this.first(item).start : item.start)) || mustBreak(docs)
    const trailing = commas.find((c) => c.start > (items[items.length - 1] as SyntaxElement).start)
    const comma: Doc = lastIsEllipsis ? [] : [",", trailing === undefined ? [] : this.commaComments(trailing)]
    return broken || this.comments.has(close.start) ? brokenGroup(body(comma)) : choice(group(body([])), brokenGroup(body(comma)))
  }

  /** Comments around a comma go behind it. */
  private commaComments(comma: SyntaxToken): Doc {
    const before = this.comments.has(comma.start) ? [hardLine, (this.comments.before(comma.start) as readonly Doc[]).slice(0, -1)] : []
    return [this.comments.after(comma.start), before]
  }

  private formal(node: SyntaxNode): Doc {
    const name = this.token(node.children[0] as SyntaxToken)
    const [fallback] = childNodes(node)
    if (fallback === undefined) return name
    return group(name, " ", this.mark(node, T.QUESTION), this.value(fallback))
  }

  private let(node: SyntaxNode): Doc {
    const keyword = tokenOf(node, T.LET) as SyntaxToken
    const end = tokenOf(node, T.IN_KW)
    const nodes = childNodes(node)
    const body = nodes[nodes.length - 1] as SyntaxNode
    const items = nodes.slice(0, -1)
    const inside: Doc =
      items.length === 0
        ? []
        : [
            nest(
              hardLine,
              join(
                items.map((item, i): Doc => [i === 0 ? [] : this.blank(item), this.expr(item)]),
                hardLine,
              ),
            ),
          ]
    return brokenGroup(
      this.token(keyword),
      inside,
      nest(this.lastComments(end)),
      hardLine,
      end === undefined ? [] : this.closing(end),
      hardLine,
      this.comments.blank(this.first(body).start) ? hardLine : [],
      this.expr(body),
    )
  }

  private if(node: SyntaxNode): Doc {
    const parts: Doc[] = []
    let at = node
    let head: Doc = []
    let chain = false
    for (;;) {
      const [condition, yes, no] = childNodes(at)
      if (condition === undefined || yes === undefined || no === undefined) return this.verbatim(node)
      parts.push(head, this.tokens(at, T.IF), this.condition(condition, tokenOf(at, T.THEN)), this.tokens(at, T.THEN))
      parts.push(nest(line, this.expr(yes)), line)
      const word = this.tokens(at, T.ELSE)
      if (no.kind === "if" && !this.comments.has(no.start)) {
        head = [word, " "]
        at = no
        chain = true
        continue
      }
      parts.push(word, nest(line, this.expr(no)))
      return chain ? brokenGroup(parts) : group(parts)
    }
  }

  private condition(node: SyntaxNode, then: SyntaxToken | undefined): Doc {
    const doc = this.expr(node)
    const own = then !== undefined && this.comments.has(then.start)
    if (own || (mustBreak(doc) && !this.absorbs(node) && node.kind !== "call")) return brokenGroup(nest(line, doc), line)
    return choice([" ", group(doc), " "], brokenGroup(nest(line, doc), line))
  }

  private with(node: SyntaxNode): Doc {
    const [attrs, body] = childNodes(node)
    if (attrs === undefined || body === undefined) return this.verbatim(node)
    const head: Doc = [this.tokens(node, T.WITH), " ", this.expr(attrs), this.mark(node, T.SEMICOLON)]
    const blank = this.comments.blank(this.first(body).start)
    if (!blank && (this.absorbs(body) || body.kind === "with")) return [head, " ", this.expr(body)]
    return blank ? [head, blankLine, this.expr(body)] : group(head, line, this.expr(body))
  }

  private assert(node: SyntaxNode): Doc {
    const [condition, body] = childNodes(node)
    if (condition === undefined || body === undefined) return this.verbatim(node)
    const head: Doc = [this.tokens(node, T.ASSERT), " ", group(this.expr(condition)), this.mark(node, T.SEMICOLON)]
    return [head, this.comments.blank(this.first(body).start) ? blankLine : hardLine, this.expr(body)]
  }
}
