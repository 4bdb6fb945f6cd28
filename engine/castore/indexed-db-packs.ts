// Items of one kind (small blobs, chunks, directories) by digest, many to a record of the browser's database.
//
//   NAME-packs   number → Uint8Array, the items one after the other
//   NAME-index   number → { digests, starts, sizes, size }, what is in the pack of that number
//                "state" → { generation, next }: `generation` changes when items vanish, `next` is the next number
//
// Why packs: 10,000 files take half the time of as many records to write, and a third to read all of them; one file read alone
// costs a millisecond more, and its neighbours nothing (tests/bench/store.mjs). Items that were stored together are read together.
// Those of less than 16 KiB have packs of their own: most of a package set's expressions are read, few of its other files.
//
// Numbers only grow, and of two packs with the same item the higher number counts: so a damaged item is repaired by writing it
// again, and a tab learns what other tabs wrote by reading the numbers beyond those it knows.

import { promisifyRequest } from "idb-keyval"
import type { B3Digest } from "./digest.ts"
import { StoreError } from "./error.ts"
import type { Database } from "./indexed-db-database.ts"
import { digestAt, PackIndex, type Place } from "./indexed-db-pack-index.ts"
import { asRecord, asState, grouped, type Item, type PackRecord, packed, type State, selected } from "./indexed-db-pack-record.ts"
import type { StoreName } from "./indexed-db-schema.ts"

export interface PacksOptions {
  readonly database: Database
  readonly index: StoreName
  readonly packs: StoreName
  /** What an item is called in messages: "blob". */
  readonly what: string
  /** Whether bytes are the item of that digest. */
  readonly check: (digest: B3Digest, bytes: Uint8Array) => boolean
  /** Bytes of packs kept in memory after reading. */
  readonly cacheSize: number
}

/** How many packs are read at once. */
const readAtOnce = 32
/** Packs below this size are joined when there are too many of them. */
const smallPack = 32 << 10
const tooManySmall = 32
/** How many packs one transaction of a compaction rewrites. */
const compactedAtOnce = 32

export class IndexedDbPacks {
  readonly #options: PacksOptions
  readonly #index = new PackIndex()
  #generation: number | undefined
  /** What the database said of itself last. */
  #state: State | undefined
  /** The highest number of a pack that is in the index. */
  #last = 0
  /** Numbers of the packs below smallPack. */
  readonly #small = new Set<number>()
  readonly #cache = new Map<number, Uint8Array>()
  #cached = 0
  /** Packs that are being read. */
  readonly #loading = new Map<number, Promise<Map<number, Uint8Array | StoreError | undefined>>>()

  constructor(options: PacksOptions) {
    this.#options = options
  }

