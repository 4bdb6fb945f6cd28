// Removing the common indentation of `''…''`. C++ Nix: parser-state.hh stripIndentation.
//
// Only spaces count (a tab is text). Lines of nothing but spaces do not count, but lose up to as many.
// Escapes and interpolations end the space at the beginning of a line.

import { type ConcatPart, StrExpr } from "./expr.ts"
import type { IndentedPart } from "./stringy.ts"

/** The parts with the indentation gone and empty texts dropped. */
export function stripIndentation(parts: readonly IndentedPart[]): ConcatPart[] {
  const indent = smallestIndent(parts)
  const out: ConcatPart[] = []
  let lineStart = true
  let dropped = 0
  for (let n = 0; n < parts.length; n++) {
    const part = parts[n] as IndentedPart
    if ("expr" in part) {
      lineStart = false
      dropped = 0
      out.push({ expr: part.expr, pos: part.pos })
      continue
    }
    const text = part.text
    let stripped = ""
    let i = 0
    while (i < text.length) {
      if (lineStart) {
        const spaces = i
        while (i < text.length && text.charCodeAt(i) === 32) i++
        // Spaces may go on from the part before (`dropped`).
        const skip = Math.min(i - spaces, Math.max(0, indent - dropped))
        dropped += i - spaces
        stripped += text.slice(spaces + skip, i)
        if (i >= text.length) break
        dropped = 0
        lineStart = false
      }
      const newline = text.indexOf("\n", i)
      const end = newline < 0 ? text.length : newline + 1
      stripped += text.slice(i, end)
      i = end
      if (newline >= 0) lineStart = true
    }
    if (n === parts.length - 1) stripped = withoutLastBlankLine(stripped)
    if (stripped !== "") out.push({ expr: new StrExpr(stripped, part.pos, part.end), pos: part.pos })
  }
  return out
}

function smallestIndent(parts: readonly IndentedPart[]): number {
  let lineStart = true
  let smallest = 1000000
  let current = 0
  for (const part of parts) {
    if ("expr" in part || !part.indented) {
      if (lineStart) {
        lineStart = false
        smallest = Math.min(smallest, current)
      }
      continue
    }
    const text = part.text
    let i = 0
    while (i < text.length) {
      if (lineStart) {
        const spaces = i
        while (i < text.length && text.charCodeAt(i) === 32) i++
        current += i - spaces
        if (i >= text.length) break
        if (text.charCodeAt(i) === 10) {
          current = 0
          i++
          continue
        }
        lineStart = false
        smallest = Math.min(smallest, current)
      }
      const newline = text.indexOf("\n", i)
      if (newline < 0) break
      lineStart = true
      current = 0
      i = newline + 1
    }
  }
  return smallest
}

function withoutLastBlankLine(text: string): string {
  const newline = text.lastIndexOf("\n")
  if (newline < 0) return text
  for (let i = newline + 1; i < text.length; i++) if (text.charCodeAt(i) !== 32) return text
  return text.slice(0, newline + 1)
}
