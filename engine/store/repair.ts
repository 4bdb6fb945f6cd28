// Mending what verifyStore found: contents are stored again from an archive that has the registered hash, missing references are
// substituted. What cannot be mended can be given up, with all that refers to it. C++ Nix: libstore/local-store.cc repairPath

import { StoreError } from "../castore/error.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { importNar } from "./nar-import.ts"
import type { StoredPath } from "./path-info-store.ts"
import type { Store } from "./store.ts"
import type { Substituter } from "./substitute.ts"
import type { Fault } from "./verify.ts"

export interface RepairOptions {
  /** Where objects can be had from. */
  readonly substituter?: Substituter | undefined
  /** The archive of an object that can be imported again; null if it cannot. */
  readonly reimport?: ((info: StoredPath) => Promise<AsyncIterable<Uint8Array> | null>) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What came of a repair. */
export interface Repaired {
  readonly mended: readonly Fault[]
  readonly left: readonly { readonly fault: Fault; readonly reason: string }[]
}

/** Mends faults as far as it can. Throws only `cancelled` and what ends all repairs (`quota`, `denied`). */
export async function repair(store: Store, faults: Iterable<Fault>, options: RepairOptions): Promise<Repaired> {
  const mended: Fault[] = []
  const left: { readonly fault: Fault; readonly reason: string }[] = []
  for (const fault of faults) {
    try {
      await repairOne(store, fault, options)
      mended.push(fault)
    } catch (error) {
      if (!(error instanceof StoreError) || ["cancelled", "quota", "denied", "read-only"].includes(error.code)) throw error
      left.push({ fault, reason: error.message })
    }
  }
  return { mended, left }
}

async function repairOne(store: Store, { hashPart: part, info, missing }: Fault, options: RepairOptions): Promise<void> {
  const { substituter, signal } = options
  if (info === null) {
    if (substituter === undefined) throw new StoreError("absent", `nothing is known of ${part} and there is no binary cache to ask`)
    const offer = await substituter.find(part, signal)
    if (offer === null) throw new StoreError("absent", `no binary cache has ${part}`)
    await store.stores.infos.deleteMany([part])
    await substituter.substitute([offer.info.path], { signal })
    return
  }
  if (missing.length > 0) {
    if (substituter === undefined)
      throw new StoreError("absent", `'${store.print(missing[0]!)}' is absent and there is no binary cache to ask`)
    await substituter.substitute(missing, { signal })
    return
  }
  await storeAgain(store, info, options)
}

async function storeAgain(store: Store, info: StoredPath, { substituter, reimport, signal }: RepairOptions): Promise<void> {
  let fault: StoreError | undefined
  const sources = [
    async () => (await reimport?.(info)) ?? null,
    async () => {
      const offer = (await substituter?.query(info.path, signal)) ?? null
      return offer === null ? null : offer.cache.nar(offer.info, { signal })
    },
  ]
  for (const source of sources) {
    try {
      const chunks = await source()
      if (chunks === null) continue
      await store.importing(async (unlocked) => {
        const again = await importNar(unlocked, info, chunks, { signal })
        // The tree is the same, or the archive would have another hash; but the info may have had a wrong one.
        await unlocked.stores.infos.putMany([{ ...info, node: again.node }])
      })
      return
    } catch (error) {
      if (!(error instanceof StoreError) || !["damaged", "absent", "invalid", "unreachable", "unsupported"].includes(error.code))
        throw error
      fault = error
    }
  }
  throw fault ?? new StoreError("absent", `'${store.print(info.path)}' is in no binary cache and cannot be imported again`)
}

/** Removes objects and all that refers to them; gives what was removed. Their contents are garbage from then on. */
export async function giveUp(store: Store, faults: readonly Fault[]): Promise<StorePath[]> {
  const doomed = new Set<string>()
  for (const { hashPart } of faults) doomed.add(hashPart)
  return store.lock.exclusive(async () => {
    // First what cannot even be read, or the others could not be listed.
    await store.stores.infos.deleteMany(doomed)
    const referrers = new Map<string, StorePath[]>()
    for await (const infos of store.stores.infos.list())
      for (const { path, references } of infos)
        for (const reference of references) {
          const part = hashPart(reference)
          referrers.set(part, [...(referrers.get(part) ?? []), path])
        }
    const removed: StorePath[] = []
    for (const part of doomed)
      for (const path of referrers.get(part) ?? []) {
        if (doomed.has(hashPart(path))) continue
        doomed.add(hashPart(path))
        removed.push(path)
      }
    await store.stores.infos.deleteMany(removed.map(hashPart))
    const own = faults.flatMap(({ info }) => (info === null ? [] : [info.path]))
    return [...own, ...removed]
  })
}
