// Comments and empty lines around tokens, as documents.

import { type Comment, commentsIn, lexTokens } from "../syntax/syntax-tokens.ts"
import { blankLine, type Doc, hardLine, raw, suffix } from "./doc.ts"

interface Around {
  /** Comments on lines of their own before the token. */
  readonly before: readonly Comment[]
  /** Comments after the token on its line. */
  readonly after: readonly Comment[]
  /** Whether there is an empty line before the token and its comments. */
  readonly blank: boolean
  /** Whether there is a line break before the token (or its comments). */
  readonly broken: boolean
}

/** What stands around each token of a text. */
export class Comments {
  private readonly text: string
  private readonly around = new Map<number, Around>()

  constructor(text: string) {
    this.text = text
    const tokens = lexTokens(text)
    let end = 0
    let after: Comment[] = []
    let last = -1
    const before = new Map<number, { comments: Comment[]; blank: boolean; broken: boolean }>()
    const trailing = new Map<number, Comment[]>()
    for (const [i, token] of tokens.entries()) {
      const comments = commentsIn(text, end, token.start)
      const own: Comment[] = []
      after = []
      for (const comment of comments) {
        const sameLine = last >= 0 && own.length === 0 && !text.slice(end, comment.start).includes("\n")
        // A block comment with something behind it on the line belongs to that.
        const alone = !comment.block || /^[ \t]*(?:\r?\n|$)/.test(text.slice(comment.end))
        if (sameLine && alone) after.push(comment)
        else own.push(comment)
      }
      if (last >= 0) trailing.set(last, after)
      const start = after.length > 0 ? (after[after.length - 1] as Comment).end : end
      const gap = text.slice(start, own[0]?.start ?? token.start)
      before.set(i, { comments: own, blank: /\n[ \t\r]*\n/.test(gap), broken: text.slice(end, token.start).includes("\n") })
      last = i
      end = Math.max(end, token.end)
    }
    for (const [i, token] of tokens.entries()) {
      const { comments, blank, broken } = before.get(i) as { comments: Comment[]; blank: boolean; broken: boolean }
      // Empty tokens (the end of a path) share the place of the next one, which is the one with the comments.
      if (this.around.has(token.start) && token.end === token.start && token.kind !== 0) continue
      this.around.set(token.start, { before: comments, after: trailing.get(i) ?? [], blank, broken })
    }
  }

  private at(start: number): Around {
    return this.around.get(start) ?? { before: [], after: [], blank: false, broken: false }
  }

  /** Whether there is a line break between the token that starts here and the one before it. */
  broken(start: number): boolean {
    return this.at(start).broken
  }

  /** Whether an empty line stands before the token (and its comments). */
  blank(start: number): boolean {
    return this.at(start).blank
  }

  /** Whether there is a comment before the token. */
  has(start: number): boolean {
    return this.at(start).before.length > 0
  }

  /** Whether there is a comment after the token on its line. */
  trails(start: number): boolean {
    return this.at(start).after.length > 0
  }

  /** The comments before a token, each on its line, with what was between them; ends in a line break if there are any. */
  before(start: number): Doc {
    const { before } = this.at(start)
    const docs: Doc[] = []
    for (const [i, comment] of before.entries()) {
      const next = before[i + 1]?.start ?? start
      const gap = this.text.slice(comment.end, next)
      docs.push(this.comment(comment))
      if (comment.block && !gap.includes("\n")) docs.push(" ")
      else docs.push(/\n[ \t\r]*\n/.test(gap) ? blankLine : hardLine)
    }
    return docs
  }

  after(start: number): Doc {
    return this.at(start).after.map((comment) => suffix(` ${this.clean(comment)}`))
  }

  private clean({ start, end }: Comment): string {
    return this.text.slice(start, end).replace(/[ \t\r]+$/, "")
  }

  private comment(comment: Comment): Doc {
    const text = this.clean(comment)
    if (!text.includes("\n")) return text
    return this.block(comment, text)
  }

  /** A block comment over several lines moves with its first line. */
  private block(comment: Comment, text: string): Doc {
    const begin = this.text.lastIndexOf("\n", comment.start) + 1
    const indent = /^[ ]*/.exec(this.text.slice(begin, comment.start))?.[0].length ?? 0
    if (begin + indent !== comment.start) return raw(text)
    const lines = text.split("\n").map((l) => l.replace(/[ \t\r]+$/, ""))
    const docs: Doc[] = [lines[0] as string]
    let blanks = 0
    for (const one of lines.slice(1)) {
      if (one === "") {
        blanks++
        continue
      }
      // Several empty lines stay as many: it is somebody's text.
      if (blanks > 0) docs.push(raw("\n".repeat(blanks)))
      blanks = 0
      const spaces = /^[ ]*/.exec(one)?.[0].length ?? 0
      docs.push(hardLine, " ".repeat(Math.max(0, spaces - indent)), one.slice(spaces))
    }
    return docs
  }
}
