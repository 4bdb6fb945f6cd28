// Values as XML: builtins.toXML and `nix-instantiate --eval --xml` (C++ Nix: value-to-xml.cc, xml-writer.cc).
//
//   <?xml version='1.0' encoding='utf-8'?>
//   <expr> ELEMENT </expr>                       two blanks per level, an element per line
//   ELEMENT = <int|bool|string|path|float value="…" /> | <null /> | <unevaluated />
//           | <list> … </list> | <attrs> ATTR… </attrs>
//           | <derivation drvPath outPath> ATTR… </derivation>   a second time only <repeated />
//           | <function> (<varpat name /> | <attrspat ellipsis name> <attr name />… </attrspat>) </function>
//   ATTR    = <attr column line name path> ELEMENT </attr>       the place only with `location`
//
// XML attributes are sorted by name, because C++ Nix keeps them in a std::map.

import { Attrs } from "./attrs.ts"
import type { Text } from "./builtin.ts"
import { tooDeep } from "./call.ts"
import { type Context, unionContext } from "./context.ts"
import { isDerivation } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { need, type Step } from "./step.ts"
import { printG } from "./text/float.ts"
import { type Cell, isList, Lambda, NixFloat, NixPath, NixString, peek, textOf, type Value } from "./value.ts"

export interface XmlOptions {
  /** Force everything; else unforced values are `<unevaluated />`. */
  readonly strict: boolean
  /** Say where attributes and functions are defined. */
  readonly location: boolean
  /** Where the value is needed. */
  readonly pos?: number
}

/** The XML document of a cell (bytes, with a newline at its end), with the context of all strings in it. */
export function* stepToXml(rt: Runtime, cell: Cell, options: XmlOptions): Step<Text> {
  const doc = new Document(rt, options)
  doc.open("expr", {})
  yield stepElement(doc, cell, options.pos ?? 0)
  doc.close()
  return { text: doc.out, context: doc.context }
}

type XmlAttributes = Record<string, string>

/** Bytes that a tag takes besides its text while the document grows: rope nodes. */
const PIECE = 60

/** The document as it grows. */
class Document {
  readonly rt: Runtime
  readonly strict: boolean
  readonly location: boolean
  readonly drvsSeen = new Set<string>()
  out = "<?xml version='1.0' encoding='utf-8'?>\n"
  context: Context | null = null
  readonly #open: string[] = []
  #size = 0

  constructor(rt: Runtime, options: XmlOptions) {
    this.rt = rt
    this.strict = options.strict
    this.location = options.location
  }

  open(name: string, attributes: XmlAttributes): void {
    this.#tag(name, attributes, ">\n")
    this.#open.push(name)
  }

  empty(name: string, attributes: XmlAttributes = {}): void {
    this.#tag(name, attributes, " />\n")
  }

  close(): void {
    const name = this.#open.pop()
    this.out += `${"  ".repeat(this.#open.length)}</${name}>\n`
  }

  #tag(name: string, attributes: XmlAttributes, end: string): void {
    let text = `${"  ".repeat(this.#open.length)}<${name}`
    for (const key of Object.keys(attributes).sort()) text += ` ${key}="${escapeXml(attributes[key] as string)}"`
    this.#size += text.length + PIECE
    this.rt.chargeGrowing(this.#size)
    this.out += text + end
  }

  /** The XML attributes of a position, if wanted. */
  place(pos: number): XmlAttributes {
    const place = this.location ? this.rt.sources.place(pos) : undefined
    if (place === undefined) return {}
    const { origin } = place.source
    const path = origin.kind === "file" ? { path: origin.path } : {}
    return { ...path, line: String(place.line), column: String(place.column) }
  }
}

const entities: Readonly<Record<string, string>> = { '"': "&quot;", "<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": "&#xA;" }

/** Escapes an attribute's value; line ends too, which a reader would turn into blanks. */
function escapeXml(bytes: string): string {
  return /["<>&\n]/.test(bytes) ? bytes.replace(/["<>&\n]/g, (c) => entities[c] as string) : bytes
}

function* stepElement(doc: Document, cell: Cell, pos: number): Step<void> {
  const { rt } = doc
  const { depth } = rt
  if (depth > rt.maxDepth) throw tooDeep(pos)
  if (--rt.fuel < 0) rt.refuel()
  rt.depth = depth + 1
  const v = doc.strict ? ((yield need(cell, pos)) as Value) : peek(cell)
  if (v instanceof Attrs) {
    if ((yield isDerivation(v)) as boolean) yield stepDerivation(doc, v)
    else {
      doc.open("attrs", {})
      yield stepAttributes(doc, v)
      doc.close()
    }
  } else if (isList(v)) {
    doc.open("list", {})
    for (const item of v) yield stepElement(doc, item, pos)
    doc.close()
  } else if (v instanceof Lambda) writeFunction(doc, v)
  else writeScalar(doc, v)
  rt.depth = depth
}

function writeScalar(doc: Document, v: Value | undefined): void {
  if (typeof v === "number" || typeof v === "bigint") doc.empty("int", { value: String(v) })
  else if (typeof v === "boolean") doc.empty("bool", { value: String(v) })
  else if (typeof v === "string") doc.empty("string", { value: v })
  else if (v === null) doc.empty("null")
  else if (v instanceof NixString) {
    doc.context = unionContext(doc.context, v.context)
    doc.empty("string", { value: v.text })
  } else if (v instanceof NixPath) doc.empty("path", { value: v.path })
  else if (v instanceof NixFloat) doc.empty("float", { value: printG(v.value, v.nan) })
  // Builtins are not told either.
  else doc.empty("unevaluated")
}

function* stepAttributes(doc: Document, set: Attrs): Step<void> {
  for (const name of set.sortedNames()) {
    const at = set.posOf(name)
    doc.open("attr", { ...doc.place(at), name })
    yield stepElement(doc, set.get(name) as Cell, at)
    doc.close()
  }
}

function* stepDerivation(doc: Document, set: Attrs): Step<void> {
  const attributes: XmlAttributes = {}
  for (const name of ["drvPath", "outPath"]) {
    const cell = set.get(name)
    if (cell === undefined) continue
    const v = doc.strict ? ((yield need(cell, set.posOf(name))) as Value) : peek(cell)
    const text = v === undefined ? undefined : textOf(v)
    if (text !== undefined) attributes[name] = text
  }
  doc.open("derivation", attributes)
  const drvPath = attributes["drvPath"] ?? ""
  if (drvPath !== "" && !doc.drvsSeen.has(drvPath)) {
    doc.drvsSeen.add(drvPath)
    yield stepAttributes(doc, set)
  } else doc.empty("repeated")
  doc.close()
}

function writeFunction(doc: Document, f: Lambda): void {
  const { arg, formals, pos } = f.code.expr
  doc.open("function", doc.place(pos))
  if (formals === null) doc.empty("varpat", { name: arg ?? "" })
  else {
    doc.open("attrspat", { ...(arg === null ? {} : { name: arg }), ...(formals.ellipsis ? { ellipsis: "1" } : {}) })
    const names = formals.list.map((f) => f.name).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    for (const name of names) doc.empty("attr", { name })
    doc.close()
  }
  doc.close()
}
