// Base64 as Nix writes and reads it: padded when written; when read, line feeds are skipped, reading stops at the
// first "=", whatever follows, and padding may be missing.
// C++ Nix: libutil/base-n.cc base64

import { fail } from "../error.ts"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const values = new Int8Array(256).fill(-1)
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i

/** Bytes as Base64 with padding. */
export function printBase64(bytes: Uint8Array): string {
  let text = ""
  let data = 0
  let bits = 0
  for (const byte of bytes) {
    data = ((data << 8) | byte) & 0xffff
    bits += 8
    while (bits >= 6) {
      bits -= 6
      text += alphabet[(data >> bits) & 63]
    }
  }
  if (bits > 0) text += alphabet[(data << (6 - bits)) & 63]
  while (text.length % 4 !== 0) text += "="
  return text
}

/** Bytes written in Base64, with the leniency described above; fails on foreign characters (code `bad-encoding`). */
export function parseBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8))
  let size = 0
  let data = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 61) break // =
    if (code === 10) continue
    const digit = code < 256 ? (values[code] as number) : -1 // code < 256 is inside the table
    if (digit < 0) fail("bad-encoding", `invalid character in Base64 string: '${text[i]}'`, i)
    data = ((data << 6) | digit) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[size++] = (data >> bits) & 255
    }
  }
  return bytes.slice(0, size)
}
