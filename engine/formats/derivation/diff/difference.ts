// What is really different between two derivations that stand for each other: their own fields, once paths that have
// merely moved count as the same.

import { parseJson } from "../../json/read.ts"
import { isJsonObject } from "../../json/value.ts"
import { printJson } from "../../json/write.ts"
import { printContentAddress, printMethodAlgo } from "../../store-path/content-address.ts"
import type { StorePath } from "../../store-path/store-path.ts"
import type { Derivation, DerivationOutput } from "../derivation.ts"
import type { MovedPaths } from "./moved.ts"
import { diffWords, type WordChange } from "./words.ts"

/** One side of an input: its `.drv` and the outputs that are used (none if only the `.drv` itself is). */
export interface InputUse {
  readonly path: StorePath
  readonly outputs: readonly string[]
}

/** A difference. Where one side is undefined, the other has something added or removed. All texts are byte strings. */
export type Difference =
  | { readonly kind: "name" | "system" | "builder"; readonly left: string; readonly right: string }
  | { readonly kind: "args"; readonly left: readonly string[]; readonly right: readonly string[]; readonly changes: readonly WordChange[] }
  /** A variable, or with `__structuredAttrs` an attribute (its JSON). */
  | {
      readonly kind: "env" | "attr"
      readonly key: string
      readonly left: string | undefined
      readonly right: string | undefined
      /** Where both sides are there: the words that differ. */
      readonly changes: readonly WordChange[]
    }
  /** An output, or what is promised of it: `fixed:r:sha256:…`, `floating r:sha256`, `input-addressed`, `impure …`. */
  | { readonly kind: "output"; readonly name: string; readonly left: string | undefined; readonly right: string | undefined }
  | { readonly kind: "input"; readonly name: string; readonly left: InputUse | undefined; readonly right: InputUse | undefined }
  | { readonly kind: "source"; readonly name: string; readonly left: StorePath | undefined; readonly right: StorePath | undefined }

/** What a derivation says of an output, without its path. */
function promise(output: DerivationOutput): string {
  switch (output.kind) {
    // Which of the two it is depends on the inputs.
    case "inputAddressed":
    case "deferred":
      return "input-addressed"
    case "caFixed":
      return printContentAddress(output.address)
    case "caFloating":
      return `floating ${printMethodAlgo(output.method, output.algo)}`
    case "impure":
      return `impure ${printMethodAlgo(output.method, output.algo)}`
  }
}

function keysOf(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...left.keys(), ...right.keys()])].sort()
}

function structured(drv: Derivation): Map<string, string> {
  const attrs = new Map<string, string>()
  if (drv.structuredAttrs === undefined) return attrs
  const json = parseJson(drv.structuredAttrs)
  if (isJsonObject(json)) for (const [key, value] of Object.entries(json)) attrs.set(key, printJson(value))
  return attrs
}

/** Variables that say again what a field of the derivation says. */
const repeated: ReadonlyMap<string, (drv: Derivation) => string> = new Map([
  ["name", (drv: Derivation) => drv.name],
  ["system", (drv: Derivation) => drv.system],
  ["builder", (drv: Derivation) => drv.builder],
])

const promiseKeys = new Set(["outputHash", "outputHashAlgo", "outputHashMode"])

/** The differences in fields, outputs, variables and attributes (not in inputs and sources). */
export function compareFields(left: Derivation, right: Derivation, moved: MovedPaths): Difference[] {
  const found: Difference[] = []
  if (left.name !== right.name) found.push({ kind: "name", left: left.name, right: right.name })
  if (left.system !== right.system) found.push({ kind: "system", left: left.system, right: right.system })
  if (!moved.sameText(left.builder, right.builder)) found.push({ kind: "builder", left: left.builder, right: right.builder })
  if (left.args.length !== right.args.length || left.args.some((arg, i) => !moved.sameText(arg, right.args[i] as string)))
    found.push({ kind: "args", left: left.args, right: right.args, changes: diffWords(left.args, right.args, moved) })
  let promises = false
  for (const name of keysOf(left.outputs, right.outputs)) {
    const [l, r] = [left.outputs.get(name), right.outputs.get(name)].map((o) => o && promise(o)) as [string?, string?]
    if (l === r) continue
    promises = true
    found.push({ kind: "output", name, left: l, right: r })
  }
  const compareKeys = (kind: "env" | "attr", leftMap: ReadonlyMap<string, string>, rightMap: ReadonlyMap<string, string>): void => {
    for (const key of keysOf(leftMap, rightMap)) {
      const l = leftMap.get(key)
      const r = rightMap.get(key)
      if (l !== undefined && r !== undefined && moved.sameText(l, r)) continue
      // The variable named like an output is its path: the outputs were compared above.
      if (kind === "env" && (l === undefined || left.outputs.has(key)) && (r === undefined || right.outputs.has(key))) continue
      const field = repeated.get(key)
      if (field !== undefined && unquoted(l) === field(left) && unquoted(r) === field(right)) continue
      if (promises && promiseKeys.has(key)) continue
      const changes = l === undefined || r === undefined ? [] : diffWords(l.split(/\s+/), r.split(/\s+/), moved)
      found.push({ kind, key, left: l, right: r, changes })
    }
  }
  compareKeys("env", left.env, right.env)
  compareKeys("attr", structured(left), structured(right))
  return found
}

function unquoted(text: string | undefined): string | undefined {
  return text?.startsWith('"') ? text.slice(1, -1) : text
}
