// Blobs that come in parts. Each has a writer of the store; nothing of it is visible before its end.

import { randomBytes } from "node:crypto"
import type { BlobStore, BlobWriter } from "../castore/blob-store.ts"
import type { B3Digest } from "../castore/digest.ts"
import { StoreError } from "../castore/error.ts"
import type { Limits } from "./limits.ts"

interface Upload {
  readonly writer: BlobWriter
  received: number
  /** Where the last part began, to know it when it comes again. */
  last: number
  digest: B3Digest | undefined
  /** Parts are taken one after the other. */
  queue: Promise<unknown>
  timer: NodeJS.Timeout
}

export class Uploads {
  readonly #blobs: BlobStore
  readonly #limits: Limits
  readonly #uploads = new Map<string, Upload>()

  constructor(blobs: BlobStore, limits: Limits) {
    this.#blobs = blobs
    this.#limits = limits
  }

  /** Begins one; its name cannot be guessed. Throws `quota` if there are too many. */
  begin(): string {
    if (this.#uploads.size >= this.#limits.uploads) throw new StoreError("quota", "too many blobs are being uploaded")
    const name = randomBytes(16).toString("hex")
    const upload: Upload = {
      writer: this.#blobs.write(),
      received: 0,
      last: 0,
      digest: undefined,
      queue: Promise.resolve(),
      timer: setTimeout(() => this.#forget(name), this.#limits.uploadIdle).unref(),
    }
    this.#uploads.set(name, upload)
    return name
  }

  /** Takes a part that begins at byte `offset`; gives how many bytes there are now. Throws `invalid`, `absent`, `quota`. */
  part(name: string, offset: number, data: Uint8Array): Promise<number> {
    return this.#inTurn(name, async (upload) => {
      if (offset === upload.last && offset + data.length === upload.received && upload.received > 0) return upload.received
      if (upload.digest !== undefined) throw new StoreError("invalid", "the blob is already finished")
      if (offset !== upload.received)
        throw new StoreError("invalid", `a part begins at ${offset}, but ${upload.received} bytes were received`)
      if (data.length > this.#limits.partBytes) throw new StoreError("quota", `a part has more than ${this.#limits.partBytes} bytes`)
      if (offset + data.length > this.#limits.blobBytes)
        throw new StoreError("quota", `a blob has more than ${this.#limits.blobBytes} bytes`)
      await upload.writer.write(data)
      upload.last = offset
      upload.received += data.length
      return upload.received
    })
  }

  /** Ends a blob. Throws `invalid` unless it has the digest that was claimed. */
  finish(name: string, claimed: B3Digest): Promise<B3Digest> {
    return this.#inTurn(name, async (upload) => {
      upload.digest ??= await upload.writer.close()
      if (upload.digest !== claimed) throw new StoreError("invalid", `the blob has the digest ${upload.digest}, not ${claimed}`)
      return upload.digest
    })
  }

  /** Forgets one; what is not there is no error. */
  abort(name: string): void {
    this.#forget(name)
  }

  /** Forgets all. */
  close(): void {
    for (const name of [...this.#uploads.keys()]) this.#forget(name)
  }

  #inTurn<T>(name: string, work: (upload: Upload) => Promise<T>): Promise<T> {
    const upload = this.#uploads.get(name)
    if (upload === undefined) throw new StoreError("absent", "there is no such upload (any more)")
    upload.timer.refresh()
    const result = upload.queue.then(() => work(upload))
    upload.queue = result.catch(() => {}) // Whoever asked is told; the next part is judged by itself.
    return result
  }

  #forget(name: string): void {
    const upload = this.#uploads.get(name)
    if (upload === undefined) return
    this.#uploads.delete(name)
    clearTimeout(upload.timer)
    if (upload.digest === undefined) void upload.queue.then(() => upload.writer.abort()).catch(() => {}) // nobody waits for it
  }
}
