// What the zip writer needs of zlib.

import { deflateRawSync } from "node:zlib"
import { bytesOf } from "./tar-writer.ts"

/** CRC-32 of a byte string. */
export function crc32(text: string): number {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** A byte string deflated. */
export function deflateRaw(text: string): string {
  return deflateRawSync(bytesOf(text)).toString("latin1")
}
