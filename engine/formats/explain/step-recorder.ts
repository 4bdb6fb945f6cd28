// Makes steps of what the pipeline hands out. Inputs are traced by their values: what equals the result of an earlier
// step came from it, since nothing else has that digest or path.

import type { HashAlgo } from "../hash/algo.ts"
import { parseBase16, printBase16 } from "../hash/base16.ts"
import type { Bytes } from "../hash/digest.ts"
import { printNix32 } from "../hash/nix32.ts"
import { hashPart, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { readDerivationTerms, type Term } from "./aterm-terms.ts"
import type { HashedKind, Recorder, StorePathMade } from "./recorder.ts"
import { shellDigest, shellFold, shellNix32, shellPath } from "./shell.ts"
import { type Explanation, type Origin, type Step, type StepInput, type StepKind, stepDescriptions } from "./step.ts"

/** Where things are from that no step computes. */
export interface Sources {
  /** The derivation explained, if it is one: the name its file and outputs are named after. */
  readonly drvName: string | undefined
  readonly attribute: (name: string, index?: number) => Origin
  /** The contents of a text or a source. */
  readonly contents: Origin
  /** A hash that was not computed but given: of fixed content. */
  readonly hash: Origin
  /** How that content is hashed. */
  readonly method: Origin
  readonly algo: Origin
  readonly name: Origin
  /** A command that hashes the contents where they are, if they are in a file. */
  readonly shellContents?: string
}

/** A part of a text; without a name it is always the same. */
interface Piece {
  readonly text: string
  readonly name?: string
  readonly from?: Origin
}

function inputsOf(pieces: readonly Piece[]): StepInput[] {
  const inputs: StepInput[] = []
  let at = 0
  for (const { text, name, from } of pieces) {
    if (name !== undefined && from !== undefined) inputs.push({ name, value: text, from, span: [at, at + text.length] })
    at += text.length
  }
  return inputs
}

const storeSetting: Origin = { kind: "setting", name: "store directory" }

export class StepRecorder implements Recorder {
  readonly #steps: Step[] = []
  readonly #byResult = new Map<string, string>()
  readonly #results = new Map<string, string>()
  readonly #sources: Sources
  readonly #storeDir: string
  /** Derivations by the hash that stands for them. */
  readonly #inputs = new Map<string, Set<StorePath>>()
  #atermHex = ""

  constructor(sources: Sources, storeDir: string) {
    this.#sources = sources
    this.#storeDir = storeDir
  }

  /** What was recorded. */
  explanation(): Explanation {
    return { steps: this.#steps, results: this.#results }
  }

  #add(step: Omit<Step, "title" | "source">, result?: string): void {
    if (this.#steps.some(({ id }) => id === step.id)) return
    const { title, source } = stepDescriptions[step.kind]
    this.#steps.push({ ...step, title, source })
    if (!this.#byResult.has(step.result)) this.#byResult.set(step.result, step.id)
    if (result !== undefined) this.#results.set(result, step.id)
  }

  #step(value: string): Origin | undefined {
    const id = this.#byResult.get(value)
    return id === undefined ? undefined : { kind: "step", id }
  }

  input(drvPath: StorePath, _output: string, hex: string): void {
    const known = this.#inputs.get(hex)
    if (known === undefined) this.#inputs.set(hex, new Set([drvPath]))
    else known.add(drvPath)
  }

  hashed(kind: HashedKind, algo: HashAlgo, bytes: Bytes, hex: string): void {
    const text = typeof bytes === "string" ? bytes : ""
    const shell = shellDigest(algo, bytes)
    const add = (as: StepKind, id: string, inputs: readonly StepInput[], result?: string): void =>
      this.#add({ id, kind: as, inputs, bytes, algo, result: hex, shell }, result)
    switch (kind) {
      case "contents":
        if (this.#sources.drvName === undefined) {
          const from = this.#sources.contents
          this.#add({
            id: kind,
            kind,
            inputs: [{ name: "contents", value: text, from, span: [0, bytes.length] }],
            bytes,
            algo,
            result: hex,
            shell: this.#sources.shellContents ?? shell,
          })
          return
        }
        this.#atermHex = hex
        add("aterm", "aterm", this.#atermInputs(text))
        return
      case "nar":
      case "flat":
        this.#add({
          id: kind,
          kind,
          inputs: [{ name: "contents", value: "", from: this.#sources.contents }],
          bytes,
          algo,
          result: hex,
          shell: this.#sources.shellContents ?? shell,
        })
        return
      case "fixed-content":
        add(kind, kind, inputsOf(this.#fixedPieces(text)))
        return
      case "fixed-modulo":
        add(kind, kind, inputsOf(this.#fixedPieces(text)), "modulo")
        return
      case "masked-modulo":
        add(kind, kind, this.#atermInputs(text))
        return
      case "modulo":
        add(kind, kind, this.#atermInputs(text), "modulo")
        return
      case "placeholder":
        this.#placeholder(text, hex, add)
    }
  }

  /** `fixed:out:` METHOD ALGO `:` HEX `:` and perhaps a path. */
  #fixedPieces(text: string): Piece[] {
    const { method, algo, hash } = this.#sources
    const parts = text.split(":")
    const [path, hex, name] = [parts.at(-1)!, parts.at(-2)!, parts.at(-3)!]
    const prefix = parts.length > 5 ? `${parts[2]}:` : ""
    return [
      { text: "fixed:out:" },
      { text: prefix, name: "method", from: method },
      { text: name, name: "algo", from: algo },
      { text: ":" },
      { text: hex, name: "hash", from: this.#step(hex) ?? hash },
      { text: ":" },
      ...(path === "" ? [] : [{ text: path, name: "path", from: this.#step(path) ?? this.#pathOrigin(path) }]),
    ]
  }

  #pathOrigin(path: string): Origin {
    return { kind: "reference", path: parseStorePath(path, this.#storeDir) }
  }

  #placeholder(text: string, hex: string, add: (kind: StepKind, id: string, inputs: readonly StepInput[]) => void): void {
    const [prefix, ...rest] = text.split(":") as [string, ...string[]]
    const outputs = this.#sources.attribute("outputs")
    const names = rest.length === 1 ? ["output"] : ["derivation", "name"]
    const pieces: Piece[] = [{ text: prefix }]
    for (const [i, part] of rest.entries()) {
      const from = names[i] === "derivation" ? (this.#step(part) ?? storeSetting) : outputs
      pieces.push({ text: ":" }, { text: part, name: names[i] ?? "output", from })
    }
    const label = rest.at(-1)!
    const id = `placeholder:${label}`
    add("placeholder", id, inputsOf(pieces))
    const bytes = parseBase16(hex)
    this.#add(
      {
        id: `nix32:${id}`,
        kind: "nix32",
        inputs: [{ name: "hash", value: hex, from: { kind: "step", id } }],
        bytes,
        algo: undefined,
        result: `/${printNix32(bytes)}`,
        shell: shellNix32(hex, "/"),
      },
      label,
    )
  }

  #label(made: StorePathMade): string {
    if (this.#sources.drvName === undefined) return "path"
    if (made.type.startsWith("text") && made.hex === this.#atermHex) return "drvPath"
    return made.type.startsWith("output:") ? made.type.slice(7) : "out"
  }

  #namePieces(name: string): Piece[] {
    const { drvName, attribute, name: from } = this.#sources
    if (drvName === undefined || !name.startsWith(drvName)) return [{ text: name, name: "name", from }]
    const rest = name.slice(drvName.length)
    const pieces: Piece[] = [{ text: drvName, name: "name", from }]
    if (rest.startsWith("-")) pieces.push({ text: "-" }, { text: rest.slice(1), name: "output", from: attribute("outputs") })
    else pieces.push({ text: rest })
    return pieces
  }

  #typePieces(type: string): Piece[] {
    const [kind, ...rest] = type.split(":") as [string, ...string[]]
    const pieces: Piece[] = [{ text: kind }]
    for (const part of rest) {
      pieces.push({ text: ":" })
      if (kind === "output") pieces.push({ text: part, name: "output", from: this.#sources.attribute("outputs") })
      else if (part === "self") pieces.push({ text: part })
      else pieces.push({ text: part, name: "reference", from: this.#pathOrigin(part) })
    }
    return pieces
  }

  storePath(made: StorePathMade): void {
    const { hex, storeDir, preimage, hash, folded, path } = made
    const label = this.#label(made)
    const full = printStorePath(path, storeDir)
    const hashHex = printBase16(hash)
    const foldedHex = printBase16(folded)
    const name = this.#namePieces(made.name)
    const inner: Piece = { text: hex, name: "hash", from: this.#step(hex) ?? this.#sources.hash }
    const store: Piece = { text: storeDir, name: "store directory", from: storeSetting }
    const pieces = [...this.#typePieces(made.type), { text: ":sha256:" }, inner, { text: ":" }, store, { text: ":" }, ...name]
    const fingerprint = `fingerprint:${label}`
    this.#add({
      id: fingerprint,
      kind: "fingerprint",
      inputs: inputsOf(pieces),
      bytes: preimage,
      algo: "sha256",
      result: hashHex,
      shell: shellDigest("sha256", preimage),
    })
    this.#add({
      id: `fold:${label}`,
      kind: "fold",
      inputs: [{ name: "hash", value: hashHex, from: { kind: "step", id: fingerprint } }],
      bytes: hash,
      algo: undefined,
      result: foldedHex,
      shell: shellFold(hashHex, folded.length),
    })
    const digits: Piece = { text: hashPart(path), name: "hash", from: { kind: "step", id: `nix32:${label}` } }
    this.#add({
      id: `nix32:${label}`,
      kind: "nix32",
      inputs: [{ name: "hash", value: foldedHex, from: { kind: "step", id: `fold:${label}` } }],
      bytes: folded,
      algo: undefined,
      result: digits.text,
      shell: shellNix32(foldedHex),
    })
    this.#add(
      {
        id: `path:${label}`,
        kind: "path",
        inputs: inputsOf([store, { text: "/" }, digits, { text: "-" }, ...name]),
        bytes: full,
        algo: undefined,
        result: full,
        shell: shellPath(storeDir, digits.text, made.name),
      },
      label,
    )
  }

  #atermInputs(text: string): StepInput[] {
    const [outputs, inputDrvs, inputSrcs, system, builder, args, env] = readDerivationTerms(text).map(listOf)
    const { attribute } = this.#sources
    const inputs: StepInput[] = []
    const add = (name: string, term: Term | undefined, from: (value: string) => Origin): void => {
      if (term?.kind !== "string") return
      inputs.push({ name, value: term.value, from: from(term.value), span: [term.start, term.end] })
    }
    const own = (value: string): Origin => (value === "" ? { kind: "masked" } : (this.#step(value) ?? this.#pathOrigin(value)))
    const outputNames = new Set<string>()
    for (const output of outputs ?? []) {
      const [name, path, algo, hash] = listOf(output)
      const label = textOf(name)
      outputNames.add(label)
      add(`outputs.${label}`, name, () => attribute("outputs"))
      add(`outputs.${label}.path`, path, own)
      if (textOf(algo) !== "") add(`outputs.${label}.hashAlgo`, algo, () => this.#sources.algo)
      if (textOf(hash) !== "") add(`outputs.${label}.hash`, hash, () => this.#sources.hash)
    }
    for (const input of inputDrvs ?? []) add("inputDrvs", listOf(input)[0], (value) => this.#inputOrigin(value))
    for (const source of inputSrcs ?? []) add("inputSrcs", source, (value) => this.#pathOrigin(value))
    add("system", system?.[0], () => attribute("system"))
    add("builder", builder?.[0], () => attribute("builder"))
    for (const [i, arg] of (args ?? []).entries()) add(`args.${i}`, arg, () => attribute("args", i))
    for (const variable of env ?? []) {
      const [name, value] = listOf(variable)
      const label = textOf(name)
      add(`env.${label}`, value, (text) => {
        if (!outputNames.has(label)) return attribute(label === "__json" ? "__structuredAttrs" : label)
        return text === "" ? { kind: "masked" } : (this.#step(text) ?? attribute(label))
      })
    }
    return inputs
  }

  #inputOrigin(key: string): Origin {
    const drvPaths = this.#inputs.get(key)
    return drvPaths === undefined ? this.#pathOrigin(key) : { kind: "derivation", drvPaths: [...drvPaths].sort() }
  }
}

/** The items of a list; a string counts as a list of itself. */
function listOf(term: Term): readonly Term[] {
  return term.kind === "items" ? term.items : [term]
}

function textOf(term: Term | undefined): string {
  return term?.kind === "string" ? term.value : ""
}
