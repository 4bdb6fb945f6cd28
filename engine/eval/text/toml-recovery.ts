// Where toml11 goes on after a fault, to find more of them (skip.hpp): its message lists all that it found.
import type { TomlCursor } from "./toml-cursor.ts"

function skipUntil(cursor: TomlCursor, end: string): void {
  while (!cursor.ended && !cursor.takes(end)) cursor.advance()
}

function skipString(cursor: TomlCursor): void {
  for (const quotes of ['"""', "'''"]) {
    if (cursor.takes(quotes)) {
      skipUntil(cursor, quotes)
      return
    }
  }
  const quote = cursor.char
  while (!cursor.ended) {
    cursor.advance()
    if (cursor.char === quote || cursor.char === "\n") {
      cursor.advance()
      return
    }
  }
}

/** Skips blanks, comments and empty lines. (toml11 itself hangs here when a comment follows.) */
export function skipComments(cursor: TomlCursor): void {
  while (!cursor.ended) {
    cursor.skipBlanks()
    if (cursor.char === "#") skipUntil(cursor, "\n")
    else if (!cursor.takesNewline()) return
  }
}

function atHeader(cursor: TomlCursor): boolean {
  const start = cursor.at
  const found = cursor.takesHeader("[") || cursor.takesHeader("[[")
  cursor.at = start
  return found
}

/** Skips to the closing bracket of an array or inline table, or to what shows that it is missing. */
function skipNested(cursor: TomlCursor): void {
  const open: string[] = []
  do {
    const inner = open[open.length - 1]
    const { char } = cursor
    const close = inner === "[" ? "]" : "}"
    if (inner === undefined) {
      open.push(char)
      cursor.advance()
    } else if (inner === "{" && char === "\n") open.pop()
    else if (char === '"' || char === "'") skipString(cursor)
    else if (char === "#") {
      skipComments(cursor)
      if (inner === "{") open.pop()
    } else if (char === "[" || char === "{") {
      if (char === "[" && atHeader(cursor)) open.pop()
      else {
        open.push(char)
        cursor.advance()
      }
    } else if (inner === "[" && char === "=") {
      // No key belongs into an array: the bracket is missing before this line.
      cursor.at = cursor.text.lastIndexOf("\n", cursor.at) + 1
      open.pop()
    } else if (char === close) open.pop()
    else cursor.advance()
  } while (open.length > 0 && !cursor.ended)
}

/** Skips a value that was wrong. */
export function skipValue(cursor: TomlCursor): void {
  const { char } = cursor
  if (char === '"' || char === "'") skipString(cursor)
  else if (char === "[" || char === "{") skipNested(cursor)
  else while (!cursor.ended && !"\n,]}".includes(cursor.char)) cursor.advance()
}

/** Skips a line that was to be `key = value`. */
export function skipPair(cursor: TomlCursor): void {
  for (; !cursor.ended; cursor.advance()) {
    if (cursor.char === "\n") return
    if (cursor.char === "=") {
      skipValue(cursor)
      return
    }
  }
}

/** Skips to the line of the next table. */
export function skipToTable(cursor: TomlCursor): void {
  while (!cursor.ended) {
    if (cursor.char === "\n") {
      cursor.advance()
      const line = cursor.at
      cursor.skipBlanks()
      if (atHeader(cursor)) {
        cursor.at = line
        return
      }
    }
    cursor.advance()
  }
}
