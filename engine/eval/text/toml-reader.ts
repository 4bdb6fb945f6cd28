// TOML text (bytes) into values of the caller's making, as builtins.fromTOML.
// C++ Nix: primops/fromTOML.cc; the language is TOML 1.0 as toml11 reads it.
import { nulFault, TextError } from "./text-error.ts"
import { printTomlFault } from "./toml-fault.ts"
import type { TomlNode } from "./toml-node.ts"
import { parseToml } from "./toml-parser.ts"

/** Makes values. Keys are in the order of the text, each once. */
export interface TomlMaker<T> {
  /** A number while it is a safe integer, else a bigint; within 64 bits. */
  int(value: number | bigint): T
  /** Infinite values included. */
  float(value: number): T
  /** Not a number: `nan`, `+nan` or `-nan`, of which Nix prints the sign. */
  nan(negative: boolean): T
  string(bytes: string): T
  bool(value: boolean): T
  list(items: T[]): T
  object(keys: string[], values: T[]): T
  /** A date or time in RFC 3339; null when the feature parse-toml-timestamps is off, which makes it an error. */
  readonly timestamp: ((text: string) => T) | null
}

interface Open<T> {
  readonly keys: string[] | null
  readonly nodes: readonly TomlNode[]
  readonly values: T[]
}

function refuseNul(text: string): string {
  // Nix shows what() of its own error here, which begins with "error: ".
  if (text.includes("\0")) throw new TextError("text/nul", `error: ${nulFault(text).message}`)
  return text
}

function makeScalar<T>(node: Exclude<TomlNode, { kind: "table" | "array" }>, make: TomlMaker<T>): T {
  switch (node.kind) {
    case "int":
      return make.int(node.value)
    case "float":
      return make.float(node.value)
    case "nan":
      return make.nan(node.negative)
    case "string":
      return make.string(refuseNul(node.bytes))
    case "bool":
      return make.bool(node.value)
    case "timestamp":
      if (make.timestamp === null) throw new TextError("toml/timestamp", "Dates and times are not supported")
      return make.timestamp(node.text)
  }
}

/** Makes the values of a tree, inner ones first; dotted keys can make it as deep as the text is long, so without recursion. */
function makeValue<T>(root: TomlNode, make: TomlMaker<T>): T {
  const open: Open<T>[] = []
  let node = root
  for (;;) {
    let value: T | undefined
    let made = false
    if (node.kind === "table") {
      open.push({ keys: [...node.entries.keys()].map(refuseNul), nodes: [...node.entries.values()], values: [] })
    } else if (node.kind === "array") {
      open.push({ keys: null, nodes: node.items, values: [] })
    } else {
      value = makeScalar(node, make)
      made = true
    }
    for (;;) {
      const inner = open[open.length - 1]
      // `made` says that `value` is a T; T may include undefined.
      if (inner === undefined) return value as T
      if (made) inner.values.push(value as T)
      const next = inner.nodes[inner.values.length]
      if (next !== undefined) {
        node = next
        break
      }
      open.pop()
      value = inner.keys === null ? make.list(inner.values) : make.object(inner.keys, inner.values)
      made = true
    }
  }
}

/**
 * Reads TOML text into the values that `make` makes.
 * Throws TextError ("toml/syntax", "toml/timestamp", "text/nul"); its message is what Nix puts behind "while parsing TOML: ".
 */
export function readToml<T>(text: string, make: TomlMaker<T>): T {
  const { root, faults } = parseToml(text)
  if (faults.length > 0) throw new TextError("toml/syntax", faults.map(printTomlFault).join(""))
  return makeValue(root, make)
}
