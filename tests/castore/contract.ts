// What the contract suites of stores share (blob-store-contract.ts, directory-store-contract.ts): every implementation runs them,
// here and in the browser, so that nothing of Node is imported. A store that cannot be written from here is filled through `fill`.
import { test } from "vitest"
import type { BlobStore, DeletingStore } from "../../engine/castore/blob-store.ts"
import { type B3Digest, digestFromHex } from "../../engine/castore/digest.ts"
import { StoreError, type StoreErrorCode } from "../../engine/castore/error.ts"
import { joinBytes } from "../../engine/formats/bytes.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"

/** A store under test, fresh and empty. */
export interface Subject<Store> {
  readonly store: Store
  /** What to write through, if the store itself is read-only: everything written appears in `store`. Durable when fulfilled. */
  readonly fill?: Store
  /** Flips a bit of what is stored under this digest (a whole small blob, a chunk or a directory), where the store can be reached. */
  damage?(digest: B3Digest): Promise<void>
  /** Says that storing what is damaged makes it sound again. A client of a server cannot promise that: it does not send what is there. */
  readonly repairs?: boolean
  /** How many blobs a large batch has; 1,500 by default, fewer where each costs a file (in a browser some 5 ms, the rest is waiting for it). */
  readonly many?: number
  /** Another store over the same data, as after a reload. */
  reopen?(): Promise<Store>
  /** Ends the use of the store. */
  close?(): Promise<void>
}

export type Make<Store> = () => Subject<Store> | Promise<Subject<Store>>

const encoder = new TextEncoder()

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Bytes that look random and are the same for the same seed. */
export function randomBytes(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = (seed * 2654435761 + 1) >>> 0
  for (let i = 0; i < size; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/** A digest that nothing here has. */
export const unknown = digestFromHex("17".repeat(32))

/** The bytes in pieces, as one array. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece.slice())
  return joinBytes(all)
}

/** True if both are the same bytes. `expect(…).toEqual` compares large arrays element by element, a hundred times slower. */
export function sameBytes(a: Uint8Array | null | undefined, b: Uint8Array): boolean {
  return a != null && a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** The code of the StoreError that the promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<StoreErrorCode | "nothing thrown"> {
  try {
    await promise
  } catch (error) {
    if (error instanceof StoreError) return error.code
    throw error
  }
  return "nothing thrown"
}

/** Writes a blob in pieces. */
export async function writeBlob(store: BlobStore, bytes: Uint8Array, pieceSize = 100_000): Promise<B3Digest> {
  const writer = store.write()
  for (let at = 0; at < bytes.length; at += pieceSize) await writer.write(bytes.subarray(at, at + pieceSize))
  return writer.close()
}

/** The digests of all that is stored. */
export async function allOf(store: DeletingStore): Promise<Set<B3Digest>> {
  const all = new Set<B3Digest>()
  for await (const digests of store.list()) for (const digest of digests) all.add(digest)
  return all
}

/** True if things can be removed from the store. */
export function isDeleting<Store extends object>(store: Store): store is Store & DeletingStore {
  return "deleteMany" in store && "list" in store
}

/** A test with a subject of its own. */
export function subjectTest<Store extends object>(make: Make<Store>) {
  return (name: string, run: (subject: Subject<Store>, fill: Store) => Promise<void>) =>
    test(name, async () => {
      await initHashes()
      const subject = await make()
      try {
        await run(subject, subject.fill ?? subject.store)
      } finally {
        await subject.close?.()
      }
    })
}
