// A store of blobs in a real worker, driven from the page. `open` and `write` give numbers for what cannot cross.
import { expose, wrap } from "comlink"
import type { BlobReader, BlobStore, BlobWriter, DeletingStore } from "../../engine/castore/blob-store.ts"
import type { B3Digest } from "../../engine/castore/digest.ts"
import { StoreError, type StoreErrorCode } from "../../engine/castore/error.ts"
import { openDatabase } from "../../engine/castore/indexed-db-database.ts"
import { OpfsBlobStore } from "../../engine/castore/opfs-blob-store.ts"
import { openPrivateFolder } from "../../engine/castore/opfs-file.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"

/** Comlink's errors lose class and code: faults cross as data. */
type Answer<T> = { readonly value: T } | { readonly code: StoreErrorCode; readonly message: string }

async function answer<T>(work: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() }
  } catch (problem) {
    if (problem instanceof StoreError) return { code: problem.code, message: problem.message }
    throw problem
  }
}

async function taken<T>(answer: Promise<Answer<T>>): Promise<T> {
  const taken = await answer
  if ("code" in taken) throw new StoreError(taken.code, taken.message)
  return taken.value
}

class StoreInWorker {
  #store: OpfsBlobStore | undefined
  readonly #readers: BlobReader[] = []
  readonly #writers: BlobWriter[] = []

  async start(name: string): Promise<void> {
    await initHashes()
    this.#store = new OpfsBlobStore(await openDatabase({ name }), await openPrivateFolder(name))
  }
  missing(digests: B3Digest[]) {
    return answer(() => this.#store!.missing(digests))
  }
  getMany(digests: readonly B3Digest[]) {
    return answer(() => this.#store!.getMany(digests))
  }
  chunks(digest: B3Digest) {
    return answer(() => this.#store!.chunks(digest))
  }
  putMany(blobs: readonly Uint8Array[]) {
    return answer(() => this.#store!.putMany(blobs))
  }
  deleteMany(digests: B3Digest[]) {
    return answer(() => this.#store!.deleteMany(digests))
  }
  list() {
    return answer(async () => {
      const all: B3Digest[] = []
      for await (const batch of this.#store!.list()) all.push(...batch)
      return all
    })
  }
  open(digest: B3Digest) {
    return answer(async () => {
      const reader = await this.#store!.open(digest)
      return reader === null ? null : { id: this.#readers.push(reader) - 1, size: reader.size }
    })
  }
  read(id: number, from: number, to: number) {
    return answer(() => this.#readers[id]!.read(from, to))
  }
  stream(id: number, from: number) {
    return answer(async () => {
      const pieces: Uint8Array[] = []
      for await (const piece of this.#readers[id]!.stream(from)) pieces.push(piece)
      return pieces
    })
  }
  write() {
    return this.#writers.push(this.#store!.write()) - 1
  }
  append(id: number, bytes: Uint8Array) {
    return answer(() => this.#writers[id]!.write(bytes))
  }
  close(id: number) {
    return answer(() => this.#writers[id]!.close())
  }
  abort(id: number) {
    return answer(() => this.#writers[id]!.abort())
  }
}

if (!("document" in globalThis)) {
  expose(new StoreInWorker())
  postMessage("ready")
}

/** A worker of its own with a store of private files; `name` is that of its database and folder. */
export async function startStore(name: string): Promise<{ store: BlobStore & DeletingStore; stop(): void }> {
  const worker = new Worker(new URL("./castore-worker.ts", import.meta.url), { type: "module" })
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve
    worker.onerror = reject
  })
  const remote = wrap<StoreInWorker>(worker)
  await remote.start(name)
  const store: BlobStore & DeletingStore = {
    missing: (digests) => taken(remote.missing([...digests])),
    getMany: (digests) => taken(remote.getMany(digests)),
    chunks: (digest) => taken(remote.chunks(digest)),
    putMany: (blobs) => taken(remote.putMany(blobs)),
    deleteMany: (digests) => taken(remote.deleteMany([...digests])),
    async *list() {
      const all = await taken(remote.list())
      if (all.length > 0) yield all
    },
    async open(digest) {
      const opened = await taken(remote.open(digest))
      if (opened === null) return null
      return {
        size: opened.size,
        read: (from, to) => taken(remote.read(opened.id, from, to)),
        async *stream(from = 0) {
          yield* await taken(remote.stream(opened.id, from))
        },
      }
    },
    write() {
      const id = remote.write()
      return {
        write: async (bytes) => taken(remote.append(await id, bytes)),
        close: async () => taken(remote.close(await id)),
        abort: async () => taken(remote.abort(await id)),
      }
    },
  }
  return { store, stop: () => worker.terminate() }
}
