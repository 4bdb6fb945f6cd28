// Reads derivations from ATerms (grammar: aterm-writer.ts), as strictly and as leniently as Nix: store paths must be
// canonical, fixed outputs must have the path their hash gives; commas in lists may be missing, order and repetition
// do not matter, and what follows the closing bracket is not looked at.
// C++ Nix: libstore/derivation/aterm.cc parse

import { FormatError, fail } from "../error.ts"
import { allFeatures, type Features, requireFeature } from "../feature.ts"
import { parseBareHash } from "../hash/hash.ts"
import { parseJson } from "../json/read.ts"
import { isJsonObject } from "../json/value.ts"
import { printJson } from "../json/write.ts"
import { parseMethodAlgo } from "../store-path/content-address.ts"
import { defaultStoreDir, parseStorePathStrictly, type StorePath } from "../store-path/store-path.ts"
import { type Derivation, type DerivationOutput, type InputNode, outputPath } from "./derivation.ts"

/** How deep inputs that are outputs of outputs may nest. */
const maxNesting = 500

/** The settings a reader needs. */
export interface ReadSettings {
  readonly storeDir: string
  readonly features: Features
}

/** An output from its three texts in an ATerm or on the wire. C++ Nix: parseOutput. */
export function readOutput(
  drvName: string,
  name: string,
  path: string,
  methodAlgo: string,
  hash: string,
  settings: ReadSettings,
): DerivationOutput {
  const { storeDir, features } = settings
  if (methodAlgo === "") {
    if (path === "") return { kind: "deferred" }
    return { kind: "inputAddressed", path: parseStorePathStrictly(path, storeDir) }
  }
  if (methodAlgo.startsWith("text:")) requireFeature(features, "dynamic-derivations", "text-hashed derivation output")
  const { method, algo } = parseMethodAlgo(methodAlgo, features)
  if (hash === "impure") {
    requireFeature(features, "impure-derivations")
    if (path !== "") fail("bad-derivation", "impure derivation output should not specify output path")
    return { kind: "impure", method, algo }
  }
  if (hash === "") {
    requireFeature(features, "ca-derivations")
    if (path !== "") fail("bad-derivation", "content-addressing derivation output should not specify output path")
    return { kind: "caFloating", method, algo }
  }
  const stated = parseStorePathStrictly(path, storeDir)
  const output: DerivationOutput = { kind: "caFixed", address: { method, hash: parseBareHash(hash, algo) } }
  if (stated !== outputPath(output, drvName, name, storeDir)) {
    fail("bad-derivation", `derivation output '${name}' has path '${path}', which does not match its content address`)
  }
  return output
}

/** The text of `__json` in canonical form; fails unless it is a JSON object. C++ Nix: StructuredAttrs::parse. */
export function canonicalStructuredAttrs(text: string): string {
  try {
    const value = parseJson(text)
    if (isJsonObject(value)) return printJson(value)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    fail("bad-derivation", `cannot process __json attribute: ${error.message}`)
  }
  return fail("bad-derivation", "cannot process __json attribute: it is not a JSON object")
}

class AtermReader {
  readonly #text: string
  readonly #settings: ReadSettings
  #at = 0
  #dynamic = false

  constructor(text: string, settings: ReadSettings) {
    this.#text = text
    this.#settings = settings
  }

  #expect(token: string): void {
    if (!this.#text.startsWith(token, this.#at)) fail("bad-derivation", `expected string '${token}'`, this.#at)
    this.#at += token.length
  }

  #string(): string {
    this.#expect('"')
    const text = this.#text
    let result = ""
    let from = this.#at
    for (;;) {
      const quote = text.indexOf('"', from)
      if (quote < 0) return fail("bad-derivation", "unterminated string in derivation", this.#at)
      const backslash = text.slice(from, quote).indexOf("\\")
      if (backslash < 0) {
        this.#at = quote + 1
        return result + text.slice(from, quote)
      }
      const at = from + backslash
      const char = text[at + 1]!
      result += text.slice(from, at) + (char === "n" ? "\n" : char === "r" ? "\r" : char === "t" ? "\t" : char)
      from = at + 2
    }
  }

  #path(): StorePath {
    return parseStorePathStrictly(this.#string(), this.#settings.storeDir)
  }

