// Explains store paths, derivations and outputs: runs the hashing pipeline once more with a recorder and gives its steps.

import type { Derivation, DerivationOutput } from "../derivation/derivation.ts"
import { derivationType } from "../derivation/derivation.ts"
import { type Instantiated, instantiate } from "../derivation/instantiate.ts"
import { type HashModulo, hashModulo, ModuloCache } from "../derivation/modulo.ts"
import { fail } from "../error.ts"
import type { HashAlgo } from "../hash/algo.ts"
import { printBase16 } from "../hash/base16.ts"
import { type Bytes, digest } from "../hash/digest.ts"
import { type FileTree, narOfTree } from "../nar/tree.ts"
import { makeFixedOutputPath, makeTextPath, type References } from "../store-path/compute.ts"
import type { ContentAddress } from "../store-path/content-address.ts"
import { outputPlaceholder } from "../store-path/placeholder.ts"
import { defaultStoreDir, drvNameOfPath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { shellFileDigest, shellNarDigest } from "./shell.ts"
import type { Explanation, Origin, SourcePosition, Step } from "./step.ts"
import { type Sources, StepRecorder } from "./step-recorder.ts"

/** What an explainer needs to know. */
export interface ExplainSettings {
  /** The derivation at a path, or undefined if it is not to be had. */
  readonly read: (drvPath: StorePath) => Derivation | undefined
  readonly storeDir?: string
  /** Where an attribute of a derivation stands, if that is known. */
  readonly position?: (drvPath: StorePath, attribute: string) => SourcePosition | undefined
}

/**
 * Where the contents of an object are from: a file, or something with a name. Shell commands read the file; with `carried` they
 * carry its bytes instead, because the file is not on the reader's disk or not all of it is meant.
 */
export type ContentsFrom = { readonly file: string; readonly carried?: boolean } | { readonly given: string }

/** An explanation, and the derivation as the pipeline made it. */
export interface ExplainedDerivation extends Explanation, Pick<Instantiated, "drv" | "aterm" | "drvPath"> {}

const noReferences: References = { others: [], self: false }

function given(name: string): Origin {
  return { kind: "given", name }
}

/** The file that shell commands read; undefined if they carry the bytes. */
function fileToRead(from: ContentsFrom): string | undefined {
  return "file" in from && from.carried !== true ? from.file : undefined
}

function originOf(from: ContentsFrom): Origin {
  return "file" in from ? { kind: "file", path: from.file } : given(from.given)
}

/** As before its paths were computed. */
function withoutPaths(drv: Derivation): Derivation {
  if (derivationType(drv) !== "inputAddressed") return drv
  const outputs = new Map<string, DerivationOutput>()
  for (const name of drv.outputs.keys()) outputs.set(name, { kind: "deferred" })
  return { ...drv, outputs }
}

export class Explainer {
  readonly storeDir: string
  readonly #settings: ExplainSettings
  readonly #cache: ModuloCache

  constructor(settings: ExplainSettings) {
    this.storeDir = settings.storeDir ?? defaultStoreDir
    this.#settings = settings
    this.#cache = new ModuloCache((path) => this.read(path), this.storeDir)
  }

  /** The derivation at a path; fails (code `unresolved`) if it is not to be had. */
  read(drvPath: StorePath): Derivation {
    const path = printStorePath(drvPath, this.storeDir)
    return this.#settings.read(drvPath) ?? fail("unresolved", `derivation '${path}' is needed, but it is not there`)
  }

  #sourcesOf(drvName: string, drvPath: StorePath): Sources {
    const attribute = (name: string, index?: number): Origin => {
      const position = this.#settings.position?.(drvPath, name)
      return { kind: "attribute", name, ...(index === undefined ? {} : { index }), ...(position === undefined ? {} : { position }) }
    }
    return {
      drvName,
      attribute,
      contents: given("derivation"),
      hash: attribute("outputHash"),
      method: attribute("outputHashMode"),
      algo: attribute("outputHashAlgo"),
      name: attribute("name"),
    }
  }

  /**
   * All steps to the outputs of a derivation and to its own path: first what makes the output paths, then the finished text
   * and its path. Results: `drvPath` and the outputs (placeholders where paths are not known before a build).
   * `drvPath` is where the derivation is said to be, and tells whose attributes have positions.
   */
  derivation(drvPath: StorePath, drv: Derivation = this.read(drvPath)): ExplainedDerivation {
    const recorder = new StepRecorder(this.#sourcesOf(drv.name, drvPath), this.storeDir)
    for (const name of [...drv.outputs.keys()].sort()) {
      const { kind } = drv.outputs.get(name)!
      if (kind === "caFloating" || kind === "impure") outputPlaceholder(name, recorder)
    }
    const done = instantiate(withoutPaths(drv), this.#cache, this.storeDir, recorder)
    return { ...recorder.explanation(), drv: done.drv, aterm: done.aterm, drvPath: done.drvPath }
  }

  /** The steps to one output alone. */
  output(drvPath: StorePath, output: string): Explanation {
    const all = this.derivation(drvPath)
    const path = printStorePath(drvPath, this.storeDir)
    return stepsTo(
      all,
      all.results.has(output) ? output : fail("usage", `derivation '${path}' has no output '${output}' with a known path`),
    )
  }

  /** The steps to the hash that stands for a derivation where it is an input; none if it is not known before a build. */
  modulo(drvPath: StorePath): Explanation {
    const drv = this.read(drvPath)
    const recorder = new StepRecorder(this.#sourcesOf(drv.name, drvPath), this.storeDir)
    hashModulo(drv, this.#cache.get, this.storeDir, recorder)
    return recorder.explanation()
  }

  /** What stands for a derivation where it is an input. */
  hashModulo(drvPath: StorePath): HashModulo {
    return this.#cache.get(drvPath)
  }

  #object(from: ContentsFrom, shellContents?: string): StepRecorder {
    const sources: Sources = {
      drvName: undefined,
      attribute: given,
      contents: originOf(from),
      hash: given("hash"),
      method: given("method"),
      algo: given("algorithm"),
      name: given("name"),
      ...(shellContents === undefined ? {} : { shellContents }),
    }
    return new StepRecorder(sources, this.storeDir)
  }

  /** The steps to the path of a text (`builtins.toFile`, a derivation's file as any text). */
  text(name: string, contents: Bytes, references: Iterable<StorePath>, from: ContentsFrom = { given: "contents" }): Explanation {
    const file = fileToRead(from)
    const recorder = this.#object(from, file === undefined ? undefined : shellFileDigest("sha256", file))
    makeTextPath(name, contents, references, this.storeDir, recorder)
    return recorder.explanation()
  }

  /** The steps to the path of a file tree hashed as an archive (`builtins.path`, `"${./.}"`). */
  tree(name: string, tree: FileTree, from?: ContentsFrom, algo: HashAlgo = "sha256", references: References = noReferences): Explanation {
    return this.#content(name, "nar", narOfTree(tree), from ?? { given: "contents" }, algo, references)
  }

  /** The steps to the path of one file hashed by its bytes (`builtins.path` with `recursive = false`, `fetchurl`). */
  flat(name: string, contents: Bytes, from?: ContentsFrom, algo: HashAlgo = "sha256", references: References = noReferences): Explanation {
    return this.#content(name, "flat", contents, from ?? { given: "contents" }, algo, references)
  }

  #content(name: string, method: "nar" | "flat", data: Bytes, from: ContentsFrom, algo: HashAlgo, references: References): Explanation {
    const file = fileToRead(from)
    const shell = method === "nar" ? shellNarDigest : shellFileDigest
    const recorder = this.#object(from, file === undefined ? undefined : shell(algo, file))
    const bytes = digest(algo, data)
    recorder.hashed(method, algo, data, printBase16(bytes))
    makeFixedOutputPath(name, { method, hash: { algo, bytes } }, references, this.storeDir, recorder)
    return recorder.explanation()
  }

  /** The steps to the path of an object whose content is known by its address only. */
  address(name: string, address: ContentAddress, references: References = noReferences): Explanation {
    const recorder = this.#object({ given: "content address" })
    makeFixedOutputPath(name, address, references, this.storeDir, recorder)
    return recorder.explanation()
  }

  /** The steps to the path of a derivation's file as it is, whatever its outputs say. */
  file(drvPath: StorePath, aterm: string, references: Iterable<StorePath>): Explanation {
    const name = drvNameOfPath(drvPath)
    const recorder = new StepRecorder(this.#sourcesOf(name, drvPath), this.storeDir)
    makeTextPath(`${name}.drv`, aterm, references, this.storeDir, recorder)
    return recorder.explanation()
  }
}

/** The steps that lead to one result, in order. */
export function stepsTo(explanation: Explanation, result: string): Explanation {
  const wanted = new Set<string>()
  const id = explanation.results.get(result)
  if (id === undefined) fail("usage", `nothing leads to '${result}'`)
  wanted.add(id)
  const steps: Step[] = []
  for (const step of [...explanation.steps].reverse()) {
    if (!wanted.has(step.id)) continue
    steps.unshift(step)
    for (const { from } of step.inputs) if (from.kind === "step") wanted.add(from.id)
  }
  return { steps, results: new Map([[result, id]]) }
}
