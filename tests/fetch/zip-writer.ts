// Zip archives byte by byte.

import { crc32, deflateRaw } from "./checksum.ts"
import { bytesOf } from "./tar-writer.ts"

export interface ZipEntry {
  readonly name: string
  readonly body?: string
  /** Unix mode with its file type; 0 for an archive made on DOS. */
  readonly mode?: number
  /** Date and time as DOS has them: [year, month, day, hour, minute, second]. */
  readonly date?: readonly [number, number, number, number, number, number]
  /** Seconds since 1970 in an extended timestamp field. */
  readonly mtime?: number
  readonly stored?: boolean
  /** A wrong checksum. */
  readonly crc?: number
  /** Sizes after the contents, as when the archive is written to a pipe. */
  readonly streamed?: boolean
}

const le = (value: number, width: number): string =>
  Array.from({ length: width }, (_, i) => String.fromCharCode(Math.floor(value / 256 ** i) & 0xff)).join("")

/** The archive with these entries. */
export function zip(entries: readonly ZipEntry[]): Uint8Array {
  let text = ""
  let central = ""
  for (const entry of entries) {
    const { name, body = "", mode = 0o100644, date: [y, mo, d, h, mi, s] = [2020, 9, 13, 12, 26, 40], stored = false } = entry
    const packed = stored ? body : deflateRaw(body)
    const crc = entry.crc ?? crc32(body)
    const time = le((h << 11) | (mi << 5) | (s >> 1), 2) + le(((y - 1980) << 9) | (mo << 5) | d, 2)
    const extra = entry.mtime === undefined ? "" : `UT${le(5, 2)}\x01${le(entry.mtime, 4)}`
    const sizes = le(crc, 4) + le(packed.length, 4) + le(body.length, 4)
    const flags = entry.streamed === true ? 8 : 0
    const start = le(20, 2) + le(flags, 2) + le(stored ? 0 : 8, 2) + time
    const offset = text.length
    text += `PK\x03\x04${start}${flags === 0 ? sizes : "\0".repeat(12)}${le(name.length, 2)}${le(extra.length, 2)}${name}${extra}${packed}`
    if (flags !== 0) text += `PK\x07\x08${sizes}`
    const made = mode === 0 ? le(20, 2) : le((3 << 8) | 30, 2)
    const tail = le(name.length, 2) + le(extra.length, 2) + le(0, 2) + le(0, 2) + le(0, 2) + le(mode * 65536, 4) + le(offset, 4)
    central += `PK\x01\x02${made}${start}${sizes}${tail}${name}${extra}`
  }
  const end = le(0, 4) + le(entries.length, 2) + le(entries.length, 2) + le(central.length, 4) + le(text.length, 4) + le(0, 2)
  return bytesOf(`${text}${central}PK\x05\x06${end}`)
}
