// The checks that a derivation wants of its outputs (allowedReferences, maxSize, … and outputChecks): what they may refer to and how
// large they may be. Wherever outputs become known they are held: in gateways, and here for endpoints that know nothing of them.
// C++ Nix: libstore/build/derivation-check.cc

import type { Derivation } from "../formats/derivation/derivation.ts"
import { type DrvRef, derivationOptions, type OutputChecks } from "../formats/derivation/options.ts"
import { printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "../store/path-info-store.ts"

type Info = Pick<StoredPath, "path" | "narSize" | "references">

export interface CheckedBuild {
  /** By name; they are not in the store yet. */
  readonly outputs: ReadonlyMap<string, Info>
  /** What the store knows of a path. */
  readonly infoOf: (path: StorePath) => Promise<Info | null>
  /** What is thrown. */
  readonly rejected: (message: string) => Error
  readonly storeDir?: string
}

/** Holds the checks. Rejects with what `rejected` makes. */
export async function checkOutputs(drv: Derivation, drvPath: StorePath, build: CheckedBuild): Promise<void> {
  const { outputChecks } = derivationOptions(drv)
  for (const [name, info] of build.outputs) {
    const checks = outputChecks.kind === "forAllOutputs" ? outputChecks.checks : outputChecks.checks.get(name)
    if (checks !== undefined) await new Checking(drvPath, build, name).hold(info, checks)
  }
}

/** Checks one output. */
class Checking {
  readonly #drvPath: StorePath
  readonly #build: CheckedBuild
  readonly #name: string

  constructor(drvPath: StorePath, build: CheckedBuild, name: string) {
    this.#drvPath = drvPath
    this.#build = build
    this.#name = name
  }

  #print(path: StorePath): string {
    return printStorePath(path, this.#build.storeDir)
  }

  async hold(info: Info, checks: OutputChecks): Promise<void> {
    const { rejected } = this.#build
    const path = this.#print(info.path)
    const { maxSize, maxClosureSize, allowedRequisites, disallowedRequisites } = checks
    if (maxSize !== undefined && info.narSize > maxSize)
      throw rejected(`path '${path}' is too large at ${info.narSize} bytes; limit is ${maxSize} bytes`)
    if (maxClosureSize !== undefined) {
      const { size } = await this.#closure(info.path)
      if (size > maxClosureSize) throw rejected(`closure of path '${path}' is too large at ${size} bytes; limit is ${maxClosureSize} bytes`)
    }
    const direct = new Set(info.references)
    const all = async (): Promise<ReadonlySet<StorePath>> => {
      const paths = new Set((await this.#closure(info.path)).paths)
      if (checks.ignoreSelfRefs) paths.delete(info.path)
      return paths
    }
    this.#apply(info.path, direct, checks.allowedReferences, "allowed")
    if (allowedRequisites !== undefined) this.#apply(info.path, await all(), allowedRequisites, "allowed")
    this.#apply(info.path, direct, checks.disallowedReferences, "disallowed")
    if (disallowedRequisites.length > 0) this.#apply(info.path, await all(), disallowedRequisites, "disallowed")
  }

  #pathOf(ref: DrvRef): StorePath {
    const { rejected, outputs } = this.#build
    const drv = this.#print(this.#drvPath)
    if (ref.kind === "opaque") return ref.path
    if (ref.kind !== "self") throw rejected(`derivation '${drv}' has an output check with a path that is not known before it is built`)
    const found = outputs.get(ref.output)
    if (found !== undefined) return found.path
    throw rejected(
      `derivation '${drv}' output check for '${this.#name}' contains output name '${ref.output}', but this is not a valid output of this derivation. (Valid outputs are [${[...outputs.keys()].sort().join(", ")}].)`,
    )
  }

  /** Throws if `used` has what is not among the allowed, or what is among the disallowed. */
  #apply(path: StorePath, used: ReadonlySet<StorePath>, refs: readonly DrvRef[] | undefined, kind: "allowed" | "disallowed"): void {
    if (refs === undefined) return
    const spec = new Set(refs.map((ref) => this.#pathOf(ref)))
    const wrong = [...used].filter((each) => spec.has(each) !== (kind === "allowed")).sort()
    if (wrong.length === 0) return
    const list = wrong.map((each) => `\n  ${this.#print(each)}`).join("")
    throw this.#build.rejected(`output '${this.#print(path)}' is not allowed to refer to the following paths:${list}`)
  }

  /** What a path refers to, all the way. */
  async #closure(root: StorePath): Promise<{ readonly paths: ReadonlySet<StorePath>; readonly size: number }> {
    const { outputs, infoOf, rejected } = this.#build
    const fresh = new Map([...outputs.values()].map((info) => [info.path, info]))
    const paths = new Set<StorePath>([root])
    let size = 0
    for (const path of paths) {
      const info = fresh.get(path) ?? (await infoOf(path))
      if (info === null) throw rejected(`what '${this.#print(path)}' refers to is not known here, so that the output cannot be checked`)
      size += info.narSize
      for (const reference of info.references) paths.add(reference)
    }
    return { paths, size }
  }
}
