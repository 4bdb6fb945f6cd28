// The derivations an evaluator has made or read: what stands for them as inputs (their hash modulo), and what
// a reference to a whole `.drv` closure needs. C++ Nix keeps the hashes in derivation::modulo::hashes.

import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import type { Derivation, DerivationOutput, InputNode } from "../formats/derivation/derivation.ts"
import { type Instantiated, instantiate } from "../formats/derivation/instantiate.ts"
import { ModuloCache } from "../formats/derivation/modulo.ts"
import { FormatError } from "../formats/error.ts"
import { drvNameOfPath, isDerivationPath, type StorePath } from "../formats/store-path/store-path.ts"
import type { Attrs } from "./attrs.ts"
import { NixError } from "./error.ts"
import { reading } from "./format-fault.ts"
import type { Host, ImportRequest } from "./host.ts"

interface Node {
  readonly inputSrcs: Iterable<StorePath>
  readonly inputDrvs: ReadonlyMap<StorePath, unknown>
  readonly outputs: ReadonlyMap<string, DerivationOutput>
}

/** A derivation and the attributes it was made from. */
export interface WatchedDrv {
  readonly drv: Derivation
  readonly attrs: Attrs
}

/** A text that was written to the store. */
export interface WatchedText {
  readonly name: string
  readonly contents: string
  /** Full store paths. */
  readonly references: readonly string[]
}

/** What evaluation puts into the store. */
export interface Watched {
  readonly drvs: Map<StorePath, WatchedDrv>
  /** By full store path. */
  readonly texts: Map<string, WatchedText>
  /** By full store path. */
  readonly sources: Map<string, ImportRequest>
}

export class KnownDrvs {
  /** What evaluation makes, kept for explanations; undefined unless somebody asked (explain.ts). */
  watched: Watched | undefined
  private readonly host: Host
  private readonly nodes = new Map<StorePath, Node>()
  /** See InputCollector. */
  readonly singleOutputs = new Map<string, InputNode>()
  private readonly modulos: ModuloCache

  constructor(host: Host) {
    this.host = host
    this.modulos = new ModuloCache((path) => this.read(path), host.storeDir)
  }

  /** Completes a derivation, writes it to the host's store if there is one, and remembers it. */
  add(drv: Derivation): Instantiated {
    const done = reading(() => instantiate(drv, this.modulos, this.host.storeDir))
    if (this.host.addTextToStore !== undefined && !this.nodes.has(done.drvPath)) {
      const dir = this.host.storeDir
      const references = [...drv.inputSrcs, ...drv.inputDrvs.keys()].map((p) => `${dir}/${p}`)
      this.host.addTextToStore(`${drv.name}.drv`, this.modulos.writer.fileText(), references, `${dir}/${done.drvPath}`)
    }
    this.modulos.set(done.drvPath, done.modulo)
    this.nodes.set(done.drvPath, { inputSrcs: drv.inputSrcs, inputDrvs: drv.inputDrvs, outputs: done.outputs })
    return done
  }

  private note(path: StorePath, drv: Derivation): void {
    this.nodes.set(path, { inputSrcs: drv.inputSrcs, inputDrvs: drv.inputDrvs, outputs: drv.outputs })
  }

  /** Reads a derivation from the host's store. Throws Nix's error if it is not there. */
  read(path: StorePath): Derivation {
    const full = `${this.host.storeDir}/${path}`
    if (this.host.lstat(full) === null) throw new NixError("invalid-path", `path '${full}' is not valid`, 0)
    const drv = this.parse(path, this.host.readFile(full))
    this.note(path, drv)
    return drv
  }

  /** The derivation that a text at this path is. Throws Nix's error if it is none. */
  parse(path: StorePath, text: string): Derivation {
    const name = reading(() => drvNameOfPath(path))
    try {
      return parseAterm(text, name, this.host.storeDir)
    } catch (e) {
      if (!(e instanceof FormatError)) throw e
      const fault = text === "" ? "file is empty (possible filesystem corruption)" : e.message
      throw new NixError("error", `error parsing derivation '${this.host.storeDir}/${path}': ${fault}`, 0)
    }
  }

  private node(path: StorePath): Node {
    const known = this.nodes.get(path)
    if (known !== undefined) return known
    this.read(path)
    return this.nodes.get(path) as Node
  }

  /** Output names of a derivation. */
  outputs(path: StorePath): Iterable<string> {
    return this.node(path).outputs.keys()
  }

  /** Outputs of a derivation by name. */
  outputsOf(path: StorePath): ReadonlyMap<string, DerivationOutput> {
    return this.node(path).outputs
  }

  /** What a `.drv` file refers to, if the derivation was made or read here. */
  references(path: StorePath): readonly StorePath[] | undefined {
    const node = this.nodes.get(path)
    return node === undefined ? undefined : [...new Set([...node.inputSrcs, ...node.inputDrvs.keys()])]
  }

  /** All store paths a `.drv` refers to, itself included (C++ Nix: computeFSClosure). */
  closure(root: StorePath): Set<StorePath> {
    const seen = new Set<StorePath>([root])
    const work = [root]
    for (let path = work.pop(); path !== undefined; path = work.pop()) {
      if (!isDerivationPath(path)) continue
      const node = this.node(path)
      const add = (p: StorePath): void => {
        if (seen.has(p)) return
        seen.add(p)
        work.push(p)
      }
      for (const src of node.inputSrcs) add(src)
      for (const drv of node.inputDrvs.keys()) add(drv)
    }
    return seen
  }
}
