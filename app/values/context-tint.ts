// Which parts of a string are from which of its dependencies: the store paths in it, by the elements of its context.

export interface TintedPart {
  readonly text: string
  /** Index into the context; null for text of no dependency. */
  readonly element: number | null
}

/** A store path in a text. */
const STORE_PATH = /\/[\w./-]*?\/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+\-._?=]+/g

export interface ContextElement {
  readonly kind: "path" | "output" | "closure"
  readonly path: string
  readonly output: string
}

/** What a context element says: `/nix/store/…`, `/nix/store/….drv^out`, `/nix/store/….drv (deep)`. */
export function contextElement(text: string): ContextElement {
  const output = /^(.*\.drv)\^([^^]*)$/s.exec(text)
  if (output !== null) return { kind: "output", path: output[1] ?? "", output: output[2] ?? "" }
  const deep = /^(.*) \(deep\)$/s.exec(text)
  return deep !== null ? { kind: "closure", path: deep[1] ?? "", output: "" } : { kind: "path", path: text, output: "" }
}

/** The parts of a text. A path is given to the element that is it, or whose derivation has such an output. */
export function tintedParts(text: string, context: readonly string[]): TintedPart[] {
  const elements = context.map(contextElement)
  const parts: TintedPart[] = []
  let from = 0
  for (const match of text.matchAll(STORE_PATH)) {
    const path = match[0]
    const element = elements.findIndex((e) => e.path === path || (e.kind !== "path" && fits(path, e.path, e.output)))
    if (element < 0) continue
    if (match.index > from) parts.push({ text: text.slice(from, match.index), element: null })
    parts.push({ text: path, element })
    from = match.index + path.length
  }
  if (from < text.length) parts.push({ text: text.slice(from), element: null })
  return parts
}

function fits(path: string, drvPath: string, output: string): boolean {
  const name = (of: string): string => of.replace(/^.*\/[0-9a-z]{32}-/, "")
  const drv = name(drvPath).replace(/\.drv$/, "")
  return name(path) === (output === "" || output === "out" ? drv : `${drv}-${output}`)
}
