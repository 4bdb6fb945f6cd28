// What a derivation promises of its outputs, checked once they are built: the hash of a fixed one, and the references that each
// may have. C++ Nix: libstore/build/derivation-check.cc

import { hashNar } from "../../castore/render-nar.ts"
import { type DrvRef, derivationOptions, type OutputChecks } from "../../formats/derivation/options.ts"
import { hashEquals, printHash } from "../../formats/hash/hash.ts"
import { sortPaths } from "../../formats/narinfo/path-info.ts"
import {
  defaultStoreDir,
  hashPart,
  parseBaseName,
  parseStorePath,
  printStorePath,
  type StorePath,
} from "../../formats/store-path/store-path.ts"
import { contentHash } from "../../store/content-hash.ts"
import type { StoredPath } from "../../store/path-info-store.ts"
import { scanTree } from "../../store/scan.ts"
import type { Stores } from "../../store/stores.ts"
import type { BuildJob } from "./build-job.ts"
import { BuildFailure, type BuiltOutput } from "./executor.ts"
import type { JobDerivation } from "./job-derivation.ts"

/** An output with all that is known of it. */
export interface CheckedOutput extends BuiltOutput {
  /** Indexes of the request's needles. */
  readonly needles: readonly number[]
  readonly narSize: number
  readonly narSha256: Uint8Array
}

/** Hashes and scans what was built. */
export async function examineOutputs(stores: Stores, job: BuildJob, built: readonly BuiltOutput[]): Promise<CheckedOutput[]> {
  // The scanner looks for hash parts; the names are only for its paths.
  const wanted = [...new Set(job.needles)].map((needle) => parseBaseName(`${needle}-x`))
  const outputs: CheckedOutput[] = []
  for (const output of built) {
    const { size, sha256 } = await hashNar(stores, output.node)
    const found = new Set((await scanTree(stores, output.node, wanted)).map(hashPart))
    const needles = job.needles.flatMap((needle, i) => (found.has(needle) ? [i] : []))
    outputs.push({ ...output, needles, narSize: size, narSha256: sha256 })
  }
  return outputs
}

function rejected(message: string): BuildFailure {
  return new BuildFailure("output-rejected", message)
}

/** What is known of the outputs as store paths, if they are what the derivation promises. Throws BuildFailure otherwise. */
export async function registrations(
  stores: Stores,
  job: BuildJob,
  derivation: JobDerivation,
  outputs: readonly CheckedOutput[],
  time: number,
): Promise<StoredPath[]> {
  const paths = new Map<string, StorePath>()
  for (const name of job.inputs.keys()) paths.set(name.slice(0, 32), parseBaseName(name))
  for (const path of derivation.outputs.keys()) paths.set(hashPart(path), path)
  const infos: StoredPath[] = []
  for (const output of outputs) {
    const path = parseStorePath(`/${output.path}`)
    const references = sortPaths(output.needles.flatMap((i) => paths.get(job.needles[i]!) ?? []))
    const { promise } = derivation.outputs.get(path)! // the request's outputs are the derivation's
    if (promise !== undefined) {
      const got = await contentHash(stores, output.node, promise.method, promise.hash.algo)
      if (!hashEquals(got, promise.hash)) {
        const [specified, found] = [printHash(promise.hash, "sri"), printHash(got, "sri")]
        throw rejected(
          `hash mismatch in fixed-output derivation '${printStorePath(derivation.path)}':\n  specified: ${specified}\n     got:    ${found}`,
        )
      }
      const [first] = references
      if (first !== undefined) {
        throw rejected(
          `fixed-output derivations must not reference store paths: '${printStorePath(derivation.path)}' references ${references.length} distinct paths, e.g. '${printStorePath(first)}'`,
        )
      }
    }
    infos.push({
      path,
      storeDir: defaultStoreDir,
      node: output.node,
      narHash: { algo: "sha256", bytes: output.narSha256 },
      narSize: output.narSize,
      references,
      deriver: derivation.path,
      signatures: [],
      ca: promise,
      registrationTime: time,
      ultimate: true,
    })
  }
  checkCycles(derivation, infos)
  await checkReferences(stores, derivation, infos)
  return infos
}

/** Outputs that refer to each other could never be removed. C++ Nix: derivation-builder.cc registerOutputs, topoSort */
function checkCycles(derivation: JobDerivation, infos: readonly StoredPath[]): void {
  const fresh = new Map(infos.map((info) => [info.path, info]))
  const nameOf = (path: StorePath): string => derivation.outputs.get(path)!.name // only outputs are asked for
  const visit = (path: StorePath, above: readonly StorePath[]): void => {
    for (const reference of fresh.get(path)?.references ?? []) {
      if (reference === path || !fresh.has(reference)) continue
      if (above.includes(reference)) {
        throw rejected(
          `cycle detected in build of '${printStorePath(derivation.path)}' in the references of output '${nameOf(path)}' from output '${nameOf(reference)}'`,
        )
      }
      visit(reference, [...above, path])
    }
  }
  for (const { path } of infos) visit(path, [path])
}

