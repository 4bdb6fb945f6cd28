// Coloured text of terminals (ECMA-48, SGR): lines of logs as parts with a tone. Other control sequences are dropped.

export interface AnsiPart {
  readonly text: string
  /** A class of the style sheet for each property that is set. */
  readonly tone: string
}

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
const SEQUENCE = /\x1b(?:\[([0-9;:]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g

/** A line in parts. Colours do not reach over the end of a line. */
export function ansiParts(line: string): readonly AnsiPart[] {
  if (!line.includes("\x1b")) return [{ text: line, tone: "" }]
  const parts: AnsiPart[] = []
  let colour = ""
  let bold = false
  let from = 0
  const take = (to: number): void => {
    if (to > from) parts.push({ text: line.slice(from, to), tone: [colour, bold ? "ansi-bold" : ""].filter(Boolean).join(" ") })
  }
  for (const found of line.matchAll(SEQUENCE)) {
    take(found.index)
    from = found.index + found[0].length
    if (found[2] !== "m") continue
    for (const code of (found[1] || "0").split(/[;:]/).map(Number)) {
      if (code === 0) {
        colour = ""
        bold = false
      } else if (code === 1) bold = true
      else if (code === 22) bold = false
      else if (code === 39) colour = ""
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour = `ansi-${COLOURS[code % 10]}`
    }
  }
  take(line.length)
  return parts
}

/** The text alone. */
export function plainText(line: string): string {
  return line.replace(SEQUENCE, "")
}
