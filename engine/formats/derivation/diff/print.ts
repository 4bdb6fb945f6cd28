// A comparison of two graphs as text for people, and as JSON.

import type { JsonObject, JsonValue } from "../../json/value.ts"
import { defaultStoreDir, namePart, printStorePath, type StorePath } from "../../store-path/store-path.ts"
import type { Difference, InputUse } from "./difference.ts"
import type { GraphDifference, Pair } from "./graph.ts"
import type { WordChange } from "./words.ts"

function drvName(path: StorePath): string {
  return namePart(path).slice(0, -4)
}

/** U+2192 in UTF-8: all text here is bytes. */
const arrow = " \xe2\x86\x92 "

/** The way to a cause, as names: `system → etc → hosts`. */
function way(blame: readonly Pair[]): string {
  return blame.map((pair) => drvName(pair.right)).join(arrow)
}

const longest = 400

function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}... (${text.length} bytes)` : text
}

function printUse(use: InputUse): string {
  return use.outputs.length === 0 ? use.path : `${use.path}^${use.outputs.join(",")}`
}

function wordLines(changes: readonly WordChange[]): string[] {
  const lines: string[] = []
  for (const { left, right } of changes) {
    if (left.length > 0) lines.push(`    - ${shortened(left.join(" "))}`)
    if (right.length > 0) lines.push(`    + ${shortened(right.join(" "))}`)
  }
  return lines
}

function sides(left: string | undefined, right: string | undefined): string[] {
  const lines: string[] = []
  if (left !== undefined) lines.push(`    - ${shortened(left)}`)
  if (right !== undefined) lines.push(`    + ${shortened(right)}`)
  return lines
}

function printDifference(d: Difference): string[] {
  switch (d.kind) {
    case "name":
    case "system":
    case "builder":
      return [`  ${d.kind}`, ...sides(d.left, d.right)]
    case "args":
      return ["  arguments", ...wordLines(d.changes)]
    case "env":
    case "attr": {
      const what = `  ${d.kind === "env" ? "variable" : "attribute"} ${d.key}`
      return [what, ...(d.changes.length > 0 ? wordLines(d.changes) : sides(d.left, d.right))]
    }
    case "output":
      return [`  output ${d.name}`, ...sides(d.left, d.right)]
    case "input":
      return [`  input ${d.name}`, ...sides(d.left && printUse(d.left), d.right && printUse(d.right))]
    case "source":
      return [`  source ${d.name}`, ...sides(d.left, d.right)]
  }
}

/** The comparison as text: the two roots, each cause with its differences and how it is reached, how many are folded. */
export function printGraphDifference(diff: GraphDifference, storeDir: string = defaultStoreDir): string {
  if (diff.left === diff.right) return "The derivations are equal.\n"
  const lines = [`- ${printStorePath(diff.left, storeDir)}`, `+ ${printStorePath(diff.right, storeDir)}`]
  for (const cause of diff.causes) {
    const silent = cause.outputsMoved ? "" : " (no output moves)"
    lines.push("", `${drvName(cause.right)}${silent}`)
    if (cause.blame.length > 1) lines.push(`  by ${way(cause.blame)}`)
    for (const difference of cause.differences) lines.push(...printDifference(difference))
  }
  for (const source of diff.sources) {
    lines.push("", `source ${source.name}, used by ${source.users}`, `  by ${way(source.blame)}`, ...sides(source.left, source.right))
  }
  const causes = diff.causes.length + diff.sources.length
  lines.push(
    "",
    `${causes} ${causes === 1 ? "cause" : "causes"}; ${diff.folded.length} more differ only because of ${causes === 1 ? "it" : "them"}`,
  )
  return `${lines.join("\n")}\n`
}

function pairToJson({ left, right }: Pair): JsonObject {
  return { left, right }
}

/** A value without the members that are undefined: JSON as it is. */
function plain(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value as JsonValue // texts, numbers and booleans
  const object: { [key: string]: JsonValue } = {}
  for (const [key, member] of Object.entries(value)) if (member !== undefined) object[key] = plain(member)
  return object
}

/**
 * The comparison as JSON: `{ left, right, equal, causes: [{ left, right, blame: [{ left, right }], outputsMoved, differences:
 * [{ kind, … }] }], sources: [{ name, left, right, blame, users }], folded: [{ left, right }] }`. Paths are base names.
 */
export function graphDifferenceToJson(diff: GraphDifference): JsonObject {
  return {
    left: diff.left,
    right: diff.right,
    equal: diff.left === diff.right,
    causes: diff.causes.map((cause) => plain(cause)),
    sources: diff.sources.map((source) => plain(source)),
    folded: diff.folded.map(pairToJson),
  }
}