  /** The object stores that a transaction for these items needs. */
  get stores(): readonly StoreName[] {
    return [this.#options.index, this.#options.packs]
  }

  /** The sizes of items, undefined for each that is absent. */
  async sizes(digests: readonly B3Digest[]): Promise<(number | undefined)[]> {
    return (await this.#places(digests)).map((place) => place?.size)
  }

  /** Items, each checked, null for each that is absent. Throws `damaged`. */
  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array<ArrayBuffer> | null)[]> {
    const result: (Uint8Array<ArrayBuffer> | null)[] = new Array(digests.length).fill(null)
    const suspects: number[] = []
    const byPack = new Map<number, { readonly position: number; readonly place: Place }[]>()
    const places = await this.#places(digests)
    places.forEach((place, position) => {
      if (place === undefined) return
      const inPack = byPack.get(place.pack)
      if (inPack === undefined) byPack.set(place.pack, [{ position, place }])
      else inPack.push({ position, place })
    })
    const wanted = [...byPack.keys()]
    for (let from = 0; from < wanted.length; from += readAtOnce) {
      const packs = await this.#load(wanted.slice(from, from + readAtOnce))
      for (const [number, pack] of packs) {
        for (const { position, place } of byPack.get(number)!) {
          const bytes = pack instanceof Uint8Array ? slice(pack, place) : undefined
          if (bytes !== undefined && this.#options.check(digests[position]!, bytes)) result[position] = bytes
          else suspects.push(position)
        }
      }
    }
    for (const position of suspects) result[position] = await this.#readAgain(digests[position]!)
    return result
  }

  /** An item that was not found as the index said: another tab may have moved or deleted it meanwhile. */
  async #readAgain(digest: B3Digest): Promise<Uint8Array<ArrayBuffer> | null> {
    await this.#options.database.transaction(this.stores, "readonly", (transaction) => this.#refreshAll(transaction))
    const place = this.#index.find(digest)
    if (place === undefined) return null
    const pack = (await this.#load([place.pack])).get(place.pack)
    if (pack === undefined) return null
    const bytes = pack instanceof Uint8Array ? slice(pack, place) : undefined
    if (bytes !== undefined && this.#options.check(digest, bytes)) return bytes
    this.#forget(place.pack)
    const cause = pack instanceof StoreError ? { cause: pack } : {}
    throw new StoreError("damaged", `the stored ${this.#options.what} ${digest} is damaged`, cause)
  }

  /**
   * Where those items are that are stored already. What is stored is compared with what was given, byte by byte, so that writing
   * a damaged item again repairs it.
   */
  async sound(items: readonly Item[]): Promise<ReadonlyMap<B3Digest, Place>> {
    await this.refresh()
    const sound = new Map<B3Digest, Place>()
    const byPack = new Map<number, { readonly item: Item; readonly place: Place }[]>()
    for (const item of items) {
      const place = this.#index.find(item.digest)
      if (place === undefined) continue
      const inPack = byPack.get(place.pack)
      if (inPack === undefined) byPack.set(place.pack, [{ item, place }])
      else inPack.push({ item, place })
    }
    const wanted = [...byPack.keys()]
    for (let from = 0; from < wanted.length; from += readAtOnce) {
      const numbers = wanted.slice(from, from + readAtOnce)
      // From the database, not from memory: it is what is there that counts.
      const packs = await this.#options.database.getEach(this.#options.packs, numbers)
      for (const [i, number] of numbers.entries()) {
        const pack = packs[i]
        if (!(pack instanceof Uint8Array)) continue
        for (const { item, place } of byPack.get(number)!) {
          if (sameBytes(item.bytes, pack.subarray(place.start, place.start + place.size))) sound.set(item.digest, place)
        }
      }
    }
    return sound
  }

  /**
   * Those items that are not `sound` where they are, each once. To be called within a transaction over `stores`: whatever another
   * tab did since sound() is seen.
   */
  async lacking(transaction: IDBTransaction, items: readonly Item[], sound: ReadonlyMap<B3Digest, Place>): Promise<Item[]> {
    await this.#refresh(transaction)
    const lacking = new Map<B3Digest, Item>()
    for (const item of items) {
      const [before, now] = [sound.get(item.digest), this.#index.find(item.digest)]
      const stays = before !== undefined && now !== undefined && before.pack === now.pack && before.start === now.start
      if (!stays) lacking.set(item.digest, item)
    }
    return [...lacking.values()]
  }

  /** Stores items within a transaction over `stores`, after lacking(). What it returns is to be called when that is committed. */
  write(transaction: IDBTransaction, items: readonly Item[]): () => void {
    if (items.length === 0) return () => {}
    const state = this.#state
    const index = transaction.objectStore(this.#options.index)
    const packs = transaction.objectStore(this.#options.packs)
    const generation = state?.generation ?? randomGeneration()
    const first = Math.max(state?.next ?? 1, this.#last + 1)
    const records: PackRecord[] = []
    for (const group of grouped(items)) {
      const { record, bytes } = packed(group)
      index.put(record, first + records.length)
      packs.put(bytes, first + records.length)
      records.push(record)
    }
    index.put({ generation, next: first + records.length } satisfies State, "state")
    return () => {
      this.#generation = generation
      for (const [i, record] of records.entries()) this.#add(first + i, record)
    }
  }

  /** Whether so many small packs have gathered that compact() is worth its time. */
  get isScattered(): boolean {
    return this.#small.size > tooManySmall
  }

  /** Removes the items that `drop` says, and with them what crashes left behind; packs that are more than half empty are joined. */
  async deleteWhere(drop: (digest: B3Digest) => boolean): Promise<void> {
    const { database, index, packs } = this.#options
    await database.transaction(
      this.stores,
      "readwrite",
      async (transaction) => {
        await this.#refreshAll(transaction)
        const indexStore = transaction.objectStore(index)
        const packStore = transaction.objectStore(packs)
        const kept = new Set<number>()
        for (const [number, record] of await this.#records(indexStore)) {
          const live = record === undefined ? [] : this.#live(number, record).filter((i) => !drop(digestAt(record.digests, i * 32)))
          if (live.length === 0) {
            indexStore.delete(number)
            continue
          }
          kept.add(number)
          if (live.length < record!.starts.length) indexStore.put(selected(record!, live), number)
        }
        for (const number of await promisifyRequest(packStore.getAllKeys())) if (!kept.has(number as number)) packStore.delete(number)
        indexStore.put({ generation: randomGeneration(), next: this.#last + 1 } satisfies State, "state")
      },
      "strict",
    )
    await database.transaction(this.stores, "readonly", (transaction) => this.#refreshAll(transaction))
    await this.compact()
  }

  /** Rewrites packs that are more than half empty, and joins small ones. */
  async compact(): Promise<void> {
    for (let after: number | undefined = 0; after !== undefined; ) after = await this.#compactSome(after)
  }

  /** Rewrites some packs with numbers above `after`; gives the last one it looked at if there may be more. */
  async #compactSome(after: number): Promise<number | undefined> {
    const { database, index, packs } = this.#options
    const candidates = await database.transaction(this.stores, "readonly", async (transaction) => {
      await this.#refresh(transaction)
      const chosen: [number, PackRecord][] = []
      for (const [number, record] of await this.#records(transaction.objectStore(index), after)) {
        if (record === undefined) continue
        const live = this.#live(number, record).reduce((sum, i) => sum + record.sizes[i]!, 0)
        if (live * 2 < record.size || (record.size < smallPack && this.#small.size > 1)) chosen.push([number, record])
      }
      return chosen
    })
    // Each is at most a pack's size and half empty, or small.
    const some = candidates.slice(0, compactedAtOnce)
    if (some.length === 0) return undefined
    const stored = await database.getEach(
      packs,
      some.map(([number]) => number),
    )
    let committed = (): void => {}
    await database.transaction(this.stores, "readwrite", async (transaction) => {
      await this.#refresh(transaction)
      const items: Item[] = []
      const replaced: number[] = []
      for (const [i, [number, record]] of some.entries()) {
        const pack = stored[i]
        // What cannot be read stays as it is: whoever asks for it hears that it is damaged.
        if (!(pack instanceof Uint8Array)) continue
        // What another tab removed or moved in the meantime is not live any more.
        for (const item of this.#live(number, record)) {
          const start = record.starts[item]!
          items.push({ digest: digestAt(record.digests, item * 32), bytes: pack.subarray(start, start + record.sizes[item]!) })
        }
        replaced.push(number)
      }
      const written = this.write(transaction, items)
      for (const number of replaced) {
        transaction.objectStore(index).delete(number)
        transaction.objectStore(packs).delete(number)
      }
      committed = () => {
        written()
        for (const number of replaced) {
          this.#small.delete(number)
          this.#forget(number)
        }
      }
    })
    committed()
    return some.length < candidates.length ? some.at(-1)![0] : undefined
  }

  /** The digests of all items, in batches. */
  async *list(): AsyncGenerator<readonly B3Digest[]> {
    await this.#options.database.transaction(this.stores, "readonly", (transaction) => this.#refreshAll(transaction))
    yield* this.#index.digests()
  }

  /** Reads what other tabs wrote since the last time. */
  async refresh(): Promise<void> {
    await this.#options.database.transaction(this.stores, "readonly", (transaction) => this.#refresh(transaction))
  }

  /** Another one whenever items vanished, by whichever tab, as far as this tab has heard of it. */
  get generation(): number | undefined {
    return this.#generation
  }

  /** What the index says without asking the database. */
  known(digest: B3Digest): Place | undefined {
    return this.#index.find(digest)
  }

  async #places(digests: readonly B3Digest[]): Promise<(Place | undefined)[]> {
    const places = digests.map((digest) => this.#index.find(digest))
    if (!places.includes(undefined)) return places
    await this.refresh()
    return places.map((place, i) => place ?? this.#index.find(digests[i]!))
  }

  async #refreshAll(transaction: IDBTransaction): Promise<State | undefined> {
    this.#generation = undefined
    return this.#refresh(transaction)
  }

  /** Brings the index up to date; gives what the database says of itself, undefined if that is nothing or damaged. */
  async #refresh(transaction: IDBTransaction): Promise<State | undefined> {
    const index = transaction.objectStore(this.#options.index)
    const state = asState(await promisifyRequest(index.get("state")))
    this.#state = state
    const anew = this.#generation === undefined || state?.generation !== this.#generation
    if (!anew && state?.next === this.#last + 1) return state
    const known = anew ? 0 : this.#last
    const [records, present] = await Promise.all([
      this.#records(index, known),
      promisifyRequest(transaction.objectStore(this.#options.packs).getAllKeys(beyond(known))),
    ])
    if (anew) {
      this.#index.clear()
      this.#small.clear()
      this.#cache.clear()
      this.#cached = 0
      this.#last = 0
      this.#generation = state?.generation
    }
    // An index record without its pack says nothing; its items are absent.
    const numbers = new Set(present)
    for (const [number, record] of records) if (record !== undefined && numbers.has(number)) this.#add(number, record)
    const highest = records.at(-1)?.[0] ?? 0
    this.#last = Math.max(this.#last, highest, Number(present.at(-1) ?? 0), (state?.next ?? 1) - 1)
    return state
  }

  /** The records with numbers above `known`, ascending; undefined for each that makes no sense. */
  async #records(index: IDBObjectStore, known = 0): Promise<[number, PackRecord | undefined][]> {
    const [keys, values] = await Promise.all([
      promisifyRequest(index.getAllKeys(beyond(known))),
      promisifyRequest(index.getAll(beyond(known)) as IDBRequest<unknown[]>),
    ])
    return keys.map((key, i) => [Number(key), asRecord(values[i])])
  }

  #add(number: number, record: PackRecord): void {
    const { digests, starts, sizes } = record
    for (let i = 0; i < starts.length; i++) this.#index.set(digests, i * 32, { pack: number, start: starts[i]!, size: sizes[i]! })
    if (record.size < smallPack) this.#small.add(number)
    this.#last = Math.max(this.#last, number)
  }

  /** Which items of a pack count: neither repaired nor moved to a later one. */
  #live(number: number, record: PackRecord): number[] {
    const live: number[] = []
    for (let i = 0; i < record.starts.length; i++) {
      const place = this.#index.find(digestAt(record.digests, i * 32))
      if (place?.pack === number && place.start === record.starts[i]) live.push(i)
    }
    return live
  }

  /** Packs by number: from memory or the database; undefined for those that are absent, a StoreError for each that cannot be read. */
  async #load(numbers: readonly number[]): Promise<Map<number, Uint8Array | StoreError | undefined>> {
    const { database, packs: name } = this.#options
    const unread = numbers.filter((number) => !this.#cache.has(number) && !this.#loading.has(number))
    if (unread.length > 0) {
      const reading = database.getEach(name, unread).then((values) => new Map(unread.map((number, i) => [number, asPack(values[i])])))
      for (const number of unread) this.#loading.set(number, reading)
      const done = (): void => {
        for (const number of unread) this.#loading.delete(number)
      }
      reading.then(done, done)
    }
    // Who asks for a pack that is on its way waits for it with the others.
    const sources = numbers.map((number) => this.#cache.get(number) ?? this.#loading.get(number))
    const packs = new Map<number, Uint8Array | StoreError | undefined>()
    for (const [i, number] of numbers.entries()) {
      const source = await sources[i]
      packs.set(number, source instanceof Map ? source.get(number) : source)
    }
    for (const [number, pack] of packs) if (pack instanceof Uint8Array) this.#remember(number, pack)
    return packs
  }

  #remember(number: number, pack: Uint8Array): void {
    this.#forget(number)
    this.#cache.set(number, pack)
    this.#cached += pack.length
    for (const oldest of this.#cache.keys()) {
      if (this.#cached <= this.#options.cacheSize) return
      this.#forget(oldest)
    }
  }

  #forget(number: number): void {
    const pack = this.#cache.get(number)
    if (pack === undefined) return
    this.#cache.delete(number)
    this.#cached -= pack.length
  }
}

/**
 * Stores items of several kinds in one transaction; `before` may reject what would then be stored. For the durability see
 * Database.transaction.
 */
export async function putItems(
  database: Database,
  kinds: readonly (readonly [packs: IndexedDbPacks, items: readonly Item[]])[],
  durability: IDBTransactionDurability,
  before: () => void = () => {},
): Promise<void> {
  const stores = kinds.flatMap(([packs]) => packs.stores)
  const sound: ReadonlyMap<B3Digest, Place>[] = []
  for (const [packs, items] of kinds) sound.push(await packs.sound(items))
  // Usually nothing lacks when the same is imported again: then no writing transaction has to be waited for.
  if (kinds.every(([, items], i) => items.every(({ digest }) => sound[i]!.has(digest)))) {
    const lacks = await database.transaction(stores, "readonly", async (transaction) => {
      for (const [i, [packs, items]] of kinds.entries()) if ((await packs.lacking(transaction, items, sound[i]!)).length > 0) return true
      before()
      return false
    })
    if (!lacks) return
  }
  const committed: (() => void)[] = []
  await database.transaction(
    stores,
    "readwrite",
    async (transaction) => {
      for (const [i, [packs, items]] of kinds.entries()) {
        committed.push(packs.write(transaction, await packs.lacking(transaction, items, sound[i]!)))
      }
      before()
    },
    durability,
  )
  for (const done of committed) done()
  for (const [packs] of kinds) if (packs.isScattered) await packs.compact()
}

/** A pack as it was read. */
function asPack(value: unknown): Uint8Array | StoreError | undefined {
  if (value === undefined || value instanceof Uint8Array || value instanceof StoreError) return value
  return new StoreError("damaged", "a pack is no array of bytes")
}

/** All numbers above this one; the key "state" is beyond every number. */
function beyond(number: number): IDBKeyRange {
  return IDBKeyRange.bound(number, Number.POSITIVE_INFINITY, true)
}

/** Never twice the same: a database that was deleted and made anew must not look like the one before. */
function randomGeneration(): number {
  return Math.floor(Math.random() * Number.MAX_SAFE_INTEGER) + 1
}

function slice(pack: Uint8Array, { start, size }: Place): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pack.subarray(start, start + size))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
