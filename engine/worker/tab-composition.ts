// The tab's store out of a configuration of the user's: `{ "blobs": {…}, "directories": {…}, "infos": {…} }`, each with a store "root".
// A kind that is not there is the tab's own storage, which is the type "storage" in all three. Loaded when there is a configuration.

import { Composition, rootName } from "../castore/composition.ts"
import { StoreError } from "../castore/error.ts"
import { remoteBlobStoreTypes, remoteDirectoryStoreTypes, storageTypes } from "../castore/remote-store-types.ts"
import { blobStoreTypes, type CompositionHost, directoryStoreTypes } from "../castore/store-types.ts"
import { pathInfoStoreTypes } from "../store/path-info-store-types.ts"
import type { Stores } from "../store/stores.ts"

const kinds = ["blobs", "directories", "infos"]

/** The stores of a configuration over the tab's own. Throws StoreError `invalid` with where and what is wrong. */
export async function composeStores(config: unknown, own: Stores, report: (fault: StoreError) => void): Promise<Stores> {
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new StoreError("invalid", "the configuration of the store is not an object")
  const given = new Map<string, unknown>(Object.entries(config))
  for (const kind of given.keys())
    if (!kinds.includes(kind)) throw new StoreError("invalid", `there are no stores of '${kind}'; there are those of ${kinds.join(", ")}`)
  const host: CompositionHost = { sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)), report }
  const remote = { fetch: (url: string, init?: RequestInit) => fetch(url, init) }
  const storage = storageTypes(own)
  const compose = async <Store>(kind: string, alone: Store, types: ConstructorParameters<typeof Composition<Store>>[2]): Promise<Store> => {
    if (!given.has(kind)) return alone
    const composition = new Composition<Store>(kind, given.get(kind), types)
    // All of them: what nobody uses yet may be wrong too.
    for (const name of composition.names) await composition.get(name)
    return composition.get(rootName)
  }
  return {
    blobs: await compose("blobs", own.blobs, { ...blobStoreTypes(host), ...remoteBlobStoreTypes(remote), ...storage.blobs }),
    directories: await compose("directories", own.directories, {
      ...directoryStoreTypes(host),
      ...remoteDirectoryStoreTypes(remote),
      ...storage.directories,
    }),
    infos: await compose("infos", own.infos, { ...pathInfoStoreTypes(remote), storage: () => own.infos }),
  }
}
