// Turns an error or warning into the text C++ Nix writes on stderr, and into plain data for the worker
// boundary. Layout (libutil/error.cc showErrorInfo): frames outermost first, then the message, its
// position with three lines of code, suggestions; all indented by the width of the prefix ("error: ").
// Everything is a byte string.

import type { Place, Sources } from "../lang/source.ts"
import type { Frame, NixError } from "./error.ts"
import { BLUE, filterAnsi, MAGENTA, NORMAL, RED } from "./print-ansi.ts"
import { originBytes, placeBytes } from "./print-place.ts"
import { suggestionText } from "./text/levenshtein.ts"

/** What a report is about: a NixError is one. `pos` 0 for none. */
export interface Report {
  readonly message: string
  readonly pos: number
  /** Innermost first. */
  readonly frames: readonly Frame[]
  readonly suggestions: readonly string[]
}

export interface ReportOptions {
  /** All frames; else about two positioned ones and those that are always shown. */
  readonly showTrace?: boolean
  /** With the colours of a terminal. */
  readonly color?: boolean
  readonly prefix?: "error" | "warning" | "evaluation warning"
}

/** An error as plain data; texts are byte strings, `trace` is outermost first. */
export interface ErrorData {
  readonly code: string
  readonly message: string
  readonly at: PlaceData | null
  readonly trace: readonly { readonly hint: string; readonly at: PlaceData | null }[]
  readonly suggestions: readonly string[]
}

/** Line and column count from 1, the column in bytes. */
export interface PlaceData {
  readonly file: string
  readonly line: number
  readonly column: number
}

const ELLIPSIS = "\xe2\x80\xa6" // … in UTF-8
const NUL_SIGN = "\xe2\x90\x80" // ␀ in UTF-8

/** The text of an error or warning, without a newline at its end. */
export function renderError(report: Report, sources: Sources, options: ReportOptions = {}): string {
  const color = options.color === true
  const word = options.prefix ?? "error"
  const pen = new Pen(sources, color)
  const prefix = `${pen.paint(word === "error" ? RED : MAGENTA, `${word}:`)} `
  let text = ""
  const frames = report.frames.filter((f) => f.hint !== "").reverse()
  if (frames.length > 0) text += `${trace(frames, pen, options.showTrace === true)}\n${prefix}`
  text += `${report.message.replaceAll("\0", NUL_SIGN)}\n${pen.position("", report.pos)}`
  if (report.suggestions.length > 0) text += `Did you mean ${suggestionText(report.suggestions)}?\n`
  // C++ Nix: prim_warn's noIndent.
  const flat = word === "evaluation warning" && report.message.startsWith("\n")
  const out = flat ? prefix.trimEnd() + chomp(text) : indented(prefix, " ".repeat(word.length + 2), chomp(text))
  return filterAnsi(out, color)
}

/** An error as plain data that survives a worker boundary. */
export function errorData(error: NixError, sources: Sources): ErrorData {
  const at = (pos: number) => placeData(sources.place(pos))
  return {
    code: error.kind,
    message: error.message.replace(/\x1b\[[0-9;]*m/g, ""),
    at: at(error.pos),
    trace: error.frames.map((f) => ({ hint: f.hint, at: at(f.pos) })).reverse(),
    suggestions: [...error.suggestions],
  }
}

function placeData(place: Place | undefined): PlaceData | null {
  return place === undefined ? null : { file: originBytes(place.source.origin), line: place.line, column: place.column }
}

/** Draws the parts of a report, with or without colours. */
class Pen {
  readonly sources: Sources
  readonly color: boolean

  constructor(sources: Sources, color: boolean) {
    this.sources = sources
    this.color = color
  }

  paint(code: string, text: string): string {
    return this.color ? code + text + NORMAL : text
  }

  /** "at FILE:L:C:" and the code around it, with a newline at its end; "" for no position. */
  position(indent: string, pos: number): string {
    const place = this.sources.place(pos)
    if (place === undefined) return ""
    const name = placeBytes(place)
    const at = this.color ? `${BLUE}at ${MAGENTA}${name}${NORMAL}` : `at ${name}`
    return `${indent}${at}:${this.code(place)}\n`
  }

  /** The line before, the line with a caret below it, the line after; as far as there are any. */
  private code(place: Place): string {
    const source = place.source
    // C++ Nix reads a string or stdin as a C string.
    const limit = source.origin.kind === "file" ? -1 : source.text.indexOf("\0")
    if (source.text === "" || limit === 0) return ""
    let out = ""
    for (const n of [place.line - 1, place.line, place.line + 1]) {
      const start = source.lineStarts[n - 1]
      let line = source.line(n)
      if (line === undefined || start === undefined) continue
      if (limit >= 0) {
        if (start > limit) continue
        line = line.slice(0, limit - start)
      }
      out += `\n ${String(n).padStart(5)}| ${line}`
      if (n === place.line) out += `\n      |${" ".repeat(place.column)}${this.paint(RED, "^")}`
    }
    return out
  }

  frame(frame: Frame): string {
    return `\n${ELLIPSIS} ${frame.always ? frame.hint : this.quoted(frame.hint)}\n${this.position("  ", frame.pos)}`
  }

  notice(text: string): string {
    return `\n${this.paint(MAGENTA, text)}\n`
  }

  /** Nix colours what it inserts into its texts, which in frames is what stands in quotes. */
  private quoted(hint: string): string {
    return this.color ? hint.replace(/'([^'\n]+)'/g, `'${MAGENTA}$1${NORMAL}'`) : hint
  }
}

/** The frames, outermost first, each after a blank line. */
function trace(frames: readonly Frame[], pen: Pen, showTrace: boolean): string {
  let out = ""
  // Counts a printed frame, and once more if it has a position: two positioned frames are shown.
  let count = 0
  let truncated = false
  const seen = new Set<string>()
  let skipped: Frame[] = []
  const print = (frame: Frame) => {
    out += pen.frame(frame)
    if (frame.pos !== 0) count++
  }
  const printSkipped = () => {
    if (skipped.length > 5) out += pen.notice(`(${skipped.length} duplicate frames omitted)`)
    else for (const frame of skipped) print(frame)
    skipped = []
  }
  for (const frame of frames) {
    if (!showTrace && count > 3) truncated = true
    if (truncated && !frame.always) continue
    const key = `${pen.sources.print(frame.pos)} ${frame.hint}`
    // C++ Nix means to forget the seen frames after an omission, but clears a copy.
    if (seen.has(key)) {
      skipped.push(frame)
      continue
    }
    seen.add(key)
    printSkipped()
    count++
    print(frame)
  }
  printSkipped()
  if (truncated) out += pen.notice("(stack trace truncated; use '--show-trace' to show the full, detailed trace)")
  return out
}

/** Cuts blanks and line ends off the end (C++ Nix: util.cc chomp). */
function chomp(text: string): string {
  let end = text.length
  while (end > 0 && " \n\r\t".includes(text[end - 1] as string)) end--
  return text.slice(0, end)
}

/** Puts the prefix before the first line and blanks before the others; no line keeps trailing blanks. */
function indented(first: string, rest: string, text: string): string {
  return text
    .split("\n")
    .map((line, i) => chomp((i === 0 ? first : rest) + line))
    .join("\n")
}
