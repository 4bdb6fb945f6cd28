// The settings a derivation carries for its own build (Nix's "advanced attributes"): read from its variables, or from
// its structured attributes, never influencing its hash except by being there.
// C++ Nix: libstore/derivation-options.cc

import { fail } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { asArray, asBoolean, asObject, asString, asStrings, asUnsigned, nullableAt, optionalAt, valueAt } from "../json/access.ts"
import { parseJson } from "../json/read.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../json/value.ts"
import {
  compareSingleDerivedPaths,
  opaque,
  type SingleDerivedPath,
  singleDerivedPathFromJson,
  singleDerivedPathToJson,
} from "../store-path/derived-path.ts"
import { downstreamPlaceholder } from "../store-path/placeholder.ts"
import { defaultStoreDir, isStorePath, type StorePath, splitStorePath } from "../store-path/store-path.ts"
import { builtInputs, type Derivation, derivationType } from "./derivation.ts"

/** Something an output may or may not refer to: an output of the same derivation, or a path. */
export type DrvRef = { readonly kind: "self"; readonly output: string } | SingleDerivedPath

/** What is checked of an output once it is built. Lists are sorted, without doubles. */
export interface OutputChecks {
  readonly ignoreSelfRefs: boolean
  readonly maxSize: number | undefined
  readonly maxClosureSize: number | undefined
  readonly allowedReferences: readonly DrvRef[] | undefined
  readonly disallowedReferences: readonly DrvRef[]
  readonly allowedRequisites: readonly DrvRef[] | undefined
  readonly disallowedRequisites: readonly DrvRef[]
}

/** The settings. Lists of strings are sorted, without doubles. */
export interface DerivationOptions {
  readonly outputChecks:
    | { readonly kind: "forAllOutputs"; readonly checks: OutputChecks }
    | { readonly kind: "perOutput"; readonly checks: ReadonlyMap<string, OutputChecks> }
  readonly unsafeDiscardReferences: ReadonlyMap<string, boolean>
  readonly passAsFile: readonly string[]
  readonly exportReferencesGraph: ReadonlyMap<string, readonly SingleDerivedPath[]>
  readonly additionalSandboxProfile: string
  readonly noChroot: boolean
  readonly impureHostDeps: readonly string[]
  readonly impureEnvVars: readonly string[]
  readonly allowLocalNetworking: boolean
  readonly requiredSystemFeatures: readonly string[]
  readonly preferLocalBuild: boolean
  readonly allowSubstitutes: boolean
}

/** What the reader of options may be told. */
export interface OptionsSettings {
  readonly storeDir?: string
  readonly features?: Features
  /** Gets Nix's warnings. */
  readonly warn?: (message: string) => void
}

const fileName = /^[A-Za-z_][A-Za-z0-9_.-]*$/

function unique(strings: Iterable<string>): string[] {
  return [...new Set(strings)].sort()
}

/** Splits at blanks and line ends, dropping empty parts. C++ Nix: tokenizeString. */
function tokenize(text: string): string[] {
  return text.split(/[ \t\n\r]+/).filter((part) => part !== "")
}

function compareRefs(a: DrvRef, b: DrvRef): number {
  if (a.kind === "self") return b.kind === "self" ? (a.output < b.output ? -1 : a.output > b.output ? 1 : 0) : -1
  return b.kind === "self" ? 1 : compareSingleDerivedPaths(a, b)
}

function sortedRefs(refs: readonly DrvRef[]): DrvRef[] {
  const sorted = [...refs].sort(compareRefs)
  return sorted.filter((ref, i) => i === 0 || compareRefs(sorted[i - 1]!, ref) !== 0)
}

function sortedPaths(paths: readonly SingleDerivedPath[]): SingleDerivedPath[] {
  const sorted = [...paths].sort(compareSingleDerivedPaths)
  return sorted.filter((path, i) => i === 0 || compareSingleDerivedPaths(sorted[i - 1]!, path) !== 0)
}

/** All strings in nested lists. */
function flatten(value: JsonValue, into: Set<string>): void {
  if (typeof value === "string") into.add(value)
  else if (Array.isArray(value)) for (const item of value) flatten(item, into)
  else fail("bad-derivation", "'exportReferencesGraph' value is not an array or a string")
}

const topLevelChecks = [
  "allowedReferences",
  "allowedRequisites",
  "disallowedRequisites",
  "disallowedReferences",
  "maxSize",
  "maxClosureSize",
]

class OptionsReader {
  readonly #env: ReadonlyMap<string, string>
  readonly #structured: JsonObject | undefined
  readonly #placeholders = new Map<string, SingleDerivedPath>()
  readonly #storeDir: string
  readonly #warn: (message: string) => void

