// The store of this tab, opened once: the browser's storage, or memory where that is denied.

import { StoreError } from "../castore/error.ts"
import { openStorage, type Storage } from "../castore/storage.ts"
import { defaultStoreDir } from "../formats/store-path/store-path.ts"
import { HotStore } from "../store/hot-store.ts"
import { IndexedDbPathInfoStore } from "../store/indexed-db-path-info-store.ts"
import { MemoryPathInfoStore } from "../store/memory-path-info-store.ts"
import { Store } from "../store/store.ts"
import type { Stores } from "../store/stores.ts"
import type { StoreNotice } from "./protocol.ts"
import { fromBytes } from "./text.ts"

export interface TabStore {
  readonly storage: Storage
  /** What is asked and written: the storage, or what the user has composed of it and others. */
  readonly store: Store
  /** What is in the storage alone: only there anything is checked and removed. */
  readonly own: Store
  readonly hot: HotStore
  /** Something was removed from the store: what is in memory of it is forgotten, in all tabs. */
  removed(): void
}

/** Milliseconds after the start, when the first evaluation is done. */
const TIDY = 20_000

/** Seconds since 1970. */
function now(): number {
  return Math.floor(Date.now() / 1000)
}

/** The stores of a storage. */
function storesOf({ blobs, directories, database }: Storage): Stores {
  return { blobs, directories, infos: database === null ? new MemoryPathInfoStore() : new IndexedDbPathInfoStore(database) }
}

/** A store on a storage; `tell` tells other tabs that something was removed. */
export function storeOn(storage: Storage, tell: () => void = () => {}, own = storesOf(storage), stores = own): TabStore {
  const { lock } = storage
  const options = { storeDir: defaultStoreDir, now, lock }
  const hot = new HotStore(stores, options)
  const removed = (): void => {
    hot.clear()
    tell()
  }
  return { storage, store: new Store(stores, options), own: new Store(own, options), hot, removed }
}

/** Opens the tab's store, composed as a configuration says (null for the storage alone). Hashes must be ready. */
export async function openTabStore(
  notify: (notice: StoreNotice) => void,
  composition: Promise<unknown> = Promise.resolve(null),
): Promise<TabStore> {
  const storage = await openStorage({
    onNotice: (message) => notify({ kind: "notice", message }),
    onWorthKeeping: () => notify({ kind: "worth-keeping" }),
  })
  if (storage.notice !== null) notify({ kind: "notice", message: storage.notice })
  const own = storesOf(storage)
  const stores = await composed(await composition, own, notify)
  if (!storage.isDurable) return storeOn(storage, () => {}, own, stores)
  // What imports have left that crashed. If it fails, the next start tries again.
  setTimeout(() => storage.tidy().catch(() => {}), TIDY)
  const channel = new BroadcastChannel("thunkpad-store-removed")
  const tab = storeOn(storage, () => channel.postMessage(null), own, stores)
  channel.onmessage = () => tab.hot.clear()
  return tab
}

/** What the user has composed; the storage alone, with a notice, where that cannot be read. */
async function composed(config: unknown, own: Stores, notify: (notice: StoreNotice) => void): Promise<Stores> {
  if (config === null) return own
  const tell = (message: string): void => notify({ kind: "notice", message })
  try {
    const { composeStores } = await import("./tab-composition.ts")
    return await composeStores(config, own, (fault) => tell(`A store of yours could not be used: ${fromBytes(fault.message)}`))
  } catch (e) {
    if (!(e instanceof StoreError)) throw e
    tell(`Your composition of the store is not used: ${fromBytes(e.message)}`)
    return own
  }
}
