// Takes what C++ Nix printed for an error apart again: message, frames, positions, suggestions.
import type { Frame } from "../../engine/eval/error.ts"
import type { Report } from "../../engine/eval/report.ts"
import type { Source } from "../../engine/lang/source.ts"

/** Finds the source of a name in a golden, or makes one that has these lines (number → text). */
export type FindSource = (name: string, lines: ReadonlyMap<number, string>) => Source

const TRUNCATED = "(stack trace truncated; use '--show-trace' to show the full, detailed trace)"
const ELLIPSIS = "\xe2\x80\xa6 "

/** A report that prints as `golden` (bytes) with `showTrace`. */
export function readGolden(golden: string, showTrace: boolean, find: FindSource): Report {
  const lines = golden.replace(/\n+$/, "").split("\n")
  const first = lines[0] ?? ""
  if (!first.startsWith("error:")) throw new RangeError(`no error: ${first}`)
  const rest = lines.slice(1).map((line) => (line.startsWith("       ") ? line.slice(7) : line))
  if (first !== "error:") return readFinal([first.slice(7), ...rest], [], find)
  const frames: Frame[] = []
  let count = 0
  let i = 0
  while (i < rest.length) {
    const line = rest[i] as string
    const omitted = /^\((\d+) duplicate frames omitted\)$/.exec(line)
    if (line.startsWith("error:")) return readFinal([line.slice(7), ...rest.slice(i + 1)], frames.reverse(), find)
    if (line === "") i++
    else if (line === TRUNCATED) {
      // Something that is not shown; it does not matter what.
      frames.push({ pos: 0, hint: "while doing what nobody sees", always: false })
      i++
    } else if (omitted) {
      for (let n = Number(omitted[1]); n > 0; n--) frames.push(frames[0] as Frame)
      i++
    } else if (line.startsWith(ELLIPSIS)) {
      const end = endOfBlock(rest, i)
      const { text, pos } = readBlock([line.slice(ELLIPSIS.length), ...rest.slice(i + 1, end)], "  ", find)
      // Past the limit only frames that are always printed are there.
      frames.push({ pos, hint: text, always: !showTrace && count > 3 })
      count += pos === 0 ? 1 : 2
      i = end
    } else throw new RangeError(`what is this: ${line}`)
  }
  throw new RangeError("a trace without a message")
}

/** A frame goes to the next blank line before a frame, a notice or the message; messages may have blank lines. */
function endOfBlock(lines: readonly string[], start: number): number {
  let i = start + 1
  while (i < lines.length) {
    const after = lines[i + 1] ?? ""
    if (lines[i] === "" && (after.startsWith(ELLIPSIS) || after.startsWith("error:") || after.startsWith("("))) return i
    i++
  }
  return i
}

function readFinal(lines: readonly string[], frames: Frame[], find: FindSource): Report {
  const last = lines.at(-1) ?? ""
  const hint = /^Did you mean (?:one of )?(.*)\?$/.exec(last)
  const { text, pos } = readBlock(hint ? lines.slice(0, -1) : lines, "", find)
  // A blank line can only end a message if the end of a colour stood there (the parser of TOML ends its texts so).
  return {
    message: text.endsWith("\n") ? `${text}\x1b[0m` : text,
    pos,
    frames,
    suggestions: hint ? (hint[1] as string).split(/, | or /) : [],
  }
}

/** A text with perhaps a position and its code behind it. */
function readBlock(lines: readonly string[], indent: string, find: FindSource): { text: string; pos: number } {
  for (let i = 0; i < lines.length; i++) {
    const at = /^( *)at (.*):(\d+):(\d+):$/.exec(lines[i] as string)
    if (at === null || at[1] !== indent) continue
    const code = new Map<number, string>()
    for (const line of lines.slice(i + 1)) {
      const numbered = /^ *(\d+)\|(?: (.*))?$/.exec(line)
      if (numbered) code.set(Number(numbered[1]), numbered[2] ?? "")
    }
    const source = find(at[2] as string, code)
    const start = source.lineStarts[Number(at[3]) - 1]
    if (start === undefined) throw new RangeError(`no line ${at[3]} in ${at[2]}`)
    return { text: lines.slice(0, i).join("\n"), pos: source.base + start + Number(at[4]) - 1 }
  }
  return { text: lines.join("\n"), pos: 0 }
}
