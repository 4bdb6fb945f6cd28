// Offsets of one text in two measures: bytes of its UTF-8 (the engine's) and UTF-16 units (the editor's).

import type { Span } from "./language-protocol.ts"
import { toBytes } from "./text.ts"

export class TextOffsets {
  /** The text as a byte string. */
  readonly bytes: string
  /** By byte its unit; null where they are the same (ASCII). */
  private readonly units: Uint32Array | null
  private readonly length: number

  constructor(text: string) {
    this.bytes = toBytes(text)
    this.length = text.length
    this.units = this.bytes.length === text.length ? null : unitsOf(text, this.bytes.length)
  }

  /** From bytes to units; what is inside a character counts as its beginning. */
  unit(byte: number): number {
    if (this.units === null) return Math.min(byte, this.length)
    return this.units[Math.min(byte, this.units.length - 1)] as number
  }

  /** From units to bytes. */
  byte(unit: number): number {
    if (this.units === null) return Math.min(unit, this.bytes.length)
    let low = 0
    let high = this.units.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.units[middle] as number) < unit) low = middle + 1
      else high = middle
    }
    return low
  }

  span({ start, end }: Span): Span {
    return { start: this.unit(start), end: this.unit(end) }
  }
}

function unitsOf(text: string, byteLength: number): Uint32Array {
  const units = new Uint32Array(byteLength + 1)
  let byte = 0
  for (let unit = 0; unit < text.length; ) {
    const code = text.codePointAt(unit) as number
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    units.fill(unit, byte, byte + size)
    byte += size
    unit += code > 0xffff ? 2 : 1
  }
  units[byteLength] = text.length
  return units
}
