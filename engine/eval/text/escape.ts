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
