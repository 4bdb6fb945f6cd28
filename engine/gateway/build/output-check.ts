// What a derivation promises of its outputs, checked once they are built: the hash of a fixed one, and the references that each
// may have. C++ Nix: libstore/build/derivation-check.cc

import { checkOutputs } from "../../build/output-checks.ts"
import { hashNar } from "../../castore/render-nar.ts"
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
  await checkOutputs(derivation.drv, derivation.path, {
    outputs: new Map(infos.map((info) => [derivation.outputs.get(info.path)!.name, info])),
    infoOf: (path) => stores.infos.get(hashPart(path)),
    rejected,
  })
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
