// The bytes of a step as text, cut where its inputs begin and end. Spans count bytes; the text is UTF-8 decoded, or has bytes as `\x`
// escapes.

import type { StepView } from "../../engine/worker/derivation-protocol.ts"

export interface MarkedPart {
  readonly text: string
  /** The input that stands here; null for what is between. */
  readonly input: number | null
}

/** Bytes that cross to the page. */
const MOST = 20_000

/** The parts of a step's bytes. Where inputs lie in each other, the shorter one is marked. */
export function markedBytes({ bytes, size, inputs }: Pick<StepView, "bytes" | "size" | "inputs">): MarkedPart[] {
  const units = unitsOf(bytes, Math.min(size, MOST))
  const owner: (number | null)[] = new Array(units.length).fill(null)
  const order = inputs
    .map(({ span }, i) => ({ span, i }))
    .filter((x): x is { span: readonly [number, number]; i: number } => x.span !== null)
    .sort((a, b) => b.span[1] - b.span[0] - (a.span[1] - a.span[0]))
  for (const { span, i } of order) for (let at = span[0]; at < Math.min(span[1], units.length); at++) owner[at] = i
  const parts: MarkedPart[] = []
  let text = ""
  for (let at = 0; at < units.length; at++) {
    text += units[at]
    if (at + 1 < units.length && owner[at + 1] === owner[at]) continue
    parts.push({ text, input: owner[at] ?? null })
    text = ""
  }
  return parts
}

/** For each byte what is shown of it: a character at its first byte, "" at its others. */
function unitsOf(bytes: string, size: number): string[] {
  const plain: string[] = []
  for (const char of bytes) {
    const code = char.codePointAt(0) as number
    plain.push(char)
    for (let more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3; more > 0; more--) plain.push("")
  }
  return plain.length === size ? plain : (bytes.match(/\\x[0-9a-f]{2}|./gs) ?? [])
}
