// TOML 1.0 text → tables. Follows toml11 4.4 (parser.hpp) also in where it goes on after a fault, because its message, which
// Nix shows, lists every fault it meets, some of them twice.
import { TomlCursor } from "./toml-cursor.ts"
import { TomlFault } from "./toml-fault.ts"
import {
  appendTable,
  emptyTable,
  insertValue,
  openTable,
  type TomlArray,
  type TomlKey,
  type TomlNode,
  type TomlTable,
} from "./toml-node.ts"
import { skipComments, skipPair, skipToTable, skipValue } from "./toml-recovery.ts"
import { parseBasicString, parseLiteralString, parseScalar } from "./toml-scalar.ts"

/** How deep arrays and inline tables may nest: the parser follows them by recursion, and real files stay below ten. */
const maxNesting = 256

const keyHint = "Hint: non-ASCII scripts are allowed in toml v1.1.0, but not in v1.0.0.\n"

class TomlParser {
  /** Faults in the order in which they are reported. */
  readonly faults: TomlFault[] = []
  private readonly cursor: TomlCursor
  private nesting = 0

  constructor(text: string) {
    // toml11 reads as if the last line were ended, and skips a byte order mark.
    const ended = text === "" || text.endsWith("\n") || text.endsWith("\r") ? text : `${text}\n`
    this.cursor = new TomlCursor(ended, ended.startsWith("\xef\xbb\xbf") ? 3 : 0)
  }

  /** Runs `step`; a fault is reported, and false returned. */
  private attempt(step: () => void): boolean {
    try {
      step()
      return true
    } catch (fault) {
      if (!(fault instanceof TomlFault)) throw fault
      this.faults.push(fault)
      return false
    }
  }

  /** Throws the last of the faults reported since there were `before`, if any. */
  private rethrow(before: number): void {
    const last = this.faults[this.faults.length - 1]
    if (this.faults.length > before && last !== undefined) throw last
  }

  parseFile(): TomlTable {
    const { cursor } = this
    const start = cursor.at
    const root = emptyTable("explicit", cursor.regionFrom(start))
    // Comments at the top; whatever follows them is read from the start again unless it is an empty line.
    let comments = !cursor.ended
    while (comments) {
      const fine = this.attempt(() => {
        if (this.commentLine()) return
        comments = false
        cursor.skipBlanks()
        if (!cursor.takesNewline()) cursor.at = start
      })
      if (!fine) skipComments(cursor)
      if (cursor.ended) comments = false
    }
    if (!this.attempt(() => this.fillTable(root))) skipToTable(cursor)
    while (!cursor.ended) this.parseSection(root)
    return root
  }

  /** Skips a comment and its line end, blanks before it included; false when there is none. */
  private commentLine(): boolean {
    const { cursor } = this
    const start = cursor.at
    cursor.skipBlanks()
    if (!cursor.takesComment()) {
      cursor.at = start
      return false
    }
    if (cursor.ended || cursor.takesNewline()) return true
    // The rest of the line is skipped before the fault is located.
    cursor.advance()
    while (!cursor.ended && cursor.char !== "\n") cursor.advance()
    cursor.advance()
    throw cursor.fault(
      "toml::parse_comment_line: newline (LF / CRLF) or EOF is expected",
      "but got this",
      "Hint: most of the control characters are not allowed in comments",
    )
  }

  /** `[key]` or `[[key]]` and the lines after it. */
  private parseSection(root: TomlTable): void {
    const { cursor } = this
    cursor.skipSpace()
    const start = cursor.at
    const many = cursor.takesHeader("[[")
    if (!many && !cursor.takesHeader("[")) {
      const open = cursor.text.startsWith("[[", cursor.at) ? "[[" : "["
      const expected = cursor.headerFault(open) ?? ""
      const title = `toml::parse_file: invalid ${open === "[" ? "table" : "array-table"} key`
      this.faults.push(cursor.fault(title, `expected ${expected}`))
      cursor.at = start
      skipToTable(cursor)
      return
    }
    const region = cursor.regionFrom(start)
    let key: TomlKey | null = null
    const read = this.attempt(() => {
      cursor.at = start + (many ? 2 : 1)
      cursor.skipBlanks()
      key = { parts: this.parseKey().parts, region }
      cursor.at = region.last
      if (this.commentLine()) return
      cursor.skipBlanks()
      if (!cursor.ended && !cursor.takesNewline()) {
        throw cursor.fault("toml::parse_file: newline (or EOF) expected", "expected 0x0a(LINE FEED) or \r\n")
      }
    })
    if (!read || key === null) {
      skipToTable(cursor)
      return
    }
    const found: TomlKey = key
    // Where the table cannot be, its lines are checked all the same.
    let table = emptyTable("explicit", region)
    this.attempt(() => {
      table = many ? appendTable(root, found) : openTable(root, found)
    })
    if (!this.attempt(() => this.fillTable(table))) skipToTable(cursor)
  }

