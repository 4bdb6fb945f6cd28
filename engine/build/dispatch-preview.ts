// What would be sent to an endpoint, told before it is: sources and outputs that the builds of a plan need from here.

import type { B3Digest } from "../castore/digest.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { Store } from "../store/store.ts"
import type { PlannedDerivation } from "./build-plan.ts"
import type { Endpoint } from "./endpoint.ts"
import { treeParts } from "./tree-transfer.ts"

export interface DispatchPreview {
  /** What the builders get from here, with what it refers to. Derivations themselves are sent with each build. */
  readonly objects: readonly { readonly path: StorePath; readonly narSize: number }[]
  /** Bytes of files in them, each once, and of those that the endpoint has not. */
  readonly bytes: number
  readonly missingBytes: number
}

/** What the builder of a planned derivation gets from here, without what that refers to: sources, and outputs that were built before. */
export function neededFromHere({ action, drv }: PlannedDerivation, plan: ReadonlyMap<StorePath, PlannedDerivation>): StorePath[] {
  if (action !== "build") return []
  const roots = [...drv.inputSrcs]
  for (const input of drv.inputDrvs.keys()) {
    const from = plan.get(input)
    if (from?.action === "none") for (const path of from.paths.values()) if (path !== undefined) roots.push(path)
  }
  return roots
}

/** Asks the endpoint what it has; sends nothing but digests. Throws `absent`, `unreachable`, `denied`, `cancelled`. */
export async function previewDispatch(
  store: Store,
  plan: ReadonlyMap<StorePath, PlannedDerivation>,
  endpoint: Endpoint,
  signal?: AbortSignal,
): Promise<DispatchPreview> {
  const roots = new Set<StorePath>()
  for (const planned of plan.values()) for (const path of neededFromHere(planned, plan)) roots.add(path)
  // A source may be in a binary cache only.
  const sorted = sortPaths(roots)
  const here = await store.queryMany(sorted)
  const closure = await store.closure(sorted.filter((_, i) => here[i] !== null))
  const infos = [...closure.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  const { files } = await treeParts(
    store.stores.directories,
    infos.map(({ node }) => node),
    { signal },
  )
  const missing = await endpoint.stores.blobs.missing(files.keys())
  const sum = (digests: Iterable<B3Digest>): number => [...digests].reduce((size, digest) => size + (files.get(digest)?.size ?? 0), 0)
  return { objects: infos.map(({ path, narSize }) => ({ path, narSize })), bytes: sum(files.keys()), missingBytes: sum(missing) }
}
