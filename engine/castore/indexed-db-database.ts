// A connection to the browser's database, shared by all stores of a tab.
//
// idb-keyval's functions work on it (`get(key, database.use("roots"))`); what needs several object stores at once, or a
// durability, takes `transaction`. The connection closes itself when another tab needs the database for a newer version, and
// opens again by itself when the browser closed it for reasons of its own.

import { promisifyRequest, type UseStore } from "idb-keyval"
import { StoreError } from "./error.ts"
import { openingError, storageError } from "./indexed-db-error.ts"
import { SCHEMA, type SchemaStep, type StoreName } from "./indexed-db-schema.ts"

const WHAT = "the browser's database"

export interface DatabaseOptions {
  /** Name of the database, "thunkpad" by default. */
  readonly name?: string
  /** Where databases are, `indexedDB` by default. */
  readonly factory?: IDBFactory
  /** Called with a sentence for people when opening has to wait for another tab to close its older connection. */
  readonly onBlocked?: (message: string) => void
  /** Called with a sentence for people when another tab took the database away; nothing here can be read or written any more. */
  readonly onClosed?: (message: string) => void
  /** The steps to the present version; the tests of migration give others. */
  readonly schema?: readonly SchemaStep[]
}

/** Opens the database, creating or migrating it where needed. Rejects with StoreError `denied` or `quota`. */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const database = new Database(options)
  await database.connect()
  return database
}

export class Database {
  readonly name: string
  readonly #options: DatabaseOptions
  #connection: Promise<IDBDatabase> | undefined
  /** Why nothing works any more. */
  #closed: string | undefined

  /** Use openDatabase(). */
  constructor(options: DatabaseOptions) {
    this.name = options.name ?? "thunkpad"
    this.#options = options
  }

  /** The connection, opened if it is not. */
  connect(): Promise<IDBDatabase> {
    if (this.#closed !== undefined) return Promise.reject(new StoreError("denied", this.#closed))
    if (this.#connection === undefined) {
      const opening = this.#open()
      this.#connection = opening
      opening.catch(() => {
        if (this.#connection === opening) this.#connection = undefined
      })
    }
    return this.#connection
  }

  async #open(): Promise<IDBDatabase> {
    const { onBlocked, onClosed, schema = SCHEMA } = this.#options
    let broken: unknown
    try {
      // Where storage is denied, the mere access to `indexedDB` may throw.
      const factory = this.#options.factory ?? indexedDB
      const request = factory.open(this.name, schema.length)
      request.onblocked = () => onBlocked?.("Another tab uses an older version of this page's storage: close it, or reload it.")
      request.onupgradeneeded = ({ oldVersion }) => {
        try {
          for (const step of schema.slice(oldVersion)) step(request.result, request.transaction!) // there is one during an upgrade
        } catch (problem) {
          broken = problem
          request.transaction?.abort()
        }
      }
      const connection = await promisifyRequest(request)
      connection.onversionchange = ({ newVersion }) => {
        const why = newVersion === null ? "was deleted in another tab" : "is now used by a newer version of this page in another tab"
        this.#closed = `The storage of this page ${why}: reload this tab to go on.`
        connection.close()
        onClosed?.(this.#closed)
      }
      // Not by us: the user cleared the site's data, or the browser recovered from a fault.
      connection.onclose = () => {
        this.#connection = undefined
      }
      return connection
    } catch (problem) {
      throw openingError(broken ?? problem, WHAT)
    }
  }

  /** One object store, for idb-keyval's functions. They reject with StoreError. */
  use(store: StoreName): UseStore {
    return async (mode, callback) => {
      const connection = await this.connect()
      try {
        return await callback(connection.transaction(store, mode).objectStore(store))
      } catch (problem) {
        throw storageError(problem, WHAT)
      }
    }
  }

  /**
   * Runs `body` in one transaction and waits until that is committed; all of it happens or nothing. While `body` waits for
   * anything but the transaction's own requests, the browser may commit. "strict" returns when the disk has it, "relaxed"
   * when the operating system has it: only a crash of the whole machine can lose that.
   */
  async transaction<T>(
    stores: readonly StoreName[],
    mode: "readonly" | "readwrite",
    body: (transaction: IDBTransaction) => T | Promise<T>,
    durability: IDBTransactionDurability = "relaxed",
  ): Promise<T> {
    const connection = await this.connect()
    try {
      const transaction = connection.transaction([...stores], mode, { durability })
      const done = promisifyRequest(transaction)
      // Whoever fails first is reported below; the other must not become an unhandled rejection.
      done.catch(() => {})
      let result: T
      try {
        result = await body(transaction)
      } catch (problem) {
        try {
          transaction.abort()
        } catch {
          // It has ended already: by this very problem.
        }
        await done.catch(() => {})
        throw problem instanceof StoreError ? problem : (transaction.error ?? problem)
      }
      await done
      return result
    } catch (problem) {
      throw storageError(problem, WHAT)
    }
  }

  /**
   * Values of an object store, in the order of the keys: undefined for each that is absent, a StoreError `damaged` for each that
   * cannot be read. Chromium keeps large values in files, and ends the whole transaction in which one of those cannot be read;
   * so nothing else may be in it.
   */
  async getEach(store: StoreName, keys: readonly IDBValidKey[]): Promise<unknown[]> {
    const values: unknown[] = new Array(keys.length)
    const failed = await this.#readInto(
      values,
      store,
      keys.map((key, i) => [i, key]),
    )
    // Those that only shared the transaction with it are read now, and it fails again.
    if (keys.length > 1) for (const i of failed) await this.#readInto(values, store, [[i, keys[i]!]])
    return values
  }

  /** Reads in one transaction; gives the positions of those that failed, for whatever reason. */
  async #readInto(values: unknown[], store: StoreName, wanted: readonly (readonly [number, IDBValidKey])[]): Promise<number[]> {
    const failed: number[] = []
    let cutOff = false
    const read = (transaction: IDBTransaction, position: number, key: IDBValidKey): Promise<void> =>
      new Promise((resolve) => {
        const request: IDBRequest<unknown> = transaction.objectStore(store).get(key)
        request.onsuccess = () => {
          values[position] = request.result
          resolve()
        }
        request.onerror = (event) => {
          // Else it would count as the failure of the transaction at once, before the others are read.
          event.preventDefault()
          event.stopPropagation()
          failed.push(position)
          cutOff ||= request.error?.name === "AbortError"
          const message = `a record of ${WHAT} cannot be read (${request.error?.message})`
          values[position] = new StoreError("damaged", message, { cause: request.error })
          resolve()
        }
      })
    try {
      await this.transaction([store], "readonly", (transaction) => Promise.all(wanted.map(([i, key]) => read(transaction, i, key))))
    } catch (problem) {
      // A record alone that was cut off is none that cannot be read: the browser closed the database.
      if (failed.length === 0 || (wanted.length === 1 && cutOff)) throw problem
    }
    return failed
  }

  /** Closes the connection; what is under way is finished by the browser. */
  close(): void {
    this.#closed ??= "The storage of this page was closed."
    this.#connection?.then(
      (connection) => connection.close(),
      () => {},
    )
  }
}
