// What `compare` gives as JSON: why two derivations differ.

export interface Pair {
  readonly left: string
  readonly right: string
}

export interface WordChange {
  readonly left: readonly string[]
  readonly right: readonly string[]
}

/** A difference of two derivations; the left or right side is missing where something was added or removed. */
export interface FieldDifference {
  readonly kind: "name" | "system" | "builder" | "args" | "env" | "attr" | "output" | "input" | "source"
  readonly key?: string
  readonly name?: string
  readonly left?: unknown
  readonly right?: unknown
  readonly changes?: readonly WordChange[]
}

export interface GraphDifference {
  readonly left: string
  readonly right: string
  readonly equal: boolean
  readonly causes: readonly {
    readonly left: string
    readonly right: string
    /** From the root to the cause. */
    readonly blame: readonly Pair[]
    readonly differences: readonly FieldDifference[]
    readonly outputsMoved: boolean
  }[]
  readonly sources: readonly {
    readonly name: string
    readonly left?: string
    readonly right?: string
    readonly blame: readonly Pair[]
    readonly users: number
  }[]
  /** Derivations that differ only because of the causes. */
  readonly folded: readonly Pair[]
}

/** The engine's own text: its form is known. */
export function parseDifference(json: string): GraphDifference {
  return JSON.parse(json) as GraphDifference
}

/** A side of a difference in words. */
export function sideText(side: unknown): string {
  if (typeof side === "string") return side
  if (Array.isArray(side)) return side.map(String).join(" ")
  if (typeof side === "object" && side !== null && "path" in side) {
    const outputs = "outputs" in side && Array.isArray(side.outputs) ? side.outputs.map(String) : []
    return outputs.length === 0 ? String(side.path) : `${String(side.path)}^${outputs.join(",")}`
  }
  return ""
}

/** What differs. */
export function differenceName(difference: FieldDifference): string {
  switch (difference.kind) {
    case "args":
      return "arguments"
    case "env":
      return `variable ${difference.key ?? ""}`
    case "attr":
      return `attribute ${difference.key ?? ""}`
    case "output":
    case "input":
    case "source":
      return `${difference.kind} ${difference.name ?? ""}`
    default:
      return difference.kind
  }
}
