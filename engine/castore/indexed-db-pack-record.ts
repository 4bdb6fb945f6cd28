// The records that indexed-db-packs.ts keeps: how items become packs, and what is trusted of a record that is read.
// A damaged place in a pack needs no check here: the bytes found there do not have the item's digest.

import { type B3Digest, digestBytes } from "./digest.ts"

/** An item to be stored. */
export interface Item {
  readonly digest: B3Digest
  readonly bytes: Uint8Array
}

/** What is in a pack. */
export interface PackRecord {
  readonly digests: Uint8Array
  readonly starts: Uint32Array
  readonly sizes: Uint32Array
  /** Bytes of the pack, those of items that were deleted from it included. */
  readonly size: number
}

export interface State {
  readonly generation: number
  readonly next: number
}

/** Items below this size are packed apart from the others. */
const smallItem = 16 << 10
/** A pack is closed when it has this many bytes. Smaller costs records, larger makes reading one item slow (1 and 2 ms at these sizes). */
const smallItemsPack = 256 << 10
const largeItemsPack = 512 << 10
/** Nor does a pack have more items than this: its index record stays small enough for the browser to keep it in the database's own file. */
const packItems = 1024
/** Items divided into packs, in their order but for the small ones, which come first. */
export function* grouped(items: readonly Item[]): Generator<readonly Item[]> {
  const isSmall = (item: Item): boolean => item.bytes.length < smallItem
  yield* groupedBySize(items.filter(isSmall), smallItemsPack)
  yield* groupedBySize(
    items.filter((item) => !isSmall(item)),
    largeItemsPack,
  )
}

function* groupedBySize(items: readonly Item[], packSize: number): Generator<readonly Item[]> {
  let group: Item[] = []
  let size = 0
  for (const item of items) {
    group.push(item)
    size += item.bytes.length
    if (size < packSize && group.length < packItems) continue
    yield group
    group = []
    size = 0
  }
  if (group.length > 0) yield group
}

/** A pack of items and the record that says what is in it. */
export function packed(items: readonly Item[]): { readonly record: PackRecord; readonly bytes: Uint8Array } {
  const size = items.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const bytes = new Uint8Array(size)
  const digests = new Uint8Array(items.length * 32)
  const starts = new Uint32Array(items.length)
  const sizes = new Uint32Array(items.length)
  let at = 0
  items.forEach((item, i) => {
    digests.set(digestBytes(item.digest), i * 32)
    starts[i] = at
    sizes[i] = item.bytes.length
    bytes.set(item.bytes, at)
    at += item.bytes.length
  })
  return { record: { digests, starts, sizes, size }, bytes }
}

/** The record with these of its items only. */
export function selected(record: PackRecord, items: readonly number[]): PackRecord {
  const digests = new Uint8Array(items.length * 32)
  items.forEach((item, i) => {
    digests.set(record.digests.subarray(item * 32, item * 32 + 32), i * 32)
  })
  return {
    digests,
    starts: Uint32Array.from(items, (i) => record.starts[i]!),
    sizes: Uint32Array.from(items, (i) => record.sizes[i]!),
    size: record.size,
  }
}

/** A record as it was read; undefined if it makes no sense. */
export function asRecord(value: unknown): PackRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined
  const { digests, starts, sizes, size } = value as Partial<PackRecord>
  if (!(digests instanceof Uint8Array && starts instanceof Uint32Array && sizes instanceof Uint32Array)) return undefined
  if (typeof size !== "number" || sizes.length !== starts.length || digests.length !== starts.length * 32) return undefined
  return { digests, starts, sizes, size }
}

/** The state as it was read; undefined if it is absent or makes no sense. */
export function asState(value: unknown): State | undefined {
  if (typeof value !== "object" || value === null) return undefined
  const { generation, next } = value as Partial<State>
  if (typeof generation !== "number" || typeof next !== "number" || !Number.isSafeInteger(next)) return undefined
  return { generation, next }
}
