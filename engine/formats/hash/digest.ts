// Digests, synchronous after one asynchronous start. The only file that knows hash-wasm.
//
// `instances` is the one piece of state of this module that outlives a call: compiled WebAssembly, written once by
// initHashes and the same for everybody. A WebAssembly instance works on one message at a time; streams that are
// interleaved take turns on it by saving and loading their states, so they cannot disturb each other.

import { createBLAKE3, createMD5, createSHA1, createSHA256, createSHA512, type IHasher } from "hash-wasm"
import type { HashAlgo } from "./algo.ts"

/** Bytes, either as an array or as a byte string (char codes 0 to 255). */
export type Bytes = Uint8Array | string

/** Two instances per algorithm: one for whole messages, one that the streams share by turns. */
interface Instance {
  readonly whole: IHasher
  readonly streaming: IHasher
  /** The stream whose state is in `streaming` at the moment. */
  owner: Hasher | undefined
}

const create: Readonly<Record<HashAlgo, () => Promise<IHasher>>> = {
  md5: createMD5,
  sha1: createSHA1,
  sha256: createSHA256,
  sha512: createSHA512,
  blake3: () => createBLAKE3(),
}

const instances = new Map<HashAlgo, Instance>()

/** Byte strings are encoded through this buffer, piece by piece: no allocation per message. */
const scratch = new Uint8Array(1 << 16)
const encoder = new TextEncoder()

/** Compiles the hash functions; must have finished before anything else here is called. May be called again. */
export async function initHashes(): Promise<void> {
  const algos = Object.keys(create) as HashAlgo[] // the keys of a Record<HashAlgo, …>
  for (const algo of algos) {
    if (instances.has(algo)) continue
    const whole = await create[algo]()
    const streaming = await create[algo]()
    instances.set(algo, { whole, streaming, owner: undefined })
  }
}

function instance(algo: HashAlgo): Instance {
  const found = instances.get(algo)
  if (found === undefined) throw new RangeError("initHashes() has not finished")
  return found
}

function feed(hasher: IHasher, data: Bytes): void {
  if (typeof data !== "string") {
    hasher.update(data)
    return
  }
  const length = data.length
  if (length <= scratch.length) {
    // Nearly all text is ASCII, which is its own UTF-8: the platform copies it 10x faster than a loop (measured on ATerms).
    const { read, written } = encoder.encodeInto(data, scratch)
    if (read === length && written === length) {
      hasher.update(scratch.subarray(0, length))
      return
    }
  }
  for (let from = 0; from < length; from += scratch.length) {
    const size = Math.min(scratch.length, length - from)
    for (let i = 0; i < size; i++) scratch[i] = data.charCodeAt(from + i)
    hasher.update(scratch.subarray(0, size))
  }
}

/** The digest of `data`. */
export function digest(algo: HashAlgo, data: Bytes): Uint8Array {
  const { whole } = instance(algo)
  whole.init()
  feed(whole, data)
  return whole.digest("binary")
}

/** The digest of `data` in lower-case hexadecimal. */
export function hexDigest(algo: HashAlgo, data: Bytes): string {
  const { whole } = instance(algo)
  whole.init()
  feed(whole, data)
  return whole.digest("hex")
}

/** A message being hashed piece by piece. Any number of them can be under way at once. */
export class Hasher {
  readonly algo: HashAlgo
  readonly #instance: Instance
  #saved: Uint8Array | undefined
  #size = 0
  #result: Uint8Array | undefined

  /** Starts an empty message. */
  constructor(algo: HashAlgo) {
    this.algo = algo
    this.#instance = instance(algo)
  }

  /** How many bytes were given so far. */
  get size(): number {
    return this.#size
  }

  #enter(): IHasher {
    const shared = this.#instance
    if (shared.owner === this) return shared.streaming
    if (shared.owner !== undefined) shared.owner.#saved = shared.streaming.save()
    if (this.#saved === undefined) shared.streaming.init()
    else shared.streaming.load(this.#saved)
    shared.owner = this
    return shared.streaming
  }

  /** Adds bytes to the message. */
  update(data: Bytes): this {
    if (this.#result !== undefined) throw new RangeError("the message is finished")
    feed(this.#enter(), data)
    this.#size += data.length
    return this
  }

  /** Ends the message and gives its digest; asking again gives the same. */
  digest(): Uint8Array {
    if (this.#result === undefined) {
      this.#result = this.#enter().digest("binary")
      this.#instance.owner = undefined
      this.#saved = undefined
    }
    return this.#result.slice()
  }
}
