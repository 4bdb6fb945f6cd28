// Indented strings, moved with the code around them.

import { isNode, type SyntaxNode } from "../syntax/syntax-node.ts"
import { brokenGroup, type Doc, hardLine, nest, raw } from "./doc.ts"

/**
 * The text of an indented string (`''` included) as a document. It is moved only where that cannot change its value: its first line
 * is empty, no tabs indent it, and no interpolation goes over a line's end.
 */
export function indentedString(text: string, whole: string, node: SyntaxNode): Doc {
  if (!text.includes("\n")) return text
  const spans = node.children.filter(isNode).some((child) => whole.slice(child.start, child.end).includes("\n"))
  const [first = "", ...rest] = text.split("\n")
  const last = rest.pop() ?? ""
  const plain =
    !spans &&
    /^''[ ]*$/.test(first) &&
    !text.includes("\r") &&
    [...rest, last].every((line) => /^ *(?!\t)/.test(line) && !/^ *\t/.test(line))
  const ending = /^( *)''$/.exec(last)
  if (!plain || ending === null) return brokenGroup(raw(text))
  const indents = rest.filter((line) => /[^ ]/.test(line)).map((line) => /^ */.exec(line)?.[0].length ?? 0)
  const least = indents.length === 0 ? 0 : Math.min(...indents)
  const lines: Doc[] = []
  for (const line of rest) {
    if (line.length <= least || !/[^ ]/.test(line.slice(least))) {
      // Spaces beyond the indentation are part of the value; they stay, and keep the line from being trimmed.
      const spaces = Math.max(0, line.length - least)
      lines.push(spaces === 0 ? raw("\n") : [hardLine, raw(" ".repeat(spaces))])
    } else lines.push(hardLine, raw(line.slice(least)))
  }
  return ["''", nest(lines), hardLine, "''"]
}
