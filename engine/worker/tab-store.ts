// The store of this tab, opened once: the browser's storage, or memory where that is denied.

import { openStorage, type Storage } from "../castore/storage.ts"
import { defaultStoreDir } from "../formats/store-path/store-path.ts"
import { HotStore } from "../store/hot-store.ts"
import { IndexedDbPathInfoStore } from "../store/indexed-db-path-info-store.ts"
import { MemoryPathInfoStore } from "../store/memory-path-info-store.ts"
import { Store } from "../store/store.ts"
import type { StoreNotice } from "./protocol.ts"

export interface TabStore {
  readonly storage: Storage
  readonly store: Store
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

/** A store on a storage; `tell` tells other tabs that something was removed. */
export function storeOn(storage: Storage, tell: () => void = () => {}): TabStore {
  const { blobs, directories, database, lock } = storage
  const infos = database === null ? new MemoryPathInfoStore() : new IndexedDbPathInfoStore(database)
  const stores = { blobs, directories, infos }
  const options = { storeDir: defaultStoreDir, now, lock }
  const hot = new HotStore(stores, options)
  const removed = (): void => {
    hot.clear()
    tell()
  }
  return { storage, store: new Store(stores, options), hot, removed }
}

/** Opens the tab's store. Hashes must be ready. */
export async function openTabStore(notify: (notice: StoreNotice) => void): Promise<TabStore> {
  const storage = await openStorage({
    onNotice: (message) => notify({ kind: "notice", message }),
    onWorthKeeping: () => notify({ kind: "worth-keeping" }),
  })
  if (storage.notice !== null) notify({ kind: "notice", message: storage.notice })
  if (!storage.isDurable) return storeOn(storage)
  // What imports have left that crashed. If it fails, the next start tries again.
  setTimeout(() => storage.tidy().catch(() => {}), TIDY)
  const channel = new BroadcastChannel("thunkpad-store-removed")
  const tab = storeOn(storage, () => channel.postMessage(null))
  channel.onmessage = () => tab.hot.clear()
  return tab
}
