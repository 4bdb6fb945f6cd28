// Outputs specs: which outputs of a derivation are meant.
//
//   "*" | NAME ("," NAME)*              spec
//   TEXT [ "^" SPEC ]                   something with an extended spec; without one the default outputs are meant
//
// C++ Nix: libstore/outputs-spec.cc

import { FormatError, fail } from "../error.ts"
import { checkName } from "./name.ts"

/** All outputs, or those named (sorted, each once, at least one). */
export type OutputsSpec = { readonly kind: "all" } | { readonly kind: "names"; readonly names: readonly string[] }

/** The default outputs, or those of an explicit spec. */
export type ExtendedOutputsSpec = { readonly kind: "default" } | { readonly kind: "explicit"; readonly spec: OutputsSpec }

/** All outputs. */
export const allOutputs: OutputsSpec = { kind: "all" }

/** The spec of these names. */
export function outputNames(names: Iterable<string>): OutputsSpec {
  return { kind: "names", names: [...new Set(names)].sort() }
}

/** Reads `*` or `a,b`; fails on bad names (code `bad-name`). */
export function parseOutputsSpec(text: string): OutputsSpec {
  if (text === "*") return allOutputs
  const names = outputNames(text.split(","))
  if (names.kind === "names") for (const name of names.names) checkName(name)
  return names
}

/** Writes `*` or `a,b`. */
export function printOutputsSpec(spec: OutputsSpec): string {
  return spec.kind === "all" ? "*" : spec.names.join(",")
}

/** True if `spec` includes `output`. */
export function specContains(spec: OutputsSpec, output: string): boolean {
  return spec.kind === "all" || spec.names.includes(output)
}

/** Both together. */
export function specUnion(a: OutputsSpec, b: OutputsSpec): OutputsSpec {
  if (a.kind === "all" || b.kind === "all") return allOutputs
  return outputNames([...a.names, ...b.names])
}

/** True if everything in `a` is in `b`. */
export function specIsSubset(a: OutputsSpec, b: OutputsSpec): boolean {
  if (b.kind === "all") return true
  return a.kind === "names" && a.names.every((name) => b.names.includes(name))
}

/** Splits `TEXT^SPEC`; fails with Nix's words (code `bad-outputs-spec`) if there is a bad spec. */
export function parseExtendedOutputsSpec(text: string): { readonly before: string; readonly spec: ExtendedOutputsSpec } {
  const at = text.lastIndexOf("^")
  if (at < 0) return { before: text, spec: { kind: "default" } }
  try {
    return { before: text.slice(0, at), spec: { kind: "explicit", spec: parseOutputsSpec(text.slice(at + 1)) } }
  } catch (error) {
    if (error instanceof FormatError) fail("bad-outputs-spec", `invalid extended outputs specifier '${text}'`)
    throw error
  }
}

/** Writes "" or `^SPEC`. */
export function printExtendedOutputsSpec(spec: ExtendedOutputsSpec): string {
  return spec.kind === "default" ? "" : `^${printOutputsSpec(spec.spec)}`
}

/** The JSON form: a list of names, `["*"]` for all. */
export function outputsSpecToJson(spec: OutputsSpec): readonly string[] {
  return spec.kind === "all" ? ["*"] : spec.names
}

/** Reads the JSON form. */
export function outputsSpecFromJson(json: unknown): OutputsSpec {
  if (!Array.isArray(json) || !json.every((name) => typeof name === "string")) {
    return fail("bad-json", "expected a list of output names")
  }
  const names: string[] = json
  return new Set(names).size === 1 && names[0] === "*" ? allOutputs : outputNames(names)
}

/** The JSON form: null for the default. */
export function extendedOutputsSpecToJson(spec: ExtendedOutputsSpec): readonly string[] | null {
  return spec.kind === "default" ? null : outputsSpecToJson(spec.spec)
}

/** Reads the JSON form. */
export function extendedOutputsSpecFromJson(json: unknown): ExtendedOutputsSpec {
  return json === null ? { kind: "default" } : { kind: "explicit", spec: outputsSpecFromJson(json) }
}
