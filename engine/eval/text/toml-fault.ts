// A fault in TOML text and how toml11 (the library that Nix reads TOML with) shows it: a title, then for each place its line
// with a mark under it. Lines are cut 30 bytes around the place; bytes that are not printable ASCII appear in hex.
// Source: toml11 4.4, impl/error_info_impl.hpp, source_location_impl.hpp, region_impl.hpp.

/** Bytes `first` up to `last` of a source; one byte when given a position only. */
export interface TomlRegion {
  readonly source: string
  /** What the source is called in messages. */
  readonly name: string
  readonly first: number
  readonly last: number
  /** The position whose line is the last one: `last`, but a single line end belongs to the line that it ends. */
  readonly lineAt: number
}

/** A region with what is said about it. */
export interface TomlPlace {
  readonly region: TomlRegion
  readonly note: string
}

/** Thrown inside the reader, which collects faults and goes on. */
export class TomlFault extends Error {
  readonly title: string
  readonly places: readonly TomlPlace[]
  /** Hints, each line ended. */
  readonly hints: string
  /** Where reading goes on, when that is not where the wrong value began. */
  resume: number | null = null

  constructor(title: string, places: readonly TomlPlace[], hints = "") {
    super(title)
    this.title = title
    this.places = places
    this.hints = hints
  }
}

/** The region of the byte at `at`; at the end of the source, of the byte before it. */
export function regionAt(source: string, name: string, at: number): TomlRegion {
  if (at < source.length) return { source, name, first: at, last: at + 1, lineAt: at }
  const last = source.length
  return { source, name, first: Math.max(last - 1, 0), last, lineAt: last }
}

function lineOf(source: string, at: number): number {
  let line = 1
  for (let i = source.indexOf("\n"); i >= 0 && i < at; i = source.indexOf("\n", i + 1)) line++
  return line
}

const controlNames: ReadonlyMap<string, string> = new Map([
  ["\0", "(NUL)"],
  ["\n", "(LINE FEED)"],
  ["\r", "(CARRIAGE RETURN)"],
  ["\t", "(TAB)"],
  ["\v", "(VERTICAL TAB)"],
  ["\f", "(FORM FEED)"],
  ["\x1b", "(ESCAPE)"],
])

function showLine(line: string): string {
  return line.replace(/[^ -~]/g, (char) => `0x${char.charCodeAt(0).toString(16).padStart(2, "0")}${controlNames.get(char) ?? ""}`)
}

/** The line around bytes `begin` to `end`, and the column (from 0) of `begin` in it. */
function takeLine(source: string, begin: number, end: number): { text: string; offset: number } {
  const earliest = Math.max(begin - 30, 0)
  const latest = Math.min(end + 30, source.length)
  const before = begin === 0 ? -1 : source.lastIndexOf("\n", begin - 1)
  const from = Math.max(before + 1, earliest)
  const after = source.indexOf("\n", end)
  const to = after < 0 || after > latest ? latest : after
  let text = source.slice(from, to)
  let offset = begin - from
  if (from !== 0 && source[from - 1] !== "\n") {
    text = `... ${text}`
    offset += 4
  }
  if (to !== source.length && source[to] !== "\n") text += " ..."
  return { text, offset }
}

/** A region as it is shown: its lines, and where it begins and ends in the first and last. */
interface Shown {
  readonly firstLine: number
  readonly lastLine: number
  readonly lines: readonly string[]
  readonly firstColumn: number
  readonly lastColumn: number
  readonly length: number
}

function shownRegion({ source, first, last, lineAt }: TomlRegion): Shown {
  const firstLine = lineOf(source, first)
  const lastLine = lineOf(source, lineAt)
  const length = last - first
  if (length === 0) return { firstLine: 0, lastLine: 0, lines: [""], firstColumn: 1, lastColumn: 1, length }
  const end = last - 1
  if (firstLine === lastLine) {
    const { text, offset } = takeLine(source, first, end)
    return { firstLine, lastLine, lines: [text], firstColumn: offset + 1, lastColumn: offset + 1, length }
  }
  const fileEnd = source.length - first > 60 ? first + 50 : source.length
  const fileBegin = end > 60 ? end - 50 : 0
  const lineEnd = source.indexOf("\n", first)
  const lineBegin = source.indexOf("\n", fileBegin)
  const head = takeLine(source, first, lineEnd < 0 || lineEnd > fileEnd ? fileEnd : lineEnd)
  const tail = takeLine(source, lineBegin < 0 || lineBegin > end ? end : lineBegin, end)
  const lines = firstLine + 1 === lastLine ? [head.text, tail.text] : [head.text, "...", tail.text]
  return { firstLine, lastLine, lines, firstColumn: head.offset + 1, lastColumn: tail.offset + 1, length }
}

function printPlace(place: TomlPlace, shown: Shown, width: number): string {
  const { lines, firstLine, lastLine, firstColumn, lastColumn, length } = shown
  const line = (number: number, text: string): string => ` ${String(number).padStart(width)} | ${showLine(text)}\n`
  const mark = (column: number, count: number, note: string): string =>
    `${" ".repeat(width + 1)} | ${" ".repeat(Math.max(column - 1, 0))}${"^".repeat(Math.max(count, 0))}-- ${note}\n`
  const [head = "", middle = ""] = lines
  const tail = lines[lines.length - 1] ?? ""
  if (lines.length === 1) {
    const room = head.length < firstColumn ? 1 : head.length - firstColumn + 1
    return line(firstLine, head) + mark(firstColumn, Math.min(room, length), place.note)
  }
  const headCount = head.length - firstColumn + 1
  const ending = line(lastLine, tail) + mark(1, lastColumn, place.note)
  if (lines.length === 2) return line(firstLine, head) + mark(firstColumn, headCount, "") + ending
  return line(firstLine, head) + mark(firstColumn, headCount, "and") + line(firstLine + 1, middle) + mark(1, middle.length, "and") + ending
}

/** The message of one fault, all lines ended. */
export function printTomlFault({ title, places, hints }: TomlFault): string {
  const shown = places.map(({ region }) => shownRegion(region))
  const width = Math.max(0, ...shown.map(({ lastLine }) => (lastLine === 0 ? 0 : String(lastLine).length)))
  const bar = `${" ".repeat(width + 1)} |`
  let text = `[error] ${title}\n`
  for (const [i, place] of places.entries()) {
    if (i > 0) text += `${bar} ...\n${bar}\n`
    if (place.region.name !== places[i - 1]?.region.name) text += ` --> ${place.region.name}\n${bar}\n`
    // Each place has its shown region: the arrays have the same length.
    text += printPlace(place, shown[i] as Shown, width)
  }
  return text + hints
}
