// Writes one blob to a server: small ones in one call, large ones in parts (or, to servers that have only Snix's services, as a
// stream). The digest is computed here too and must be the same there.

import { Hasher } from "../formats/hash/digest.ts"
import type { BlobWriter } from "./blob-store.ts"
import { type B3Digest, digestBytes, digestFromBytes } from "./digest.ts"
import { StoreError } from "./error.ts"
import type { Companion } from "./rpc-companion.ts"
import { storeErrorOf } from "./rpc-error.ts"
import { type RetryPolicy, retrying } from "./rpc-retry.ts"

export class RpcBlobWriter implements BlobWriter {
  readonly #retry: RetryPolicy
  readonly #connect: () => Promise<Companion | StreamingBlobWriter>
  readonly #hasher = new Hasher("blake3")
  /** What was not sent yet, in a buffer of the size of a part. */
  #buffer = new Uint8Array(0)
  #filled = 0
  #target: Companion | StreamingBlobWriter | undefined
  #upload: string | undefined
  #sent = 0
  #result: Promise<B3Digest> | undefined
  #aborted = false
  /** A write that failed leaves the blob incomplete, so that close() must not make it one. */
  #broken: unknown

  /** `connect` is called at the first write. */
  constructor(retry: RetryPolicy, connect: () => Promise<Companion | StreamingBlobWriter>) {
    this.#retry = retry
    this.#connect = connect
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#result !== undefined || this.#aborted) throw new RangeError("the blob is already finished")
    if (this.#broken !== undefined) throw this.#broken
    try {
      this.#hasher.update(bytes)
      this.#target ??= await this.#connect()
      if (this.#target instanceof StreamingBlobWriter) await this.#target.write(bytes.slice())
      else await this.#collect(this.#target, bytes)
    } catch (error) {
      this.#broken = error
      throw error
    }
  }

  async #collect(companion: Companion, bytes: Uint8Array): Promise<void> {
    const { partBytes } = companion.limits
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === partBytes) await this.#sendPart(companion)
      const part = bytes.subarray(at, at + partBytes - this.#filled)
      this.#reserve(part.length, partBytes)
      this.#buffer.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
    }
  }

  #reserve(more: number, most: number): void {
    if (this.#filled + more <= this.#buffer.length) return
    const bigger = new Uint8Array(Math.min(most, Math.max(this.#buffer.length * 2, this.#filled + more, 4096)))
    bigger.set(this.#buffer.subarray(0, this.#filled))
    this.#buffer = bigger
  }

  async #sendPart({ client }: Companion): Promise<void> {
    const data = this.#buffer.subarray(0, this.#filled)
    if (this.#upload === undefined) this.#upload = (await retrying(this.#retry, "storing a blob", () => client.beginBlob({}))).upload
    const upload = this.#upload
    const offset = BigInt(this.#sent)
    const { received } = await retrying(this.#retry, "storing a blob", () => client.putBlobPart({ upload, offset, data }))
    this.#sent += data.length
    if (Number(received) !== this.#sent) throw new StoreError("damaged", `the server received ${received} bytes of ${this.#sent}`)
    this.#filled = 0
  }

  close(): Promise<B3Digest> {
    if (this.#aborted) throw new RangeError("the blob was given up")
    this.#result ??= this.#close()
    return this.#result
  }

  async #close(): Promise<B3Digest> {
    if (this.#broken !== undefined) throw this.#broken
    this.#target ??= await this.#connect()
    const digest = digestFromBytes(this.#hasher.digest())
    const told = await this.#finish(this.#target, digest)
    if (told.length !== 32 || digestFromBytes(told) !== digest) {
      throw new StoreError("damaged", `the server received other bytes than those of ${digest}`)
    }
    return digest
  }

  async #finish(target: Companion | StreamingBlobWriter, digest: B3Digest): Promise<Uint8Array> {
    if (target instanceof StreamingBlobWriter) return target.close()
    const what = `storing the blob ${digest}`
    const { client } = target
    if (this.#upload === undefined) {
      const blobs = [this.#buffer.subarray(0, this.#filled)]
      const { digests } = await retrying(this.#retry, what, () => client.putBlobs({ blobs }))
      return digests[0] ?? new Uint8Array(0)
    }
    if (this.#filled > 0) await this.#sendPart(target)
    const upload = this.#upload
    return (await retrying(this.#retry, what, () => client.finishBlob({ upload, digest: digestBytes(digest) }))).digest
  }

  async abort(): Promise<void> {
    if (this.#aborted || this.#result !== undefined) return
    this.#aborted = true
    this.#buffer = new Uint8Array(0)
    const target = this.#target
    if (target instanceof StreamingBlobWriter) return target.abort()
    const upload = this.#upload
    if (target === undefined || upload === undefined) return
    // The server forgets it by itself when this does not arrive.
    await target.client.abortBlob({ upload }).catch(() => {})
  }
}

/** Makes a call that streams messages. */
type PutCall = (
  pieces: AsyncIterable<{ data: Uint8Array<ArrayBuffer> }>,
  options: { readonly signal: AbortSignal },
) => Promise<{ readonly digest: Uint8Array }>

/** Sends what is written as the messages of one streaming call. */
export class StreamingBlobWriter {
  readonly #answer: Promise<{ readonly digest: Uint8Array }>
  readonly #stop = new AbortController()
  /** Gives the call its next message, or its end. */
  #deliver: (piece: Uint8Array | null) => void = () => {}
  /** Fulfilled when the call wants its next message. */
  #wanted: Promise<void>
  #want: () => void = () => {}

  /** `put` makes the call. */
  constructor(put: PutCall) {
    this.#wanted = new Promise((resolve) => {
      this.#want = resolve
    })
    this.#answer = put(this.#messages(), { signal: this.#stop.signal })
    // Looked at by those who write or close; who aborts does not want to hear of it.
    this.#answer.catch(() => {})
  }

  async *#messages(): AsyncGenerator<{ data: Uint8Array<ArrayBuffer> }> {
    for (;;) {
      const piece = await new Promise<Uint8Array | null>((resolve) => {
        this.#deliver = resolve
        this.#want()
      })
      if (piece === null) return
      yield { data: new Uint8Array(piece) }
    }
  }

  async #send(piece: Uint8Array | null): Promise<void> {
    // An answer before the end means that the call has failed.
    await Promise.race([this.#wanted, this.#answer.catch(() => {})])
    this.#wanted = new Promise((resolve) => {
      this.#want = resolve
    })
    this.#deliver(piece)
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#send(bytes)
  }

  async close(): Promise<Uint8Array> {
    await this.#send(null)
    try {
      return (await this.#answer).digest
    } catch (error) {
      throw storeErrorOf(error, "storing a blob")
    }
  }

  /** Breaks the call off, so that the server does not take what it has for all. */
  async abort(): Promise<void> {
    this.#stop.abort()
    await this.#answer.catch(() => {}) // It fails, as it should.
  }
}
