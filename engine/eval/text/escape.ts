// Texts between quotes, and the edge between byte strings and Unicode.

import { printIdentifier, printLiteralString } from "../../lang/identifier.ts"

/** A string literal as Nix prints it: `\" \\ \n \r \t`, and `\$` before `{`. C++ Nix: print.cc printLiteralString. */
export function printString(bytes: string): string {
  return printLiteralString(bytes)
}

/** An attribute name as Nix prints it: bare if it is an identifier and no keyword. C++ Nix: printAttributeName. */
export function printAttrName(name: string): string {
  return printIdentifier(name)
}

/** A JavaScript string as UTF-8 bytes. */
export function encodeUtf8(text: string): string {
  if (isAscii(text)) return text
  const raw = new TextEncoder().encode(text)
  let out = ""
  for (let i = 0; i < raw.length; i += 8192) out += String.fromCharCode(...raw.subarray(i, i + 8192))
  return out
}

/** UTF-8 bytes as a JavaScript string; what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: string): string {
  if (isAscii(bytes)) return bytes
  const raw = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) raw[i] = bytes.charCodeAt(i)
  return new TextDecoder().decode(raw)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

/**
 * The index of the first byte that cannot be part of UTF-8 text (Unicode table 3-7), or -1: where a strict
 * decoder stops, which nlohmann::json reports. The length stands for a text that ends inside a character.
 */
export function invalidUtf8(bytes: string): number {
  for (let i = 0; i < bytes.length; ) {
    const c = bytes.charCodeAt(i)
    if (c < 0x80) {
      i++
      continue
    }
    const more = c >= 0xc2 && c <= 0xdf ? 1 : c >= 0xe0 && c <= 0xef ? 2 : c >= 0xf0 && c <= 0xf4 ? 3 : 0
    if (more === 0) return i
    for (let k = 1; k <= more; k++) {
      if (i + k >= bytes.length) return bytes.length
      const d = bytes.charCodeAt(i + k)
      const low = k > 1 ? 0x80 : c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80
      const high = k > 1 ? 0xbf : c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf
      if (d < low || d > high) return i + k
    }
    i += more + 1
  }
  return -1
}
