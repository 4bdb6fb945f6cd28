// Nix's own base 32: the alphabet lacks e o u t, and digits run from the last bits of the last byte to the first.
// The character for bits k*5 … k*5+4 (counted from the lowest bit of the first byte) is at place length-1-k.
// C++ Nix: libutil/base-nix-32.cc

import { fail } from "../error.ts"

const alphabet = "0123456789abcdfghijklmnpqrsvwxyz"
const values = new Int8Array(256).fill(-1)
for (let i = 0; i < 32; i++) values[alphabet.charCodeAt(i)] = i

/** Number of characters for `size` bytes. */
export function nix32Length(size: number): number {
  return size === 0 ? 0 : Math.floor((size * 8 - 1) / 5) + 1
}

/** Bytes in Nix's base 32. */
export function printNix32(bytes: Uint8Array): string {
  const length = nix32Length(bytes.length)
  const codes: number[] = new Array(length)
  for (let n = length - 1; n >= 0; n--) {
    const bit = n * 5
    const i = bit >> 3
    const low = (bytes[i] as number) >> (bit & 7) // bit < 8 * length
    const high = i + 1 < bytes.length ? (bytes[i + 1] as number) << (8 - (bit & 7)) : 0
    codes[length - 1 - n] = alphabet.charCodeAt((low | high) & 31)
  }
  return String.fromCharCode.apply(null, codes)
}

/**
 * Bytes written in Nix's base 32; fails on foreign characters (code `bad-encoding`).
 * As in Nix, set bits beyond the last whole byte make the result one byte longer; whoever knows the size refuses that.
 */
export function parseNix32(text: string): Uint8Array {
  const length = text.length
  const bytes = new Uint8Array(Math.ceil((length * 5) / 8) + 1)
  let size = 0
  for (let n = 0; n < length; n++) {
    const at = length - n - 1
    const code = text.charCodeAt(at)
    const digit = code < 256 ? (values[code] as number) : -1 // code < 256 is inside the table
    if (digit < 0) {
      fail("bad-encoding", `invalid character in Nix32 (Nix's Base32 variation) string: '${text[at]}'`, at)
    }
    const bit = n * 5
    const i = bit >> 3
    const shift = bit & 7
    bytes[i] = (bytes[i] as number) | (digit << shift) // i is inside: the array has a byte to spare
    size = i + 1
    const carry = digit >> (8 - shift)
    if (carry !== 0) {
      bytes[i + 1] = (bytes[i + 1] as number) | carry
      size = i + 2
    }
  }
  return bytes.slice(0, size)
}
