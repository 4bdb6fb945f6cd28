// A place in TOML text, with the small scanners that the reader and its error recovery share.

import { utf8Length } from "./json-reader.ts"
import { regionAt, TomlFault, type TomlRegion } from "./toml-fault.ts"

const sourceName = "fromTOML"

const bareKey = /[A-Za-z0-9_-]+/y

/** Text and position; moves only when something was found. */
export class TomlCursor {
  readonly text: string
  at: number

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
  }

  get ended(): boolean {
    return this.at >= this.text.length
  }

  /** The byte at hand as a string; "" at the end. */
  get char(): string {
    return this.text[this.at] ?? ""
  }

  advance(): void {
    if (this.at < this.text.length) this.at++
  }

  /** Skips `literal` if it is at hand. */
  takes(literal: string): boolean {
    if (!this.text.startsWith(literal, this.at)) return false
    this.at += literal.length
    return true
  }

  /** Skips what a sticky pattern matches here, and returns it; null when it does not match. */
  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found === undefined) return null
    this.at += found.length
    return found
  }

  skipBlanks(): void {
    while (this.char === " " || this.char === "\t") this.at++
  }

  takesNewline(): boolean {
    return this.takes("\n") || this.takes("\r\n")
  }

  /** Skips `#` and what may stand in a comment; the line end stays. */
  takesComment(): boolean {
    const { text } = this
    if (this.char !== "#") return false
    this.at++
    for (;;) {
      const code = text.charCodeAt(this.at)
      if (code === 9 || (code >= 0x20 && code <= 0x7e)) this.at++
      else if (code >= 0x80 && utf8Length(text, this.at) > 0) this.at += utf8Length(text, this.at)
      else return true
    }
  }

  /** Skips blanks, line ends and comments that are followed by a line end; true when there was a line end. */
  skipSpace(): boolean {
    let lines = false
    for (;;) {
      const start = this.at
      if (this.takesComment()) {
        if (!this.takesNewline()) {
          this.at = start
          return lines
        }
        lines = true
      } else if (this.takesNewline()) lines = true
      else {
        this.skipBlanks()
        if (this.at === start) return lines
      }
    }
  }

  /** Skips the content of a basic string up to what is none: bytes, and escapes that look right. */
  skipBasicContent(): void {
    const { text } = this
    for (;;) {
      const code = text.charCodeAt(this.at)
      if (code === 92) {
        if (!this.takesEscape()) return
      } else if (code === 34 || code === 0x7f) return
      else if (code >= 0x80) {
        const length = utf8Length(text, this.at)
        if (length === 0) return
        this.at += length
      } else if (code >= 0x20 || code === 9) this.at++
      else return
    }
  }

  private takesEscape(): boolean {
    return this.match(/\\(?:["\\bfnrt]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})/y) !== null
  }

  /** Skips the content of a literal string. */
  skipLiteralContent(): void {
    const { text } = this
    for (;;) {
      const code = text.charCodeAt(this.at)
      if (code === 39 || code === 0x7f) return
      if (code >= 0x80) {
        const length = utf8Length(text, this.at)
        if (length === 0) return
        this.at += length
      } else if (code >= 0x20 || code === 9) this.at++
      else return
    }
  }

  /** Skips a bare or quoted key; false (and nothing skipped) when there is none. */
  takesSimpleKey(): boolean {
    if (this.match(bareKey) !== null) return true
    const start = this.at
    const quote = this.char
    if (quote === '"' || quote === "'") {
      this.at++
      if (quote === '"') this.skipBasicContent()
      else this.skipLiteralContent()
      if (this.takes(quote)) return true
    }
    this.at = start
    return false
  }

  /** Skips a key with dots; false when there is none. */
  takesKey(): boolean {
    if (!this.takesSimpleKey()) return false
    for (;;) {
      const start = this.at
      this.skipBlanks()
      const dot = this.takes(".")
      if (dot) this.skipBlanks()
      if (!dot || !this.takesSimpleKey()) {
        this.at = start
        return true
      }
    }
  }

  /** Skips `[key]` or `[[key]]`: null, or what was expected where the scan stopped (the position stays there then). */
  headerFault(open: "[" | "[["): string | null {
    if (!this.takes(open)) return open
    this.skipBlanks()
    if (!this.takesKey()) return "basic key([a-zA-Z0-9_-]) or quoted key(\" or ')"
    this.skipBlanks()
    const close = open === "[" ? "]" : "]]"
    return this.takes(close) ? null : close
  }

  /** Skips `[key]` or `[[key]]`; false (and nothing skipped) when it is none. */
  takesHeader(open: "[" | "[["): boolean {
    const start = this.at
    if (this.headerFault(open) === null) return true
    this.at = start
    return false
  }

  /** The region from `first` to here. */
  regionFrom(first: number): TomlRegion {
    return { source: this.text, name: sourceName, first, last: this.at, lineAt: this.at }
  }

  /** A fault at this byte. */
  fault(title: string, note: string, hints = ""): TomlFault {
    return new TomlFault(title, [{ region: regionAt(this.text, sourceName, this.at), note }], hints)
  }
}
