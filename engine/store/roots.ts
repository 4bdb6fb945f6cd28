// Roots: what garbage collection leaves alone, by name. A root keeps store paths with all they refer to, and trees of the castore that
// are no store objects (the files of a workspace).
// C++ Nix: libstore/gc.cc findRoots, gcroots

import { promisifyRequest } from "idb-keyval"
import { entryFromBytes, entryToBytes } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import type { Database } from "../castore/indexed-db-database.ts"
import type { Node } from "../castore/node.ts"
import { FormatError } from "../formats/error.ts"
import { parseBase64, printBase64 } from "../formats/hash/base64.ts"
import { asArray, asObject, asString, valueAt } from "../formats/json/access.ts"
import { parseBaseName, type StorePath } from "../formats/store-path/store-path.ts"
import { fromRecord, toRecord } from "./checked-record.ts"

/** What one root keeps. */
export interface Root {
  readonly paths: readonly StorePath[]
  readonly trees: readonly Node[]
}

/** Roots by name. Methods reject with StoreError. */
export interface Roots {
  /** All. Throws `damaged` if one cannot be read: then nobody knows what may be removed. */
  list(): Promise<ReadonlyMap<string, Root>>
  /** Makes or replaces a root. */
  set(name: string, root: Root): Promise<void>
  /** Removes a root; what is absent is no error. */
  delete(name: string): Promise<void>
}

export class MemoryRoots implements Roots {
  readonly #roots = new Map<string, Root>()

  async list(): Promise<ReadonlyMap<string, Root>> {
    return new Map(this.#roots)
  }

  async set(name: string, root: Root): Promise<void> {
    this.#roots.set(name, root)
  }

  async delete(name: string): Promise<void> {
    this.#roots.delete(name)
  }
}

/** Roots in the browser's database, each a record with a checksum. */
export class IndexedDbRoots implements Roots {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async list(): Promise<ReadonlyMap<string, Root>> {
    const [keys, values] = await this.#database.transaction(["roots"], "readonly", (transaction) => {
      const store = transaction.objectStore("roots")
      return Promise.all([promisifyRequest(store.getAllKeys()), promisifyRequest<unknown[]>(store.getAll())])
    })
    return new Map(keys.map((key, i) => [String(key), rootOf(String(key), values[i])]))
  }

  async set(name: string, { paths, trees }: Root): Promise<void> {
    const record = toRecord({ paths, trees: trees.map((node) => printBase64(entryToBytes(node))) })
    await this.#database.transaction(
      ["roots"],
      "readwrite",
      (transaction) => void transaction.objectStore("roots").put(record, name),
      "strict",
    )
  }

  async delete(name: string): Promise<void> {
    await this.#database.transaction(["roots"], "readwrite", (transaction) => void transaction.objectStore("roots").delete(name), "strict")
  }
}

function rootOf(name: string, value: unknown): Root {
  const json = asObject(fromRecord(value, `the root '${name}'`))
  try {
    return {
      paths: asArray(valueAt(json, "paths")).map((path) => parseBaseName(asString(path))),
      trees: asArray(valueAt(json, "trees")).map((text) => entryFromBytes(parseBase64(asString(text))).node),
    }
  } catch (error) {
    if (error instanceof FormatError) throw new StoreError("damaged", `the root '${name}' is damaged: ${error.message}`, { cause: error })
    throw error
  }
}
