// What an endpoint has built, before it enters the store: fetched by digest, archives hashed here, the promise of a fixed output
// held, references found by our own scan. What the endpoint told of it is only compared. C++ Nix: derivation-builder.cc registerOutputs

import { ingestNar } from "../castore/archive-nar.ts"
import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashNar, renderNar, type TreeStores } from "../castore/render-nar.ts"
import { type Derivation, type DerivationOutput, derivationType } from "../formats/derivation/derivation.ts"
import { derivationOptions } from "../formats/derivation/options.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import { RewritingStream } from "../formats/reference/rewrite.ts"
import { makeFixedOutputPath, makeStorePath, outputPathName } from "../formats/store-path/compute.ts"
import type { ContentAddress } from "../formats/store-path/content-address.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { contentHash } from "../store/content-hash.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { scanTree } from "../store/scan.ts"
import type { Store } from "../store/store.ts"
import { BuildFault } from "./build-fault.ts"
import type { ToldOutput } from "./endpoint.ts"
import { checkOutputs } from "./output-checks.ts"
import { type TransferOptions, transferTrees } from "./tree-transfer.ts"

export interface BuiltDerivation {
  readonly drvPath: StorePath
  readonly drv: Derivation
  /** Where each output was built: its path, or for outputs whose path is not known before, a path of the same length (scratchPath). */
  readonly places: ReadonlyMap<string, StorePath>
  /** What it may refer to besides its own outputs. */
  readonly closure: readonly StorePath[]
}

/** Where an output is built whose path follows from its content. C++ Nix: makeFallbackPath */
export function scratchPath(drvPath: StorePath, drvName: string, output: string, storeDir: string): StorePath {
  return makeStorePath(`rewrite:${drvPath}:name:${output}`, "0".repeat(64), outputPathName(drvName, output), storeDir)
}

/** The references of an output as they were found, and what it is hashed to. */
interface Examined {
  readonly name: string
  readonly output: DerivationOutput
  readonly place: StorePath
  readonly node: Node
  readonly references: readonly StorePath[]
}

/**
 * Fetches the outputs, checks them and makes them known; gives what is known of each by its name. The store must be one in which
 * nothing is removed meanwhile (Store.importing). Throws BuildFault `output-rejected`, StoreError.
 */
export async function registerOutputs(
  store: Store,
  from: TreeStores,
  built: BuiltDerivation,
  told: readonly ToldOutput[],
  options: TransferOptions = {},
): Promise<Map<string, StoredPath>> {
  const { drv, drvPath, places } = built
  const byPath = new Map(told.map((output) => [output.path, output]))
  const wanted = [...places].map(([name, place]) => {
    const output = byPath.get(store.print(place).slice(1))
    if (output === undefined) throw rejected(`the endpoint has not built the output '${name}' of '${store.print(drvPath)}'`)
    return { name, place, told: output }
  })
  const { stores } = store
  const nodes = wanted.map(({ told }) => told.node)
  await transferTrees(from, stores, nodes, { ...options, near: stores.directories })
  const { unsafeDiscardReferences } = derivationOptions(drv)
  const candidates = [...built.closure, ...places.values()]
  const examined: Examined[] = []
  for (const { name, place, told: output } of wanted) {
    await checkTold(store, place, output, options)
    const discard = unsafeDiscardReferences.get(name) === true
    const references = discard ? [] : await scanTree(stores, output.node, candidates, options)
    examined.push({ name, place, node: output.node, references, output: drv.outputs.get(name)! }) // places has the outputs' names
  }
  const infos = await described(store, built, examined)
  await checkOutputs(drv, drvPath, { outputs: infos, infoOf: (path) => store.query(path), rejected, storeDir: store.storeDir })
  await store.register([...infos.values()])
  return infos
}

function rejected(message: string): BuildFault {
  return new BuildFault("output-rejected", message)
}

async function checkTold(store: Store, place: StorePath, told: ToldOutput, options: TransferOptions): Promise<void> {
  if (told.narSha256 === undefined) return
  const { size, sha256 } = await hashNar(store.stores, told.node, options)
  if (size === told.narSize && sha256.every((byte, i) => byte === told.narSha256?.[i])) return
  const [got, said] = [sha256, told.narSha256].map((bytes) => printHash({ algo: "sha256", bytes }, "sri"))
  throw rejected(`the endpoint says that the archive of '${store.print(place)}' has the hash ${said}, but it is ${got}`)
}

