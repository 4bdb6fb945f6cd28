// Hexadecimal: written in lower case, read in either.
// C++ Nix: libutil/base-n.cc base16

import { FormatError, fail } from "../error.ts"

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Bytes as lower-case hexadecimal. */
export function printBase16(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i++) text += pairs[bytes[i] as number] // i < length
  return text
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return -1
}

/** Bytes written in hexadecimal; fails on any other character and on an odd length (code `bad-encoding`). */
export function parseBase16(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new FormatError("bad-encoding", `Base16 string '${text}' has an odd length`)
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < text.length; i++) {
    const digit = nibble(text.charCodeAt(i))
    if (digit < 0) fail("bad-encoding", `invalid character in Base16 string: '${text[i]}'`, i)
    bytes[i >> 1] = ((bytes[i >> 1] as number) << 4) | digit // i >> 1 is below length / 2
  }
  return bytes
}