async function checkReferences(stores: Stores, derivation: JobDerivation, infos: readonly StoredPath[]): Promise<void> {
  const { outputChecks } = derivationOptions(derivation.drv)
  const byName = new Map(infos.map((info) => [derivation.outputs.get(info.path)!.name, info]))
  const closures = new Closures(stores, infos)
  for (const [name, info] of byName) {
    const checks = outputChecks.kind === "forAllOutputs" ? outputChecks.checks : outputChecks.checks.get(name)
    if (checks !== undefined) await check(info, checks, new Checking(derivation, byName, closures, name))
  }
}

async function check(info: StoredPath, checks: OutputChecks, checking: Checking): Promise<void> {
  const path = printStorePath(info.path)
  if (checks.maxSize !== undefined && info.narSize > checks.maxSize) {
    throw rejected(`path '${path}' is too large at ${info.narSize} bytes; limit is ${checks.maxSize} bytes`)
  }
  const direct = new Set(info.references)
  if (checks.maxClosureSize !== undefined) {
    const { size } = await checking.closures.of(info.path)
    if (size > checks.maxClosureSize) {
      throw rejected(`closure of path '${path}' is too large at ${size} bytes; limit is ${checks.maxClosureSize} bytes`)
    }
  }
  checking.apply(info.path, direct, checks.allowedReferences, "allowed")
  checking.apply(info.path, direct, checks.disallowedReferences, "disallowed")
  if (checks.allowedRequisites === undefined && checks.disallowedRequisites.length === 0) return
  const { paths } = await checking.closures.of(info.path)
  const all = new Set(paths)
  if (checks.ignoreSelfRefs) all.delete(info.path)
  checking.apply(info.path, all, checks.allowedRequisites, "allowed")
  checking.apply(info.path, all, checks.disallowedRequisites, "disallowed")
}

/** Checks lists of references of one output. */
class Checking {
  readonly closures: Closures
  readonly #derivation: JobDerivation
  readonly #byName: ReadonlyMap<string, StoredPath>
  readonly #name: string

  constructor(derivation: JobDerivation, byName: ReadonlyMap<string, StoredPath>, closures: Closures, name: string) {
    this.#derivation = derivation
    this.#byName = byName
    this.closures = closures
    this.#name = name
  }

  #pathOf(ref: DrvRef): StorePath {
    const drv = printStorePath(this.#derivation.path)
    if (ref.kind === "opaque") return ref.path
    if (ref.kind !== "self") throw rejected(`derivation '${drv}' has an output check with a path that is not known before it is built`)
    const found = this.#byName.get(ref.output)
    if (found !== undefined) return found.path
    throw rejected(
      `derivation '${drv}' output check for '${this.#name}' contains output name '${ref.output}', but this is not a valid output of this derivation. (Valid outputs are [${[...this.#byName.keys()].sort().join(", ")}].)`,
    )
  }

  /** Throws BuildFailure if `used` has what is not among the allowed, or what is among the disallowed. */
  apply(path: StorePath, used: ReadonlySet<StorePath>, refs: readonly DrvRef[] | undefined, kind: "allowed" | "disallowed"): void {
    if (refs === undefined) return
    const spec = new Set(refs.map((ref) => this.#pathOf(ref)))
    const wrong = [...used].filter((each) => spec.has(each) !== (kind === "allowed")).sort()
    if (wrong.length === 0) return
    const list = wrong.map((each) => `\n  ${printStorePath(each)}`).join("")
    throw rejected(`output '${printStorePath(path)}' is not allowed to refer to the following paths:${list}`)
  }
}

/** What paths refer to, all the way; the outputs are not in the store yet. */
class Closures {
  readonly #stores: Stores
  readonly #fresh: ReadonlyMap<StorePath, StoredPath>

  constructor(stores: Stores, infos: readonly StoredPath[]) {
    this.#stores = stores
    this.#fresh = new Map(infos.map((info) => [info.path, info]))
  }

  async of(root: StorePath): Promise<{ readonly paths: ReadonlySet<StorePath>; readonly size: number }> {
    const paths = new Set<StorePath>([root])
    let size = 0
    for (const path of paths) {
      const info = this.#fresh.get(path) ?? (await this.#stores.infos.get(hashPart(path)))
      if (info === null) throw rejected(`what '${printStorePath(path)}' refers to is not known here, so that the output cannot be checked`)
      size += info.narSize
      for (const reference of info.references) paths.add(reference)
    }
    return { paths, size }
  }
}
