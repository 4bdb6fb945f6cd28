// The storage of a tab: which there is, found out once, and the stores on it.
//
// In a frame on another site, and in some private windows, the browser denies all storage; then everything is kept in memory and
// `notice` says so. Where there is a database but no private file system, large blobs are in the database too.

import { get, promisifyRequest, set } from "idb-keyval"
import type { BlobStore, DeletingStore } from "./blob-store.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import { IndexedDbBlobStore } from "./indexed-db-blob-store.ts"
import { type Database, type DatabaseOptions, openDatabase } from "./indexed-db-database.ts"
import { IndexedDbDirectoryStore } from "./indexed-db-directory-store.ts"
import { storageError } from "./indexed-db-error.ts"
import { MemoryBlobStore } from "./memory-blob-store.ts"
import { MemoryDirectoryStore } from "./memory-directory-store.ts"
import { OpfsBlobStore } from "./opfs-blob-store.ts"
import { openPrivateFolder } from "./opfs-file.ts"
import { SizedBlobStore } from "./storage-blob-store.ts"
import { StorageLock } from "./storage-lock.ts"

export interface StorageOptions extends Omit<DatabaseOptions, "onBlocked" | "onClosed"> {
  /** Called with a sentence for people when another tab has to be closed, or took the storage away from this one. */
  readonly onNotice?: (message: string) => void
  /**
   * Called once in the life of the storage, when something was imported that the browser might evict: the page is to call
   * askToPersist() of storage-persistence.ts, which a worker cannot.
   */
  readonly onWorthKeeping?: () => void
}

/** How much room there is, in bytes; what the browser does not tell is undefined. */
export interface StorageEstimate {
  readonly used: number | undefined
  readonly available: number | undefined
  /** Whether the browser has promised not to evict anything by itself. */
  readonly persisted: boolean
}

export interface Storage {
  /** Whether anything outlives the tab. */
  readonly isDurable: boolean
  /** Why nothing does, in a sentence for people; null if it does. */
  readonly notice: string | null
  /** For the stores of other rooms; null where there is none. */
  readonly database: Database | null
  readonly blobs: BlobStore & DeletingStore
  readonly directories: DirectoryStore & DeletingStore
  /** Imports hold it shared from their first blob to their commit, garbage collections alone. */
  readonly lock: StorageLock
  /** To be called after each import: the first is the reason to ask the user for persistence. */
  importCommitted(): Promise<void>
  /** Removes what imports left that crashed, if no other tab is importing. */
  tidy(): Promise<void>
  estimate(): Promise<StorageEstimate>
  close(): void
}

/** Opens the best storage there is; never rejects for want of it. Hashes must be ready. */
export async function openStorage(options: StorageOptions = {}): Promise<Storage> {
  const { onNotice } = options
  const callbacks = onNotice === undefined ? {} : { onBlocked: onNotice, onClosed: onNotice }
  let database: Database
  try {
    database = await openDatabase({ ...options, ...callbacks })
  } catch (problem) {
    if (!(problem instanceof StoreError)) throw problem
    return memoryStorage(
      `Nothing is kept when this tab is closed: ${problem.message}. Files, sources and results are in this tab's memory only.`,
    )
  }
  const inDatabase = new IndexedDbBlobStore(database)
  return new DurableStorage({
    database,
    blobs: await withPrivateFiles(database, inDatabase),
    directories: new IndexedDbDirectoryStore(database),
    onWorthKeeping: options.onWorthKeeping,
  })
}

/** A storage that nothing outlives, for a reason given in a sentence for people. */
export function memoryStorage(notice: string): Storage {
  return {
    isDurable: false,
    notice,
    database: null,
    blobs: new MemoryBlobStore(),
    directories: new MemoryDirectoryStore(),
    lock: new StorageLock("thunkpad-memory", undefined),
    importCommitted: async () => {},
    tidy: async () => {},
    estimate: async () => ({ used: undefined, available: undefined, persisted: false }),
    close: () => {},
  }
}

/**
 * Removes everything that is stored under this name, for users who want to begin anew or whose browser cannot open it any more.
 * Tabs that have it open lose it, with a notice. Rejects with StoreError.
 */
export async function deleteStorage(name: string): Promise<void> {
  try {
    await promisifyRequest(indexedDB.deleteDatabase(name))
    const root = await navigator.storage.getDirectory()
    await root.removeEntry(name, { recursive: true })
  } catch (problem) {
    // There were no files.
    if (problem instanceof DOMException && problem.name === "NotFoundError") return
    throw storageError(problem, "the browser's storage")
  }
}

async function withPrivateFiles(database: Database, small: IndexedDbBlobStore): Promise<BlobStore & DeletingStore> {
  try {
    return new SizedBlobStore(small, new OpfsBlobStore(database, await openPrivateFolder(database.name)))
  } catch (problem) {
    if (problem instanceof StoreError) return small
    throw problem
  }
}

class DurableStorage implements Storage {
  readonly isDurable = true
  readonly notice = null
  readonly database: Database
  readonly blobs: BlobStore & DeletingStore
  readonly directories: DirectoryStore & DeletingStore
  readonly lock: StorageLock
  readonly #onWorthKeeping: (() => void) | undefined

  constructor(parts: {
    readonly database: Database
    readonly blobs: BlobStore & DeletingStore
    readonly directories: DirectoryStore & DeletingStore
    readonly onWorthKeeping: (() => void) | undefined
  }) {
    this.database = parts.database
    this.blobs = parts.blobs
    this.directories = parts.directories
    this.#onWorthKeeping = parts.onWorthKeeping
    this.lock = new StorageLock(parts.database.name, navigator.locks)
  }

  async importCommitted(): Promise<void> {
    const settings = this.database.use("settings")
    if ((await get("asked-to-persist", settings)) === true || (await isPersisted())) return
    await set("asked-to-persist", true, settings)
    this.#onWorthKeeping?.()
  }

  async tidy(): Promise<void> {
    await this.lock.exclusiveIfFree(() => this.blobs.deleteMany([]))
  }

  async estimate(): Promise<StorageEstimate> {
    const { usage, quota } = await navigator.storage.estimate()
    return { used: usage, available: quota, persisted: await isPersisted() }
  }

  close(): void {
    this.database.close()
  }
}

async function isPersisted(): Promise<boolean> {
  // Absent in older browsers, whatever the types say.
  return typeof navigator.storage?.persisted === "function" && (await navigator.storage.persisted())
}
