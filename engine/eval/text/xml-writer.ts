// The XML that builtins.toXML and `--xml` print: two blanks per level, one element a line, attributes in alphabetical order.
// C++ Nix: libutil/xml-writer.cc

/** Attributes of an element; they are printed sorted. Values are byte strings. */
export type XmlAttrs = Readonly<Record<string, string>>

const replacements: Readonly<Record<string, string>> = {
  '"': "&quot;",
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  // A line end as it is would be read back as a blank.
  "\n": "&#xA;",
}

/** A byte string as the value of an attribute. */
export function escapeXml(bytes: string): string {
  return bytes.replace(/["<>&\n]/g, (char) => replacements[char] ?? char)
}

/** Writes elements one after another. Whoever opens one closes it. */
export class XmlWriter {
  private readonly lines: string[] = ["<?xml version='1.0' encoding='utf-8'?>\n"]
  private readonly open: string[] = []

  /** Begins an element with content. */
  openElement(name: string, attrs: XmlAttrs = {}): void {
    this.lines.push(`${this.indent()}<${name}${printAttrs(attrs)}>\n`)
    this.open.push(name)
  }

  /** Ends the element opened last; a RangeError when there is none. */
  closeElement(): void {
    const name = this.open.pop()
    if (name === undefined) throw new RangeError("no element is open")
    this.lines.push(`${this.indent()}</${name}>\n`)
  }

  /** Writes an element without content. */
  emptyElement(name: string, attrs: XmlAttrs = {}): void {
    this.lines.push(`${this.indent()}<${name}${printAttrs(attrs)} />\n`)
  }

  /** All that was written, with the elements still open closed. */
  finish(): string {
    while (this.open.length > 0) this.closeElement()
    return this.lines.join("")
  }

  private indent(): string {
    return "  ".repeat(this.open.length)
  }
}

function printAttrs(attrs: XmlAttrs): string {
  let text = ""
  for (const name of Object.keys(attrs).sort()) text += ` ${name}="${escapeXml(attrs[name] ?? "")}"`
  return text
}
