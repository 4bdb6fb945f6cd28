// The object stores of the browser's database and how each version of the app made them from the version before.
//
// A release never changes a step that another release shipped: it adds one. Version n is what the first n steps make, so a
// database of any earlier version becomes the present one by the steps it lacks, in one transaction of the browser's.
// Records under `*-index` and `*-packs`: see indexed-db-packs.ts.

/** Takes a database from one version to the next, inside the browser's upgrade transaction. */
export type SchemaStep = (database: IDBDatabase, upgrade: IDBTransaction) => void

const stores1 = [
  // Items by digest, many to a record.
  "blob-index",
  "blob-packs",
  "chunk-index",
  "chunk-packs",
  "chunk-list-index",
  "chunk-list-packs",
  "directory-index",
  "directory-packs",
  // Large blobs in the private file system: digest → file, size, chunks.
  "private-files",
  // Hash part of the store path → path info.
  "path-infos",
  // Name → what keeps store paths alive.
  "roots",
  // Name of a source (a folder, an archive, a url) → what was imported from it.
  "sources",
  // The user's files and sessions.
  "workspace",
  // Small facts about the storage itself.
  "settings",
] as const

/** An object store of the database; keys are out of line, as idb-keyval wants them. */
export type StoreName = (typeof stores1)[number]

/** All steps, in order; their number is the present version. */
export const SCHEMA: readonly SchemaStep[] = [
  (database) => {
    for (const name of stores1) database.createObjectStore(name)
  },
]
