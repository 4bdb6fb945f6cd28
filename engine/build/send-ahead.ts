// What the builds of a plan will need from here is sent while others are built and evaluation goes on: nothing but what the plan needs
// (dispatch-preview.ts shows it), a little at a time, so that what a build waits for now has to wait for little of it.

import { throwIfCancelled } from "../castore/verified.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import { defaultStoreDir, type StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import type { Store } from "../store/store.ts"
import type { PlannedDerivation } from "./build-plan.ts"
import type { SiteEndpoint } from "./derivation-build.ts"
import { neededFromHere } from "./dispatch-preview.ts"

/** Bytes of archives that are sent at once, and in all; what is left is sent when its build begins. */
const atOnce = 4 << 20
const most = 256 << 20

/** Sends, the first needed first. Rejects as uploads do, with `cancelled` when the plan is over. */
export async function sendAhead(
  endpoint: SiteEndpoint,
  store: Store,
  plan: ReadonlyMap<StorePath, PlannedDerivation>,
  signal: AbortSignal,
): Promise<void> {
  // Endpoints do not build for others.
  if (store.storeDir !== defaultStoreDir) return
  let group: StoredPath[] = []
  let size = 0
  let all = 0
  const send = async (): Promise<void> => {
    throwIfCancelled(signal)
    const objects = group
    group = []
    size = 0
    if (objects.length > 0) await endpoint.upload(store, objects, { signal, progress: () => {}, paths: false })
  }
  const seen = new Set<StorePath>()
  // A plan begins with what is wanted: what that needs is built before it.
  for (const planned of [...plan.values()].reverse()) {
    // What can begin at once sends by itself.
    if (!planned.inputs.some((input) => plan.get(input)?.action !== "none")) continue
    const roots = sortPaths(neededFromHere(planned, plan)).filter((path) => !seen.has(path))
    const here = await store.queryMany(roots)
    const closure = await store.closure(roots.filter((_, i) => here[i] !== null))
    for (const info of closure.values()) {
      if (seen.has(info.path)) continue
      seen.add(info.path)
      all += info.narSize
      if (all > most) return send()
      if (size + info.narSize > atOnce) await send()
      group.push(info)
      size += info.narSize
    }
  }
  await send()
}
