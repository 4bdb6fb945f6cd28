// The lexer's character classes, one bit each, by byte. C++ Nix: the definitions of lexer.l.

/** `[a-zA-Z0-9_'-]` */
export const ID_CHAR = 1
/** `[a-zA-Z_]` */
const ID_START = 2
/** `[a-zA-Z0-9._+-]` */
export const PATH_CHAR = 4
/** `[a-zA-Z0-9%/?:@&=+$,_.!~*'-]` */
export const URI_CHAR = 8
/** `[0-9]` */
export const DIGIT = 16
/** `[ \t\r\n]` */
export const SPACE = 32
/** What may end plain text in a string: `$ " \ CR NUL`. */
export const STRING_STOP = 64
/** What may end plain text in an indented string: `$ ' NUL`. */
export const INDENTED_STOP = 128

/** Class bits by byte. */
export const charClass: Uint8Array = (() => {
  const table = new Uint8Array(256)
  const mark = (bit: number, chars: string) => {
    for (let i = 0; i < chars.length; i++) {
      const c = chars.charCodeAt(i)
      table[c] = (table[c] as number) | bit
    }
  }
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
  const digits = "0123456789"
  mark(ID_CHAR, `${letters}${digits}_'-`)
  mark(ID_START, `${letters}_`)
  mark(PATH_CHAR, `${letters}${digits}._+-`)
  mark(URI_CHAR, `${letters}${digits}%/?:@&=+$,_.!~*'-`)
  mark(DIGIT, digits)
  mark(SPACE, " \t\r\n")
  mark(STRING_STOP, '$"\\\r\0')
  mark(INDENTED_STOP, "$'\0")
  return table
})()
