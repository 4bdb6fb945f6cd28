// String contexts: what a string refers to in the store. An element is interned per runtime and has a
// number, a context is an array of elements sorted by that number; a union returns an operand when it can.

/** One reference. `path` is the full store path of a source or `.drv`; `output` is for kind "built". */
export interface ContextElem {
  readonly kind: "opaque" | "drv-deep" | "built"
  readonly path: string
  readonly output: string
  readonly id: number
}

export type Context = readonly ContextElem[]

/** The table of context elements of one runtime. */
export class Contexts {
  readonly #all = new Map<string, ContextElem>()

  #intern(kind: ContextElem["kind"], path: string, output: string): ContextElem {
    const key = `${kind}!${output}!${path}`
    let elem = this.#all.get(key)
    if (!elem) {
      elem = { kind, path, output, id: this.#all.size }
      this.#all.set(key, elem)
    }
    return elem
  }
  /** A store path itself. */
  opaque(path: string): ContextElem {
    return this.#intern("opaque", path, "")
  }
  /** A derivation with its whole closure. */
  drvDeep(drvPath: string): ContextElem {
    return this.#intern("drv-deep", drvPath, "")
  }
  /** An output of a derivation; `drvPath` may itself be an output (`drv^out`, dynamic derivations). */
  built(drvPath: string, output: string): ContextElem {
    return this.#intern("built", drvPath, output)
  }
}

/** The union of two contexts; null stands for none. */
export function unionContext(a: Context | null, b: Context | null): Context | null {
  if (a === null || a === b || a.length === 0) return b
  if (b === null || b.length === 0) return a
  let i = 0
  let j = 0
  const out: ContextElem[] = []
  while (i < a.length && j < b.length) {
    const x = a[i] as ContextElem
    const y = b[j] as ContextElem
    if (x.id === y.id) {
      out.push(x)
      i++
      j++
    } else if (x.id < y.id) {
      out.push(x)
      i++
    } else {
      out.push(y)
      j++
    }
  }
  while (i < a.length) out.push(a[i++] as ContextElem)
  while (j < b.length) out.push(b[j++] as ContextElem)
  return out.length === a.length ? a : out.length === b.length ? b : out
}

const rank = { opaque: 0, "drv-deep": 1, built: 2 } as const

/** A context in Nix's own order: kind, then path, then output (C++ Nix: NixStringContextElem comparison). */
export function sortedContext(context: Context): ContextElem[] {
  return [...context].sort(
    (a, b) =>
      rank[a.kind] - rank[b.kind] ||
      (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) ||
      (a.output < b.output ? -1 : a.output > b.output ? 1 : 0),
  )
}

/** How messages show an element (C++ Nix: NixStringContextElem::display). */
export function displayContextElem(elem: ContextElem): string {
  return elem.kind === "built" ? `${elem.path}^${elem.output}` : elem.kind === "drv-deep" ? `${elem.path} (deep)` : elem.path
}

/** The canonical text of an element (C++ Nix: NixStringContextElem::to_string), store directory left out. */
export function encodeContextElem(elem: ContextElem): string {
  const base = elem.path.slice(elem.path.lastIndexOf("/") + 1)
  switch (elem.kind) {
    case "opaque":
      return base
    case "drv-deep":
      return `=${base}`
    case "built": {
      const parts = base.split("^")
      return `!${elem.output}!${parts
        .slice(1)
        .reverse()
        .map((o) => `${o}!`)
        .join("")}${parts[0]}`
    }
  }
}