  /** Reads pairs into `table` up to the next header or the end. */
  private fillTable(table: TomlTable): void {
    const { cursor } = this
    const before = this.faults.length
    let fresh = true
    while (!cursor.ended) {
      const start = cursor.at
      if (cursor.skipSpace()) fresh = true
      if (cursor.ended) break
      if (cursor.char === "[") {
        cursor.at = start
        break
      }
      if (!fresh) throw cursor.fault("toml::parse_table: newline (LF / CRLF) or EOF is expected", "here")
      fresh = false
      let pair: { key: TomlKey; value: TomlNode } | null = null
      const read = this.attempt(() => {
        pair = this.parsePair()
      })
      if (!read || pair === null) {
        skipPair(cursor)
        continue
      }
      const { key, value }: { key: TomlKey; value: TomlNode } = pair
      this.attempt(() => {
        if (this.commentLine()) fresh = true
      })
      this.attempt(() => insertValue(table, key, value))
    }
    if (this.faults.length > before) throw this.faults.pop()
  }

  private parseSimpleKey(): string {
    const { cursor } = this
    if (cursor.char === '"') return parseBasicString(cursor)
    if (cursor.char === "'") return parseLiteralString(cursor)
    const bare = cursor.match(/[A-Za-z0-9_-]+/y)
    if (bare !== null) return bare
    throw cursor.fault(
      "toml::parse_simple_key: invalid key: key must be \"quoted\", 'quoted-literal', or bare key.",
      "expected alpha [a-zA-Z], digit [0-9], -, or _",
      keyHint,
    )
  }

  private parseKey(): TomlKey {
    const { cursor } = this
    const start = cursor.at
    const parts: string[] = []
    while (!cursor.ended) {
      parts.push(this.parseSimpleKey())
      if (cursor.match(/[ \t]*\.[ \t]*/y) === null) break
    }
    return { parts, region: cursor.regionFrom(start) }
  }

  private parsePair(): { key: TomlKey; value: TomlNode } {
    const { cursor } = this
    const start = cursor.at
    let key: TomlKey
    try {
      key = this.parseKey()
      cursor.skipBlanks()
      if (!cursor.takes("=")) throw cursor.fault("toml::parse_key_value_pair: invalid key value separator `=`", "expected =")
    } catch (fault) {
      cursor.at = start
      throw fault
    }
    cursor.skipBlanks()
    return { key, value: this.parseValue() }
  }

  private parseValue(): TomlNode {
    const { cursor } = this
    const { char } = cursor
    if (char !== "[" && char !== "{") return parseScalar(cursor)
    if (this.nesting >= maxNesting) throw cursor.fault(`arrays and tables are nested more than ${maxNesting} deep`, "here")
    this.nesting++
    try {
      return char === "[" ? this.parseArray() : this.parseInlineTable()
    } finally {
      this.nesting--
    }
  }

  private parseArray(): TomlArray {
    const { cursor } = this
    const before = this.faults.length
    const start = cursor.at++
    const items: TomlNode[] = []
    cursor.skipSpace()
    let comma = true
    while (!cursor.ended && cursor.char !== "]") {
      if (!comma) throw cursor.fault("toml::parse_array: expected value-separator `,` or closing `]`", "here")
      const read = this.attempt(() => {
        items.push(this.parseValue())
      })
      if (!read) {
        const stuck = cursor.at
        skipValue(cursor)
        if (cursor.at === stuck) break
        continue
      }
      cursor.skipSpace()
      comma = cursor.takes(",")
      this.attempt(() => {
        this.commentLine()
      })
      if (comma) cursor.skipSpace()
    }
    if (!cursor.takes("]")) throw cursor.fault("toml::parse_array: missing closing bracket `]`", "expected `]`, reached EOF")
    this.rethrow(before)
    return { kind: "array", form: "inline", items, region: cursor.regionFrom(start) }
  }

  private parseInlineTable(): TomlTable {
    const { cursor } = this
    const before = this.faults.length
    const start = cursor.at++
    const table = emptyTable("explicit", cursor.regionFrom(start))
    cursor.skipBlanks()
    let empty = true
    let comma = false
    while (!cursor.ended) {
      if (cursor.char === "}") {
        if (comma) throw cursor.fault("toml::parse_inline_table: trailing comma is not allowed in TOML-v1.0.0)", "here")
        break
      }
      if (!comma && !empty) throw cursor.fault("toml::parse_inline_table: expected value-separator `,` or closing `}`", "here")
      empty = false
      let pair: { key: TomlKey; value: TomlNode } | null = null
      const read = this.attempt(() => {
        pair = this.parsePair()
      })
      if (!read || pair === null) {
        while (!cursor.ended && cursor.char !== "}" && cursor.char !== "\n") cursor.advance()
        break
      }
      const { key, value }: { key: TomlKey; value: TomlNode } = pair
      if (!this.attempt(() => insertValue(table, key, value))) {
        while (!cursor.ended && !",\n}".includes(cursor.char)) cursor.advance()
        if (!cursor.ended) comma = cursor.char === ","
        continue
      }
      cursor.skipBlanks()
      comma = cursor.takes(",")
      cursor.skipBlanks()
    }
    if (!cursor.takes("}")) throw cursor.fault("toml::parse_inline_table: missing closing bracket `}`", "expected `}`, reached line end")
    if (this.faults.length > before) throw this.faults.pop()
    table.form = "inline"
    table.region = cursor.regionFrom(start)
    return table
  }
}

/** Parses TOML text (bytes): the tables, and the faults found (none when the text is right). */
export function parseToml(text: string): { root: TomlTable; faults: readonly TomlFault[] } {
  const parser = new TomlParser(text)
  return { root: parser.parseFile(), faults: parser.faults }
}
