// A derivation as a build request: what Nix puts before a builder, in the words of snix.build.v1. Snix: glue/src/snix_build.rs, with
// what it leaves out: structured attributes, exportReferencesGraph, placeholders everywhere.
// C++ Nix: libstore/build/derivation-env-desugar.cc, libstore/unix/build/derivation-builder.cc initEnv

import { create } from "@bufbuild/protobuf"
import { StoreError } from "../castore/error.ts"
import { entryMessage } from "../castore/rpc-message.ts"
import { type Derivation, derivationType, outputPath } from "../formats/derivation/derivation.ts"
import { type DerivationOptions, derivationOptions } from "../formats/derivation/options.ts"
import { rewriteText } from "../formats/derivation/resolve.ts"
import { digest } from "../formats/hash/digest.ts"
import { printNix32 } from "../formats/hash/nix32.ts"
import { asObject } from "../formats/json/access.ts"
import { parseJson } from "../formats/json/read.ts"
import type { JsonObject, JsonValue } from "../formats/json/value.ts"
import { printJson } from "../formats/json/write.ts"
import { closureOf, exportReferencesJson, exportReferencesText } from "../formats/narinfo/references-graph.ts"
import { outputPlaceholder } from "../formats/store-path/placeholder.ts"
import { defaultStoreDir, hashPart, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { type BuildRequest, BuildRequestSchema } from "../proto/gen/build_pb.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { attributesShell } from "./structured-attrs.ts"

/** Where builds are, relative to their root. */
const buildDir = "build"
const storeDir = defaultStoreDir.slice(1)

/** Builders of Nix itself that endpoints have. */
const builtins: ReadonlySet<string> = new Set(["builtin:fetchurl", "builtin:buildenv", "builtin:unpack-channel"])

/**
 * The request of a derivation. `closure`: its sources, its inputs' outputs, and all that they refer to. `places`: where outputs are
 * built whose paths are not known before; without them such derivations are refused (StoreError `unsupported`).
 */
export function derivationRequest(
  drv: Derivation,
  closure: readonly StoredPath[],
  places: ReadonlyMap<string, StorePath> = new Map(),
): BuildRequest {
  if (drv.builder.startsWith("builtin:") && !builtins.has(drv.builder)) {
    throw new StoreError("unsupported", `the builder '${drv.builder}' is not supported`)
  }
  const outputs = new Map<string, StorePath>()
  for (const [name, output] of drv.outputs) {
    const path = outputPath(output, drv.name, name, defaultStoreDir) ?? places.get(name)
    if (path === undefined) throw new StoreError("unsupported", `the path of the output '${name}' is not known before it is built`)
    outputs.set(name, path)
  }
  const known = new Map(closure.map((info) => [info.path, info]))
  const rewrites = new Map([...outputs].map(([name, path]) => [outputPlaceholder(name), printStorePath(path)]))
  const rewrite = (text: string): string => rewriteText(text, rewrites)
  const { variables, files } = desugar(drv, derivationOptions(drv), known)
  const inputs = [...known.keys()].sort()
  const environment = environmentOf(drv, variables)
  return create(BuildRequestSchema, {
    inputs: inputs.map((path) => entryMessage(known.get(path)!.node, path)),
    commandArgs: [drv.builder, ...drv.args].map((arg) => utf8(rewrite(arg), "an argument")),
    workingDir: buildDir,
    scratchPaths: [buildDir, storeDir],
    inputsDir: storeDir,
    outputs: [...outputs.values()].map((path) => `${storeDir}/${path}`).sort(),
    environmentVars: [...environment.keys()].sort().map((key) => ({
      key: utf8(key, "the name of a variable"),
      value: bytesOf(rewrite(environment.get(key)!)),
    })),
    constraints: { system: utf8(drv.system, "the system"), networkAccess: derivationType(drv) === "caFixed", provideBinSh: true },
    additionalFiles: [...files.keys()].sort().map((name) => ({
      path: `${buildDir}/${utf8(name, "the name of a file")}`,
      contents: bytesOf(rewrite(files.get(name)!)),
    })),
    refscanNeedles: [...new Set([...[...outputs.keys()].sort().map((name) => hashPart(outputs.get(name)!)), ...inputs.map(hashPart)])],
  })
}

interface Desugared {
  readonly variables: ReadonlyMap<string, string>
  /** By name in the build's folder. */
  readonly files: ReadonlyMap<string, string>
}

/** What the derivation's own variables come to: some are files, and structured attributes are nothing but files. */
function desugar(drv: Derivation, options: DerivationOptions, known: ReadonlyMap<StorePath, StoredPath>): Desugared {
  const variables = new Map<string, string>()
  const files = new Map<string, string>()
  const asFile = (variable: string, file: string, contents: string): void => {
    variables.set(variable, `/${buildDir}/${file}`)
    files.set(file, contents)
  }
  if (drv.structuredAttrs !== undefined) {
    const attributes = preparedAttributes(drv, options, known)
    asFile("NIX_ATTRS_SH_FILE", ".attrs.sh", attributesShell(attributes))
    asFile("NIX_ATTRS_JSON_FILE", ".attrs.json", printJson(attributes))
    return { variables, files }
  }
  for (const [name, value] of drv.env) {
    if (!options.passAsFile.includes(name)) variables.set(name, value)
    else asFile(`${name}Path`, `.attr-${printNix32(digest("sha256", name))}`, value)
  }
  for (const [file, paths] of options.exportReferencesGraph) files.set(file, exportReferencesText(graphOf(paths, known)))
  return { variables, files }
}

function preparedAttributes(drv: Derivation, options: DerivationOptions, known: ReadonlyMap<StorePath, StoredPath>): JsonObject {
  const attributes: { [key: string]: JsonValue } = { ...asObject(parseJson(drv.structuredAttrs!)) }
  attributes["outputs"] = Object.fromEntries([...drv.outputs.keys()].map((name) => [name, outputPlaceholder(name)]))
  for (const [key, paths] of options.exportReferencesGraph) attributes[key] = exportReferencesJson(graphOf(paths, known))
  return attributes
}

/** The objects of a graph that a builder gets. */
function graphOf(
  roots: DerivationOptions["exportReferencesGraph"] extends ReadonlyMap<string, infer Paths> ? Paths : never,
  known: ReadonlyMap<StorePath, StoredPath>,
): StoredPath[] {
  const paths = roots.map((root) => {
    if (root.kind === "opaque") return root.path
    throw new StoreError("unsupported", "exportReferencesGraph names a path that is not known before it is built")
  })
  const find = (path: StorePath): StoredPath => {
    const info = known.get(path)
    if (info !== undefined) return info
    throw new StoreError(
      "invalid",
      `cannot export references of path '${printStorePath(path)}' because it is not in the input closure of the derivation`,
    )
  }
  return closureOf(paths, (path) => find(path).references).map(find)
}

/** The variables that a builder gets: Nix's, and the derivation's. */
function environmentOf(drv: Derivation, variables: ReadonlyMap<string, string>): Map<string, string> {
  const top = `/${buildDir}`
  return new Map([
    ["PATH", "/path-not-set"],
    ["HOME", "/homeless-shelter"],
    ["NIX_STORE", defaultStoreDir],
    // As many as there are: a number would make it another build on every machine.
    ["NIX_BUILD_CORES", "0"],
    ...variables,
    ["NIX_BUILD_TOP", top],
    ["TMPDIR", top],
    ["TEMPDIR", top],
    ["TMP", top],
    ["TEMP", top],
    ["PWD", top],
    ...(derivationType(drv) === "caFixed" ? [["NIX_OUTPUT_CHECKED", "1"] as const] : []),
    ["NIX_LOG_FD", "2"],
    ["TERM", "xterm-256color"],
  ])
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

/** A byte string as text, where the protocol has text. */
function utf8(text: string, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(text))
  } catch (error) {
    throw new StoreError("unsupported", `${what} is not UTF-8: the build protocol has no place for other bytes`, { cause: error })
  }
}
