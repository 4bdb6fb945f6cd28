// From Nix's positions to the text area's: lines from 1, columns in bytes from 1.

import type { PlaceView } from "../engine/worker/client.ts"

/** Nix's position of an offset in UTF-16 units. */
export function placeAt(text: string, offset: number, file: string): PlaceView {
  const start = text.lastIndexOf("\n", offset - 1) + 1
  return {
    file,
    line: text.slice(0, start).split("\n").length,
    column: new TextEncoder().encode(text.slice(start, offset)).length + 1,
  }
}

/** The range of UTF-16 units to select for a place: the word or sign that begins there. */
export function rangeOf(text: string, place: PlaceView): readonly [start: number, end: number] {
  let start = 0
  for (let line = 1; line < place.line; line++) {
    const next = text.indexOf("\n", start)
    if (next < 0) return [text.length, text.length]
    start = next + 1
  }
  let bytes = place.column - 1
  while (bytes > 0 && start < text.length && text[start] !== "\n") {
    const char = text.codePointAt(start) as number
    bytes -= char < 0x80 ? 1 : char < 0x800 ? 2 : char < 0x10000 ? 3 : 4
    start += char < 0x10000 ? 1 : 2
  }
  const word = /^(?:[\w'-]+|[^\s\w])/u.exec(text.slice(start, start + 200))
  return [start, start + (word?.[0].length ?? 0)]
}
