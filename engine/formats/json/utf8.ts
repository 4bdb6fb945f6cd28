// UTF-8 in byte strings: where it goes wrong, and code points to bytes and back.

/**
 * The index of the first byte that is not valid UTF-8 (Unicode table 3-7: no overlong forms, no surrogates, up to U+10FFFF), or -1:
 * where a strict decoder stops. The length stands for a text that ends inside a character.
 */
export function invalidUtf8At(bytes: string): number {
  let i = 0
  while (i < bytes.length) {
    const first = bytes.charCodeAt(i)
    if (first < 0x80) {
      i++
      continue
    }
    let more: number
    let low = 0x80
    let high = 0xbf
    if (first >= 0xc2 && first <= 0xdf) more = 1
    else if (first >= 0xe0 && first <= 0xef) {
      more = 2
      if (first === 0xe0) low = 0xa0
      if (first === 0xed) high = 0x9f
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3
      if (first === 0xf0) low = 0x90
      if (first === 0xf4) high = 0x8f
    } else return i
    for (let k = 1; k <= more; k++) {
      const next = bytes.charCodeAt(i + k) // NaN at the end: both comparisons below are then false
      if (!(next >= low && next <= high)) return i + k
      low = 0x80
      high = 0xbf
    }
    i += more + 1
  }
  return -1
}

/** A code point as a byte string. */
export function encodeCodePoint(code: number): string {
  if (code < 0x80) return String.fromCharCode(code)
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63))
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
  return String.fromCharCode(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
}
