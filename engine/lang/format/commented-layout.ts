// Tokens and nodes with the comments around them, as documents: each comment once, outside of the largest node it stands before or after.

import { isNode, type SyntaxElement, type SyntaxNode, type SyntaxToken, tokenOf } from "../syntax/syntax-node.ts"
import type * as T from "../token.ts"
import { Comments } from "./comments.ts"
import { type Doc, hardLine, raw } from "./doc.ts"

export abstract class CommentedLayout {
  protected readonly text: string
  protected readonly comments: Comments
  /** Where tokens begin whose comments were put before a larger node that begins there too. */
  protected readonly told = new Set<number>()
  /** Likewise for comments after a token. */
  protected readonly followed = new Set<number>()
  private readonly known = new Map<SyntaxNode, Doc>()

  constructor(text: string) {
    this.text = text
    this.comments = new Comments(text)
  }

  /** A node without the comments that `expr` puts around it. */
  protected abstract node(node: SyntaxNode): Doc

  protected token(token: SyntaxToken): Doc {
    const text = this.text.slice(token.start, token.end)
    return [this.before(token.start), text, this.after(token.start)]
  }

  protected before(start: number): Doc {
    return this.told.has(start) || !this.comments.has(start) ? [] : this.comments.before(start)
  }

  protected after(start: number): Doc {
    return this.followed.has(start) || !this.comments.trails(start) ? [] : this.comments.after(start)
  }

  /** A node between the comments before and after it: these must not break its groups. */
  expr(node: SyntaxNode): Doc {
    const known = this.known.get(node)
    if (known !== undefined) return known
    const first = this.first(node).start
    const last = this.last(node).start
    const before = this.before(first)
    const after = this.after(last)
    const tell = this.comments.has(first) && !this.told.has(first)
    const follow = this.comments.trails(last) && !this.followed.has(last)
    if (tell) this.told.add(first)
    if (follow) this.followed.add(last)
    const inner = this.node(node)
    if (tell) this.told.delete(first)
    if (follow) this.followed.delete(last)
    const doc = tell || follow ? [before, inner, after] : inner
    this.known.set(node, doc)
    return doc
  }

  /** A token that may be missing from the node (never in a text without errors). */
  protected tokens(node: SyntaxNode, kind: T.TokenKind): Doc {
    const token = tokenOf(node, kind)
    return token === undefined ? [] : this.token(token)
  }

  /** A sign behind something; comments before it stand on lines of their own. */
  protected mark(node: SyntaxNode, kind: T.TokenKind): Doc {
    const token = tokenOf(node, kind)
    if (token === undefined) return []
    return this.comments.has(token.start) && !this.told.has(token.start) ? [hardLine, this.token(token)] : this.token(token)
  }

  protected first(node: SyntaxNode): SyntaxToken {
    const first = node.children[0] as SyntaxElement
    return isNode(first) ? this.first(first) : first
  }

  protected last(node: SyntaxNode): SyntaxToken {
    // The end of a path is empty, and in the place of the token behind it.
    const last = node.children.findLast((child) => child.end > child.start) ?? (node.children[node.children.length - 1] as SyntaxElement)
    return isNode(last) ? this.last(last) : last
  }

  /** Source text as it is, with the comments around it. */
  protected verbatim(node: SyntaxNode): Doc {
    const text = this.text.slice(node.start, node.end)
    return [this.before(node.start), text.includes("\n") ? raw(text) : text, this.after(this.last(node).start)]
  }

  protected bare(token: SyntaxToken): Doc {
    return [this.text.slice(token.start, token.end), this.after(token.start)]
  }

  /** A closing bracket, after comments that belong inside. */
  protected closing(close: SyntaxToken): Doc {
    return this.comments.has(close.start) ? this.bare(close) : this.token(close)
  }

  /** An empty line before a node that has one. Stands after a line break, which makes it two. */
  protected blank(node: SyntaxNode): Doc {
    return this.comments.blank(this.first(node).start) ? hardLine : []
  }

  /** Comments before a closing bracket or `in`, on lines of their own. */
  protected lastComments(close: SyntaxToken | undefined): Doc {
    if (close === undefined || !this.comments.has(close.start)) return []
    const before = this.comments.before(close.start) as readonly Doc[]
    return [hardLine, this.comments.blank(close.start) ? hardLine : [], before.slice(0, -1)]
  }
}
