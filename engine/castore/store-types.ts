// The types of stores of blobs and of directories that need nothing but other stores, for configurations:
//
//   { "type": "memory" }
//   { "type": "cache", "near": NAME, "far": NAME }                     reads from near, else from far, and keeps it near
//   { "type": "first", "stores": [NAME, …] }                           asks all at once; writes to the first named
//   { "type": "priority", "stores": [NAME, …], "retries": 2, "backoff": 200 }   one after the other; backoff in milliseconds
//   { "type": "read-only", "store": NAME }
//   { "type": "verifying", "store": NAME }                             believes nothing
//
// Other types (IndexedDB, files, servers) are given by whoever knows the platform.

import type { BlobStore } from "./blob-store.ts"
import { CacheBlobStore } from "./cache-blob-store.ts"
import { CacheDirectoryStore } from "./cache-directory-store.ts"
import { Composition, type StoreTypes, storesIn } from "./composition.ts"
import type { ConfigFields } from "./config-fields.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import type { Patience } from "./failover.ts"
import { FirstBlobStore } from "./first-blob-store.ts"
import { FirstDirectoryStore } from "./first-directory-store.ts"
import { MemoryBlobStore } from "./memory-blob-store.ts"
import { MemoryDirectoryStore } from "./memory-directory-store.ts"
import { PriorityBlobStore } from "./priority-blob-store.ts"
import { PriorityDirectoryStore } from "./priority-directory-store.ts"
import { ReadOnlyBlobStore, ReadOnlyDirectoryStore } from "./read-only-store.ts"
import { VerifyingBlobStore, VerifyingDirectoryStore } from "./verifying-store.ts"

/** What the stores ask of the host. */
export interface CompositionHost {
  /** Waits so many milliseconds. */
  sleep(milliseconds: number): Promise<void>
  /** Is told of faults that were got around: a near copy that is damaged or cannot be made. */
  report(fault: StoreError): void
}

/** The stores' own share of faults; anything else is a bug, and thrown. */
function reporting(host: CompositionHost): (fault: unknown) => void {
  return (fault) => {
    if (!(fault instanceof StoreError)) throw fault
    host.report(fault)
  }
}

/** How patient a store by priority is, from its fields. */
export function patienceOf(fields: ConfigFields, host: CompositionHost): Patience {
  return {
    retries: fields.numberOr("retries", 2),
    backoff: fields.numberOr("backoff", 200),
    sleep: (milliseconds) => host.sleep(milliseconds),
  }
}

/** The types of stores of blobs. */
export function blobStoreTypes(host: CompositionHost): StoreTypes<BlobStore> {
  return {
    memory: () => new MemoryBlobStore(),
    cache: async (fields, store) => new CacheBlobStore(await store(fields.text("near")), await store(fields.text("far")), reporting(host)),
    first: async (fields, store) => new FirstBlobStore(await storesIn(fields, "stores", store)),
    priority: async (fields, store) => new PriorityBlobStore(await storesIn(fields, "stores", store), patienceOf(fields, host)),
    "read-only": async (fields, store) => new ReadOnlyBlobStore(await store(fields.text("store"))),
    verifying: async (fields, store) => new VerifyingBlobStore(await store(fields.text("store"))),
  }
}

/** The types of stores of directories. */
export function directoryStoreTypes(host: CompositionHost): StoreTypes<DirectoryStore> {
  return {
    memory: () => new MemoryDirectoryStore(),
    cache: async (fields, store) =>
      new CacheDirectoryStore(await store(fields.text("near")), await store(fields.text("far")), reporting(host)),
    first: async (fields, store) => new FirstDirectoryStore(await storesIn(fields, "stores", store)),
    priority: async (fields, store) => new PriorityDirectoryStore(await storesIn(fields, "stores", store), patienceOf(fields, host)),
    "read-only": async (fields, store) => new ReadOnlyDirectoryStore(await store(fields.text("store"))),
    verifying: async (fields, store) => new VerifyingDirectoryStore(await store(fields.text("store"))),
  }
}

/** The stores of a configuration `{ "blobs": { NAME: … }, "directories": { NAME: … } }`, with more types than the above. */
export function composeCastore(
  config: { readonly blobs?: unknown; readonly directories?: unknown },
  host: CompositionHost,
  types: { readonly blobs?: StoreTypes<BlobStore>; readonly directories?: StoreTypes<DirectoryStore> } = {},
): { readonly blobs: Composition<BlobStore>; readonly directories: Composition<DirectoryStore> } {
  return {
    blobs: new Composition("blobs", config.blobs, { ...blobStoreTypes(host), ...types.blobs }),
    directories: new Composition("directories", config.directories, { ...directoryStoreTypes(host), ...types.directories }),
  }
}