  #endOfList(): boolean {
    const char = this.#text[this.#at]
    if (char !== "," && char !== "]") return false
    this.#at++
    return char === "]"
  }

  /** The items of a list whose opening bracket has been read. */
  #items(item: () => void): void {
    while (!this.#endOfList()) item()
  }

  #strings(): string[] {
    const strings: string[] = []
    this.#expect("[")
    this.#items(() => strings.push(this.#string()))
    return strings
  }

  #node(depth: number): InputNode {
    if (depth > maxNesting) fail("bad-derivation", `inputs nest deeper than ${maxNesting} levels`, this.#at)
    if (!this.#dynamic || this.#text[this.#at] === "[") return { outputs: new Set(this.#strings()), dynamic: new Map() }
    if (this.#text[this.#at] !== "(") fail("bad-derivation", "invalid inputDrvs entry in derivation", this.#at)
    this.#expect("(")
    const outputs = new Set(this.#strings())
    const dynamic = new Map<string, InputNode>()
    this.#expect(",[")
    this.#items(() => {
      this.#expect("(")
      const name = this.#string()
      this.#expect(",")
      const child = this.#node(depth + 1)
      // Nix keeps a set of paths, in which a node without outputs leaves no trace.
      if (child.outputs.size > 0 || child.dynamic.size > 0) dynamic.set(name, child)
      else dynamic.delete(name)
      this.#expect(")")
    })
    this.#expect(")")
    return { outputs, dynamic }
  }

  #header(name: string): void {
    this.#expect("D")
    if (this.#text[1] === "e") {
      this.#expect("erive(")
      return
    }
    if (this.#text[1] !== "r") fail("bad-derivation", "derivation does not start with 'Derive' or 'DrvWithVersion'")
    this.#expect("rvWithVersion(")
    const version = this.#string()
    if (version !== "xp-dyn-drv") fail("bad-derivation", `Unknown derivation ATerm format version '${version}'`)
    requireFeature(this.#settings.features, "dynamic-derivations", `derivation '${name}', ATerm format version 'xp-dyn-drv'`)
    this.#dynamic = true
    this.#expect(",")
  }

  #outputs(drvName: string): Map<string, DerivationOutput> {
    const outputs = new Map<string, DerivationOutput>()
    this.#expect("[")
    this.#items(() => {
      this.#expect("(")
      const name = this.#string()
      this.#expect(",")
      const path = this.#string()
      this.#expect(",")
      const methodAlgo = this.#string()
      this.#expect(",")
      const hash = this.#string()
      this.#expect(")")
      const output = readOutput(drvName, name, path, methodAlgo, hash, this.#settings)
      if (!outputs.has(name)) outputs.set(name, output)
    })
    return outputs
  }

  #inputDrvs(): Map<StorePath, InputNode> {
    const inputDrvs = new Map<StorePath, InputNode>()
    this.#expect(",[")
    this.#items(() => {
      this.#expect("(")
      const path = this.#path()
      this.#expect(",")
      const node = this.#node(0)
      if (node.outputs.size === 0 && node.dynamic.size === 0) {
        fail("bad-derivation", `inputDrvs entry for '${this.#settings.storeDir}/${path}' specifies no outputs`, this.#at)
      }
      inputDrvs.set(path, node)
      this.#expect(")")
    })
    return inputDrvs
  }

  readDerivation(name: string): Derivation {
    this.#header(name)
    const outputs = this.#outputs(name)
    const inputDrvs = this.#inputDrvs()
    const inputSrcs = new Set<StorePath>()
    this.#expect(",")
    this.#expect("[")
    this.#items(() => inputSrcs.add(this.#path()))
    this.#expect(",")
    const system = this.#string()
    this.#expect(",")
    const builder = this.#string()
    this.#expect(",")
    const args = this.#strings()
    const env = new Map<string, string>()
    let structuredAttrs: string | undefined
    this.#expect(",[")
    this.#items(() => {
      this.#expect("(")
      const key = this.#string()
      this.#expect(",")
      const value = this.#string()
      if (key === "__json") structuredAttrs = canonicalStructuredAttrs(value)
      else env.set(key, value)
      this.#expect(")")
    })
    this.#expect(")")
    return { name, outputs, inputSrcs, inputDrvs, system, builder, args, env, structuredAttrs }
  }
}

/**
 * The derivation in the bytes of a `.drv` file; `name` is its name without `.drv`. Fails with Nix's words (code
 * `bad-derivation`, or what a store path or hash in it was refused for).
 */
export function parseAterm(text: string, name: string, storeDir: string = defaultStoreDir, features: Features = allFeatures): Derivation {
  return new AtermReader(text, { storeDir, features }).readDerivation(name)
}