  constructor(drv: Pick<Derivation, "env" | "structuredAttrs" | "inputDrvs">, settings: OptionsSettings) {
    this.#env = drv.env
    this.#structured = drv.structuredAttrs === undefined ? undefined : asObject(parseJson(drv.structuredAttrs))
    this.#storeDir = settings.storeDir ?? defaultStoreDir
    this.#warn = settings.warn ?? (() => {})
    if ((settings.features ?? allFeatures).has("ca-derivations")) {
      for (const input of builtInputs(drv)) this.#placeholders.set(downstreamPlaceholder(input), input)
    }
  }

  /** A placeholder may be followed by a path below it. */
  #placeholder(text: string): SingleDerivedPath | undefined {
    const slash = text.indexOf("/", 1)
    return this.#placeholders.get(slash < 0 ? text : text.slice(0, slash))
  }

  #path(text: string): SingleDerivedPath {
    return this.#placeholder(text) ?? opaque(splitStorePath(text, this.#storeDir).path)
  }

  #ref(text: string): DrvRef {
    const placeholder = this.#placeholder(text)
    if (placeholder !== undefined) return placeholder
    if (isStorePath(text, this.#storeDir)) return opaque(splitStorePath(text, this.#storeDir).path)
    return { kind: "self", output: text }
  }

  #refs(texts: readonly string[]): DrvRef[] {
    return sortedRefs(texts.map((text) => this.#ref(text)))
  }

  #attr(name: string): JsonValue | undefined {
    return this.#structured === undefined ? this.#env.get(name) : optionalAt(this.#structured, name)
  }

  #text(name: string): string {
    const value = this.#attr(name)
    return value === undefined ? "" : asString(value)
  }

  #flag(name: string, otherwise: boolean): boolean {
    const value = this.#attr(name)
    if (value === undefined) return otherwise
    return this.#structured === undefined ? value === "1" : asBoolean(value)
  }

  #strings(name: string): string[] | undefined {
    const value = this.#attr(name)
    if (value === undefined) return undefined
    return unique(this.#structured === undefined ? tokenize(asString(value)) : asStrings(value))
  }

  #checksOfOutput(json: JsonValue): OutputChecks {
    const output = asObject(json)
    const size = (name: string) => {
      const value = optionalAt(output, name)
      return value === undefined ? undefined : asUnsigned(value)
    }
    const refs = (name: string) => {
      const value = optionalAt(output, name)
      return value === undefined ? undefined : this.#refs(asStrings(value))
    }
    return {
      ignoreSelfRefs: false,
      maxSize: size("maxSize"),
      maxClosureSize: size("maxClosureSize"),
      allowedReferences: refs("allowedReferences"),
      disallowedReferences: refs("disallowedReferences") ?? [],
      allowedRequisites: refs("allowedRequisites"),
      disallowedRequisites: refs("disallowedRequisites") ?? [],
    }
  }

  #outputChecks(): DerivationOptions["outputChecks"] {
    if (this.#structured !== undefined) {
      const checks = new Map<string, OutputChecks>()
      const given = optionalAt(this.#structured, "outputChecks")
      if (given !== undefined) {
        for (const [name, output] of Object.entries(asObject(given))) checks.set(name, this.#checksOfOutput(output))
      }
      return { kind: "perOutput", checks }
    }
    const refs = (name: string) => {
      const texts = this.#strings(name)
      return texts === undefined ? undefined : this.#refs(texts)
    }
    return {
      kind: "forAllOutputs",
      checks: {
        ignoreSelfRefs: true,
        maxSize: undefined,
        maxClosureSize: undefined,
        allowedReferences: refs("allowedReferences"),
        disallowedReferences: refs("disallowedReferences") ?? [],
        allowedRequisites: refs("allowedRequisites"),
        disallowedRequisites: refs("disallowedRequisites") ?? [],
      },
    }
  }

  #unsafeDiscardReferences(): Map<string, boolean> {
    const result = new Map<string, boolean>()
    const given = this.#structured === undefined ? undefined : optionalAt(this.#structured, "unsafeDiscardReferences")
    if (given === undefined) return result
    for (const [name, value] of Object.entries(asObject(given))) result.set(name, asBoolean(value))
    return result
  }

  #passAsFile(): string[] {
    const names = this.#env.get("passAsFile")
    if (names === undefined) return []
    if (this.#structured === undefined) return unique(tokenize(names))
    this.#warn("'structuredAttrs' disables the effect of the top-level attribute 'passAsFile'; because all JSON is always passed via file")
    return []
  }

  #exportReferencesGraph(): Map<string, SingleDerivedPath[]> {
    const graph = new Map<string, SingleDerivedPath[]>()
    if (this.#structured !== undefined) {
      const given = optionalAt(this.#structured, "exportReferencesGraph")
      if (given === undefined) return graph
      if (!isJsonObject(given)) {
        this.#warn("'exportReferencesGraph' in structured attrs is not a JSON object, ignoring")
        return graph
      }
      for (const [key, value] of Object.entries(given)) {
        const texts = new Set<string>()
        flatten(value, texts)
        graph.set(key, sortedPaths([...texts].map((text) => this.#path(text))))
      }
      return graph
    }
    const text = this.#env.get("exportReferencesGraph") ?? ""
    const parts = tokenize(text)
    if (parts.length % 2 !== 0) fail("bad-derivation", `odd number of tokens in 'exportReferencesGraph': '${text}'`)
    for (let i = 0; i < parts.length; i += 2) {
      const name = parts[i]!
      if (!fileName.test(name)) fail("bad-derivation", `invalid file name '${name}' in 'exportReferencesGraph'`)
      graph.set(name, [this.#path(parts[i + 1]!)])
    }
    return graph
  }

  readOptions(): DerivationOptions {
    if (this.#structured !== undefined) {
      for (const name of topLevelChecks) {
        if (optionalAt(this.#structured, name) === undefined) continue
        this.#warn(`'structuredAttrs' disables the effect of the top-level attribute '${name}'; use 'outputChecks' instead`)
      }
    }
    return {
      outputChecks: this.#outputChecks(),
      unsafeDiscardReferences: this.#unsafeDiscardReferences(),
      passAsFile: this.#passAsFile(),
      exportReferencesGraph: this.#exportReferencesGraph(),
      additionalSandboxProfile: this.#text("__sandboxProfile"),
      noChroot: this.#flag("__noChroot", false),
      impureHostDeps: this.#strings("__impureHostDeps") ?? [],
      impureEnvVars: this.#strings("impureEnvVars") ?? [],
      allowLocalNetworking: this.#flag("__darwinAllowLocalNetworking", false),
      requiredSystemFeatures: this.#strings("requiredSystemFeatures") ?? [],
      preferLocalBuild: this.#flag("preferLocalBuild", false),
      allowSubstitutes: this.#flag("allowSubstitutes", true),
    }
  }
}

/** The settings of a derivation; fails where an attribute has the wrong form. */
export function derivationOptions(
  drv: Pick<Derivation, "env" | "structuredAttrs" | "inputDrvs">,
  settings: OptionsSettings = {},
): DerivationOptions {
  return new OptionsReader(drv, settings).readOptions()
}

/** All features a machine needs to build the derivation. C++ Nix: Options::getRequiredSystemFeatures. */
export function requiredSystemFeatures(drv: Derivation, options: DerivationOptions): string[] {
  const type = derivationType(drv)
  const known = type === "inputAddressed" || type === "caFixed"
  return unique(known ? options.requiredSystemFeatures : [...options.requiredSystemFeatures, "ca-derivations"])
}

/** Replaces all outputs among the settings by paths; undefined if `resolve` does not know one. C++ Nix: tryResolve. */
export function resolveOptions(
  options: DerivationOptions,
  resolve: (drvPath: SingleDerivedPath, output: string) => StorePath | undefined,
): DerivationOptions | undefined {
  let complete = true
  const path = (input: SingleDerivedPath): SingleDerivedPath => {
    if (input.kind === "opaque") return input
    const found = resolve(input.drvPath, input.output)
    if (found !== undefined) return opaque(found)
    complete = false
    return input
  }
  const refs = (list: readonly DrvRef[]) => sortedRefs(list.map((ref) => (ref.kind === "self" ? ref : path(ref))))
  const checks = (given: OutputChecks): OutputChecks => ({
    ...given,
    allowedReferences: given.allowedReferences && refs(given.allowedReferences),
    disallowedReferences: refs(given.disallowedReferences),
    allowedRequisites: given.allowedRequisites && refs(given.allowedRequisites),
    disallowedRequisites: refs(given.disallowedRequisites),
  })
  const { outputChecks } = options
  const resolved: DerivationOptions = {
    ...options,
    outputChecks:
      outputChecks.kind === "forAllOutputs"
        ? { kind: "forAllOutputs", checks: checks(outputChecks.checks) }
        : { kind: "perOutput", checks: new Map([...outputChecks.checks].map(([name, given]) => [name, checks(given)])) },
    exportReferencesGraph: new Map([...options.exportReferencesGraph].map(([key, paths]) => [key, sortedPaths(paths.map(path))])),
  }
  return complete ? resolved : undefined
}

function refToJson(ref: DrvRef): JsonValue {
  return ref.kind === "self" ? { drvPath: "self", output: ref.output } : singleDerivedPathToJson(ref)
}

function refFromJson(json: JsonValue, features: Features): DrvRef {
  if (isJsonObject(json) && optionalAt(json, "drvPath") === "self") return { kind: "self", output: asString(valueAt(json, "output")) }
  return singleDerivedPathFromJson(json, features)
}

function checksToJson(checks: OutputChecks): JsonObject {
  return {
    ignoreSelfRefs: checks.ignoreSelfRefs,
    maxSize: checks.maxSize ?? null,
    maxClosureSize: checks.maxClosureSize ?? null,
    allowedReferences: checks.allowedReferences?.map(refToJson) ?? null,
    disallowedReferences: checks.disallowedReferences.map(refToJson),
    allowedRequisites: checks.allowedRequisites?.map(refToJson) ?? null,
    disallowedRequisites: checks.disallowedRequisites.map(refToJson),
  }
}

function checksFromJson(json: unknown, features: Features): OutputChecks {
  const object = asObject(json)
  const size = (name: string) => {
    const value = nullableAt(object, name)
    return value === null ? undefined : asUnsigned(value)
  }
  const refs = (value: JsonValue) => sortedRefs(asArray(value).map((ref) => refFromJson(ref, features)))
  const optionalRefs = (name: string) => {
    const value = valueAt(object, name)
    return value === null ? undefined : refs(value)
  }
  return {
    ignoreSelfRefs: asBoolean(valueAt(object, "ignoreSelfRefs")),
    maxSize: size("maxSize"),
    maxClosureSize: size("maxClosureSize"),
    allowedReferences: optionalRefs("allowedReferences"),
    disallowedReferences: refs(valueAt(object, "disallowedReferences")),
    allowedRequisites: optionalRefs("allowedRequisites"),
    disallowedRequisites: refs(valueAt(object, "disallowedRequisites")),
  }
}

function fromEntries(map: Iterable<readonly [string, JsonValue]>): JsonObject {
  return Object.assign(Object.create(null), Object.fromEntries(map))
}

/** The JSON form. */
export function optionsToJson(options: DerivationOptions): JsonObject {
  const { outputChecks, unsafeDiscardReferences, exportReferencesGraph, ...rest } = options
  return {
    ...rest,
    outputChecks:
      outputChecks.kind === "forAllOutputs"
        ? { forAllOutputs: checksToJson(outputChecks.checks) }
        : { perOutput: fromEntries([...outputChecks.checks].map(([name, checks]) => [name, checksToJson(checks)])) },
    unsafeDiscardReferences: fromEntries(unsafeDiscardReferences),
    exportReferencesGraph: fromEntries([...exportReferencesGraph].map(([key, paths]) => [key, paths.map(singleDerivedPathToJson)])),
  }
}

/** Reads the JSON form. */
export function optionsFromJson(json: unknown, features: Features = allFeatures): DerivationOptions {
  const object = asObject(json)
  const strings = (name: string) => unique(asStrings(valueAt(object, name)))
  const flag = (name: string) => asBoolean(valueAt(object, name))
  const given = asObject(valueAt(object, "outputChecks"))
  const forAll = optionalAt(given, "forAllOutputs")
  const perOutput = optionalAt(given, "perOutput")
  if ((forAll === undefined) === (perOutput === undefined)) {
    fail("bad-json", "Exactly one of 'perOutput' or 'forAllOutputs' is required")
  }
  const entries = (value: JsonValue) => Object.entries(asObject(value))
  return {
    outputChecks:
      forAll !== undefined
        ? { kind: "forAllOutputs", checks: checksFromJson(forAll, features) }
        : { kind: "perOutput", checks: new Map(entries(perOutput!).map(([name, checks]) => [name, checksFromJson(checks, features)])) },
    unsafeDiscardReferences: new Map(entries(valueAt(object, "unsafeDiscardReferences")).map(([name, value]) => [name, asBoolean(value)])),
    passAsFile: strings("passAsFile"),
    exportReferencesGraph: new Map(
      entries(valueAt(object, "exportReferencesGraph")).map(([key, paths]) => [
        key,
        sortedPaths(asArray(paths).map((path) => singleDerivedPathFromJson(path, features))),
      ]),
    ),
    additionalSandboxProfile: asString(valueAt(object, "additionalSandboxProfile")),
    noChroot: flag("noChroot"),
    impureHostDeps: strings("impureHostDeps"),
    impureEnvVars: strings("impureEnvVars"),
    allowLocalNetworking: flag("allowLocalNetworking"),
    requiredSystemFeatures: strings("requiredSystemFeatures"),
    preferLocalBuild: flag("preferLocalBuild"),
    allowSubstitutes: flag("allowSubstitutes"),
  }
}
