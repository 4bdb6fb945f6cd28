// Documents: text with the places where lines may be broken, and their printer. After Wadler, "A prettier printer", with choices.

/** Text with possible line breaks. */
export type Doc = string | readonly Doc[] | Nest | Group | Choice | Line | Suffix | Raw

interface Nest {
  readonly t: "nest"
  readonly doc: Doc
}

/** Printed on one line if it fits there; otherwise its own lines are breaks, and the groups inside are tried one by one. */
interface Group {
  readonly t: "group"
  readonly doc: Doc
  readonly broken: boolean
}

/** The first of these that fits up to its first break; else the last. */
interface Choice {
  readonly t: "choice"
  readonly options: readonly Doc[]
}

/** A place for a break: a space or nothing on one line; `hard` breaks always, `blank` with an empty line. */
interface Line {
  readonly t: "line"
  readonly kind: "space" | "nothing" | "hard" | "blank"
}

/** A comment that ends the line it is on. */
interface Suffix {
  readonly t: "suffix"
  readonly text: string
}

/** Text with line breaks of its own, printed as it is. */
interface Raw {
  readonly t: "raw"
  readonly text: string
}

export const line: Doc = { t: "line", kind: "space" }
export const softLine: Doc = { t: "line", kind: "nothing" }
export const hardLine: Doc = { t: "line", kind: "hard" }
export const blankLine: Doc = { t: "line", kind: "blank" }

/** One level further in. */
export function nest(...docs: Doc[]): Doc {
  return { t: "nest", doc: docs }
}

/** On one line if it fits and nothing in it must break. */
export function group(...docs: Doc[]): Doc {
  return { t: "group", doc: docs, broken: mustBreak(docs) }
}

/** A group that is broken whether it fits or not. */
export function brokenGroup(...docs: Doc[]): Doc {
  return { t: "group", doc: docs, broken: true }
}

export function choice(...options: Doc[]): Doc {
  return { t: "choice", options }
}

export function suffix(text: string): Doc {
  return { t: "suffix", text }
}

export function raw(text: string): Doc {
  return { t: "raw", text }
}

/** Documents with another between them. */
export function join(docs: readonly Doc[], separator: Doc): Doc[] {
  return docs.flatMap((doc, i) => (i === 0 ? [doc] : [separator, doc]))
}

/** Whether a document has a break that cannot be left out. */
export function mustBreak(doc: Doc): boolean {
  if (typeof doc === "string") return false
  if (Array.isArray(doc)) return doc.some(mustBreak)
  const node = doc as Exclude<Doc, string | readonly Doc[]>
  switch (node.t) {
    case "nest":
      return mustBreak(node.doc)
    case "group":
      return node.broken
    case "choice":
      return mustBreak(node.options[0] as Doc)
    case "line":
      return node.kind === "hard" || node.kind === "blank"
    case "suffix":
      return true
    case "raw":
      return false
  }
}

interface Item {
  readonly doc: Doc
  readonly indent: number
  readonly flat: boolean
}

const step = 2

/** Prints a document in lines of at most `width` bytes, indentation not counted, where that is possible. No line ends in a space. */
export function printDoc(doc: Doc, width: number): string {
  return new Printer(width).print(doc)
}

class Printer {
  private readonly lines: string[] = []
  /** The line being written, without its spaces at the end. */
  private current = ""
  private column = 0
  /** Spaces and comments that wait for what follows. */
  private spaces = 0
  private waiting = ""
  /** Indentation of the line being written. */
  private margin = 0
  private readonly width: number

  constructor(width: number) {
    this.width = width
  }

  print(doc: Doc): string {
    const stack: Item[] = [{ doc, indent: 0, flat: false }]
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) this.item(item, stack)
    this.lines.push(this.current + this.waiting)
    return this.lines.join("\n")
  }

  private write(text: string, indent: number): void {
    // A comment up to the end of the line waits: only what closes something may come before it.
    if (this.waiting.includes("#") && !/^[ ;,)\]}]*$/.test(text)) this.line("hard", indent, false)
    this.column += text.length
    if (text === " ") {
      this.spaces++
      return
    }
    if (text === "") return
    if (this.spaces > 0) this.current += " ".repeat(this.spaces)
    this.spaces = 0
    this.current += text
  }

  private item({ doc, indent, flat }: Item, stack: Item[]): void {
    if (typeof doc === "string") {
      this.write(doc, indent)
      return
    }
    if (Array.isArray(doc)) {
      for (let i = doc.length - 1; i >= 0; i--) stack.push({ doc: doc[i] as Doc, indent, flat })
      return
    }
    const node = doc as Exclude<Doc, string | readonly Doc[]>
    switch (node.t) {
      case "nest":
        stack.push({ doc: node.doc, indent: indent + step, flat })
        return
      case "group":
        stack.push({ doc: node.doc, indent, flat: flat || (!node.broken && this.fits({ doc: node.doc, indent, flat: true }, stack)) })
        return
      case "choice": {
        const last = node.options[node.options.length - 1] as Doc
        const found = flat ? node.options[0] : node.options.find((option) => this.fits({ doc: option, indent, flat: false }, stack))
        stack.push({ doc: found ?? last, indent, flat })
        return
      }
      case "line":
        this.line(node.kind, indent, flat)
        return
      case "suffix":
        this.waiting += this.waiting.includes("#") ? `\n${" ".repeat(indent)}${node.text.trimStart()}` : node.text
        return
      case "raw": {
        const [first = "", ...others] = node.text.split("\n")
        this.write(first, indent)
        for (const text of others) {
          this.lines.push(this.current)
          this.current = text
          this.column = text.length
          this.spaces = 0
        }
      }
    }
  }

  private line(kind: Line["kind"], indent: number, flat: boolean): void {
    if (flat && kind === "space") this.write(" ", indent)
    if (flat && (kind === "space" || kind === "nothing")) return
    this.lines.push(this.current + this.waiting)
    if (kind === "blank") this.lines.push("")
    this.current = ""
    this.waiting = ""
    this.spaces = indent
    this.column = indent
    this.margin = indent
  }

  /** Whether an item and what follows it fit on the rest of the line, up to the first break. */
  private fits(first: Item, rest: readonly Item[]): boolean {
    let left = this.width + this.margin - this.column
    let next = rest.length
    const stack: Item[] = [first]
    for (;;) {
      const item = stack.pop() ?? rest[--next]
      if (item === undefined) return true
      const { doc, indent, flat } = item
      if (typeof doc === "string") {
        left -= doc.length
        if (left < 0) return false
        continue
      }
      if (Array.isArray(doc)) {
        for (let i = doc.length - 1; i >= 0; i--) stack.push({ doc: doc[i] as Doc, indent, flat })
        continue
      }
      const node = doc as Exclude<Doc, string | readonly Doc[]>
      switch (node.t) {
        case "nest":
          stack.push({ doc: node.doc, indent, flat })
          break
        case "group":
          stack.push({ doc: node.doc, indent, flat: flat || !node.broken })
          break
        case "choice":
          stack.push({ doc: node.options[flat ? 0 : node.options.length - 1] as Doc, indent, flat })
          break
        case "line":
          if (!flat || node.kind === "hard" || node.kind === "blank") return true
          if (node.kind === "space" && --left < 0) return false
          break
        case "raw": {
          const end = node.text.indexOf("\n")
          left -= end < 0 ? node.text.length : end
          if (left < 0) return false
          if (end >= 0) return true
          break
        }
      }
    }
  }
}
