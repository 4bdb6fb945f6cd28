// Places and pieces of one source as bytes, for messages that contain them.

import { originName, type Source } from "./source.ts"

/** `FILE:LINE:COLUMN` in bytes; `pos` is not 0 and lies in `source`. */
export function printPlace(source: Source, pos: number): string {
  const { line, column } = source.place(pos - source.base)
  return `${originBytes(source)}:${line}:${column}`
}

/** A file's path is bytes already; the other names are text. */
function originBytes(source: Source): string {
  const name = originName(source.origin)
  if (source.origin.kind === "file") return name
  return name.replaceAll("\u00ab", "\xc2\xab").replaceAll("\u00bb", "\xc2\xbb")
}

/** The text from `start` to `end` with its line ends made LF. C++ Nix: position.cc getSnippetUpTo. */
export function snippet(source: Source, start: number, end: number): string {
  return source.text.slice(start - source.base, end - source.base).replace(/\r\n?/g, "\n")
}
