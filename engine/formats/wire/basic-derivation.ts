// Derivations on the wire: resolved ones, which depend on store objects only.
//
//   outputs   number; each: name, path, method and algorithm, hash      (the same three texts as in an ATerm)
//   inputs    set of store paths, then system, builder, arguments
//   env       number; each: name, value                                  (`__json` among them)
//
// C++ Nix: libstore/derivation/aterm.cc read, write

import { canonicalStructuredAttrs, readOutput } from "../derivation/aterm-reader.ts"
import { type Derivation, type DerivationOutput, outputPath } from "../derivation/derivation.ts"
import { fail } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { printBase16 } from "../hash/base16.ts"
import { printMethodAlgo } from "../store-path/content-address.ts"
import { printStorePath } from "../store-path/store-path.ts"
import { type Reading, readNumber, readString, readStrings } from "./reading.ts"
import { readStorePaths, writeStorePath, writeStorePaths } from "./value.ts"
import type { WireWriter } from "./writer.ts"

/** Reads a resolved derivation; its name is that of its file, without `.drv`. */
export function* readBasicDerivation(name: string, storeDir: string, features: Features = allFeatures): Reading<Derivation> {
  const outputs = new Map<string, DerivationOutput>()
  for (let left = yield* readNumber(); left > 0; left--) {
    const output = yield* readString()
    const path = yield* readString()
    const methodAlgo = yield* readString()
    const hash = yield* readString()
    const read = readOutput(name, output, path, methodAlgo, hash, { storeDir, features })
    if (!outputs.has(output)) outputs.set(output, read)
  }
  const inputSrcs = new Set(yield* readStorePaths(storeDir))
  const system = yield* readString()
  const builder = yield* readString()
  const args = yield* readStrings()
  const env = new Map<string, string>()
  for (let left = yield* readNumber(); left > 0; left--) {
    const key = yield* readString()
    env.set(key, yield* readString())
  }
  const json = env.get("__json")
  env.delete("__json")
  const structuredAttrs = json === undefined ? undefined : canonicalStructuredAttrs(json)
  return { name, outputs, inputSrcs, inputDrvs: new Map(), system, builder, args, env, structuredAttrs }
}

function writeOutput(writer: WireWriter, drv: Derivation, name: string, output: DerivationOutput, storeDir: string): void {
  writer.string(name)
  writeStorePath(writer, outputPath(output, drv.name, name, storeDir), storeDir)
  switch (output.kind) {
    case "inputAddressed":
    case "deferred":
      writer.string("").string("")
      return
    case "caFixed":
      writer.string(printMethodAlgo(output.address.method, output.address.hash.algo)).string(printBase16(output.address.hash.bytes))
      return
    case "caFloating":
      writer.string(printMethodAlgo(output.method, output.algo)).string("")
      return
    case "impure":
      writer.string(printMethodAlgo(output.method, output.algo)).string("impure")
  }
}

/** Writes a resolved derivation; fails if it still has input derivations. */
export function writeBasicDerivation(writer: WireWriter, drv: Derivation, storeDir: string): void {
  const [first] = drv.inputDrvs.keys()
  if (first !== undefined) fail("bad-wire", `derivation '${drv.name}' is not resolved: it needs '${printStorePath(first, storeDir)}'`)
  if (drv.env.has("__json")) {
    fail("bad-derivation", "Cannot have an environment variable named '__json'. This key is reserved for encoding structured attrs")
  }
  writer.list(
    [...drv.outputs].sort(([a], [b]) => (a < b ? -1 : 1)),
    ([name, output]) => writeOutput(writer, drv, name, output, storeDir),
  )
  writeStorePaths(writer, drv.inputSrcs, storeDir)
  writer.string(drv.system).string(drv.builder).strings(drv.args)
  const env = drv.structuredAttrs === undefined ? drv.env : new Map(drv.env).set("__json", drv.structuredAttrs)
  writer.map(env, (value) => writer.string(value))
}