/** What is to be registered. Outputs that others refer to come first, since their final paths are part of the others' contents. */
async function described(store: Store, built: BuiltDerivation, examined: readonly Examined[]): Promise<Map<string, StoredPath>> {
  const { drvPath } = built
  const byPlace = new Map(examined.map((one) => [one.place, one]))
  const infos = new Map<string, StoredPath>()
  const finals = new Map<StorePath, StorePath>()
  const visit = async (one: Examined, above: readonly Examined[]): Promise<void> => {
    if (infos.has(one.name)) return
    for (const reference of one.references) {
      const other = byPlace.get(reference)
      if (other === undefined || other === one) continue
      if (above.includes(other)) {
        throw rejected(
          `cycle detected in build of '${store.print(drvPath)}' in the references of output '${other.name}' from output '${one.name}'`,
        )
      }
      await visit(other, [...above, one])
    }
    const info = await describe(store, built, one, finals)
    finals.set(one.place, info.path)
    infos.set(one.name, info)
  }
  for (const one of examined) await visit(one, [])
  return infos
}

async function describe(
  store: Store,
  { drv, drvPath }: BuiltDerivation,
  { output, name, place, node: found, references }: Examined,
  finals: ReadonlyMap<StorePath, StorePath>,
): Promise<StoredPath> {
  const common = { storeDir: store.storeDir, deriver: drvPath, registrationTime: store.now, ultimate: false, signatures: [] } as const
  const plain = async (node: Node, path: StorePath, all: readonly StorePath[], ca?: ContentAddress): Promise<StoredPath> => {
    const { size, sha256 } = await hashNar(store.stores, node)
    return { ...common, path, node, narHash: { algo: "sha256", bytes: sha256 }, narSize: size, references: sortPaths(all), ca }
  }
  switch (output.kind) {
    case "inputAddressed":
      return plain(found, place, references)
    case "caFixed": {
      // Nix keeps flat files without their permissions.
      const { method } = output.address
      const node: Node = found.kind === "file" && (method === "flat" || method === "text") ? { ...found, executable: false } : found
      await checkFixed(store, drvPath, output.address, node)
      const [first] = references
      if (method !== "text" && first !== undefined) {
        throw rejected(
          `fixed-output derivations must not reference store paths: '${store.print(drvPath)}' references ${references.length} distinct paths, e.g. '${store.print(first)}'`,
        )
      }
      return plain(node, place, references, output.address)
    }
    case "caFloating": {
      const others = sortPaths(references.filter((path) => path !== place).map((path) => finals.get(path) ?? path))
      let node = found
      for (const [from, to] of finals) if (references.includes(from)) node = await rewriteTree(store.stores, node, from, to)
      const self = references.includes(place)
      const { method, algo } = output
      const hash = await contentHash(store.stores, node, method, algo, self ? { self: hashPart(place) } : {})
      const ca = { method, hash }
      const path = makeFixedOutputPath(outputPathName(drv.name, name), ca, { others, self }, store.storeDir)
      if (self) node = await rewriteTree(store.stores, node, place, path)
      return plain(node, path, self ? [...others, path] : others, ca)
    }
    default:
      throw new BuildFault("input-rejected", `the output '${name}' of '${store.print(drvPath)}' cannot be built: ${derivationType(drv)}`)
  }
}

async function checkFixed(store: Store, drvPath: StorePath, promise: ContentAddress, node: Node): Promise<void> {
  try {
    const got = await contentHash(store.stores, node, promise.method, promise.hash.algo)
    if (hashEquals(got, promise.hash)) return
    const [specified, found] = [printHash(promise.hash, "sri"), printHash(got, "sri")]
    throw rejected(`hash mismatch in fixed-output derivation '${store.print(drvPath)}':\n  specified: ${specified}\n     got:    ${found}`)
  } catch (error) {
    if (error instanceof StoreError && error.code === "invalid") throw rejected(`'${store.print(drvPath)}': ${error.message}`)
    throw error
  }
}

/** The tree with the hash part of one path replaced by that of another wherever it occurs. */
async function rewriteTree(stores: TreeStores, node: Node, from: StorePath, to: StorePath): Promise<Node> {
  const rewritten = async function* () {
    let ready: Uint8Array[] = []
    const stream = new RewritingStream(hashPart(from), hashPart(to), (chunk) => ready.push(chunk))
    for await (const chunk of renderNar(stores, node)) {
      stream.push(chunk)
      yield* ready
      ready = []
    }
    stream.finish()
    yield* ready
  }
  return (await ingestNar(rewritten(), stores)).node
}
