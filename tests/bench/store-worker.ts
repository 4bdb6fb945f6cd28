// The worker of the bench of storage: writes and reads the same files in the engine's storage and with plain idb-keyval.
import { expose } from "comlink"
import { createStore, get, getMany, keys, promisifyRequest, setMany, type UseStore } from "idb-keyval"
import { b3 } from "../../engine/castore/digest.ts"
import type { Node } from "../../engine/castore/node.ts"
import { openStorage } from "../../engine/castore/storage.ts"
import { TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"

export class StoreBench {
  #files: [path: string, contents: Uint8Array][] = []

  /** Fetches the files, so that only storing them is measured. */
  async load(): Promise<number> {
    await initHashes()
    const paths = (await (await fetch("/paths.json")).json()) as [path: string, size: number][]
    const all = new Uint8Array(await (await fetch("/contents")).arrayBuffer())
    let at = 0
    this.#files = paths.map(([path, size]) => [path, all.subarray(at, (at += size))])
    return this.#files.length
  }

  /** Imports all into the engine's storage of this name; milliseconds, and the root as text. */
  async importTree(name: string): Promise<{ ms: number; root: string }> {
    const start = performance.now()
    const { blobs, directories, lock, close } = await open(name)
    const root = await lock.shared(async () => {
      const ingest = new TreeIngest(blobs, directories)
      for (const [path, contents] of this.#files) await ingest.file(path, false, contents)
      return ingest.finish()
    })
    const ms = performance.now() - start
    close()
    return { ms, root: JSON.stringify(root) }
  }

  /** Writes all with setMany, `batch` at a time; milliseconds. */
  async setPlainly(name: string, batch: number): Promise<number> {
    const start = performance.now()
    const store = createStore(name, "files")
    for (let from = 0; from < this.#files.length; from += batch) {
      // A view of a larger array would be stored with all of that.
      await setMany(
        this.#files.slice(from, from + batch).map(([path, contents]) => [path, contents.slice()]),
        store,
      )
    }
    const ms = performance.now() - start
    await closed(store)
    return ms
  }

  /** Reads every file of a tree as after a reload, and compares it with what was imported; milliseconds and what is lost or wrong. */
  async verifyTree(name: string, root: string): Promise<{ ms: number; files: number; wrong: number }> {
    const wanted = new Map(this.#files.map(([path, contents]) => [path, b3(contents)]))
    const start = performance.now()
    const { blobs, directories, close } = await open(name)
    let files = 0
    let wrong = 0
    const walk = async (path: string, node: Node): Promise<void> => {
      if (node.kind !== "directory") throw new RangeError("not a directory")
      const directory = await directories.get(node.digest)
      const inside = [...(directory ?? [])]
      const small = inside.filter(([, child]) => child.kind === "file" && child.size < 1 << 20)
      const read = await blobs.getMany(small.map(([, child]) => (child as Extract<Node, { kind: "file" }>).digest))
      small.forEach(([name], i) => {
        files++
        const contents = read[i]
        if (contents == null || b3(contents) !== wanted.get(`${path}${name}`)) wrong++
      })
      for (const [name, child] of inside) {
        if (child.kind === "directory") await walk(`${path}${name}/`, child)
        else if (child.kind === "file" && child.size >= 1 << 20) {
          files++
          const reader = await blobs.open(child.digest)
          const contents = reader === null ? null : await reader.read(0, reader.size)
          if (contents === null || b3(contents) !== wanted.get(`${path}${name}`)) wrong++
        }
      }
    }
    await walk("", JSON.parse(root) as Node)
    const ms = performance.now() - start
    close()
    return { ms, files, wrong: wrong + Math.max(0, wanted.size - files) }
  }

  /** Reads files one by one in an order without order, as after a reload: in the engine's storage by digest, checked. Milliseconds. */
  async readSingly(name: string, count: number): Promise<number> {
    const digests = this.#some(count).map(([, contents]) => b3(contents))
    const start = performance.now()
    const { blobs, close } = await open(name)
    for (const digest of digests) if ((await blobs.getMany([digest]))[0] == null) throw new Error(`${digest} is lost`)
    const ms = performance.now() - start
    close()
    return ms
  }

  /** As readSingly, what setPlainly wrote. */
  async getSingly(name: string, count: number): Promise<number> {
    const paths = this.#some(count).map(([path]) => path)
    const start = performance.now()
    const store = createStore(name, "files")
    for (const path of paths) if ((await get(path, store)) === undefined) throw new Error(`${path} is lost`)
    const ms = performance.now() - start
    await closed(store)
    return ms
  }

  /** Expressions from everywhere in the folder. */
  #some(count: number): [path: string, contents: Uint8Array][] {
    const expressions = this.#files.filter(([path]) => path.endsWith(".nix"))
    return Array.from({ length: count }, (_, i) => expressions[(i * 7919) % expressions.length]!)
  }

  /** Reads all that setPlainly wrote, as after a reload; milliseconds. Nothing of it is checked. */
  async getPlainly(name: string, batch: number): Promise<number> {
    const start = performance.now()
    const store = createStore(name, "files")
    const all = await keys<string>(store)
    for (let from = 0; from < all.length; from += batch) await getMany(all.slice(from, from + batch), store)
    const ms = performance.now() - start
    await closed(store)
    return ms
  }

  /** Bytes that the browser says are used. */
  async used(): Promise<number> {
    return (await navigator.storage.estimate()).usage ?? 0
  }

  /** Removes a database and the private files of the same name. */
  async remove(name: string): Promise<void> {
    await promisifyRequest(indexedDB.deleteDatabase(name))
    const root = await navigator.storage.getDirectory()
    await root.removeEntry(name, { recursive: true }).catch(() => {})
  }
}

async function open(name: string) {
  const storage = await openStorage({ name })
  if (!storage.isDurable) throw new Error(storage.notice ?? "no storage")
  return { blobs: storage.blobs, directories: storage.directories, lock: storage.lock, close: () => storage.close() }
}

/** Ends the connection of one of idb-keyval's stores, so that its database can be deleted. */
async function closed(store: UseStore): Promise<void> {
  await store("readonly", (objects) => objects.transaction.db.close())
}

expose(new StoreBench())
postMessage("ready")
