// Getting objects, with all they refer to, from binary caches: all narinfos first, then archives side by side. An object becomes known
// only after what it refers to, so that the store has whole closures at any moment. The same path is never downloaded twice at once.
// C++ Nix: libstore/build/substitution-goal.cc, misc.cc queryMissing

import { StoreError } from "../castore/error.ts"
import { parseNarHint } from "../castore/nar-hint.ts"
import type { Node } from "../castore/node.ts"
import { hashNar } from "../castore/render-nar.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import type { NarInfo } from "../formats/narinfo/nar-info.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { BinaryCache } from "./binary-cache.ts"
import { checkContent } from "./nar-import.ts"
import type { StoredPath } from "./path-info-store.ts"
import { Slots } from "./slots.ts"
import { dependenciesFirst, type Store } from "./store.ts"

/** An object that a cache has. */
export interface Offer {
  readonly cache: BinaryCache
  readonly info: NarInfo
}

/** What it would take to have some paths. */
export interface Missing {
  /** To be downloaded, dependencies first. */
  readonly offers: readonly Offer[]
  /** Neither here nor in a cache. */
  readonly absent: readonly StorePath[]
  /** Bytes of the files, as far as their sizes are known. */
  readonly downloadSize: number
  /** Bytes of the archives. */
  readonly narSize: number
}

export interface SubstituteProgress {
  readonly paths: { readonly done: number; readonly all: number }
  /** Of the files. */
  readonly bytes: { readonly done: number; readonly all: number }
  /** The paths whose archives are being read. */
  readonly active: readonly StorePath[]
}

export interface SubstituteOptions {
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((progress: SubstituteProgress) => void) | undefined
}

export interface SubstituterOptions {
  /** Archives read at once. */
  readonly downloads?: number | undefined
  /** Narinfos asked for at once. */
  readonly queries?: number | undefined
}

/** A download that any number of callers wait for. When none is left it stops. */
interface Job {
  readonly stop: AbortController
  users: number
  readonly done: Promise<StoredPath>
}

export class Substituter {
  readonly #store: Store
  readonly #caches: readonly BinaryCache[]
  readonly #downloads: Slots
  readonly #queries: Slots
  readonly #jobs = new Map<StorePath, Job>()

  constructor(store: Store, caches: readonly BinaryCache[], options: SubstituterOptions = {}) {
    this.#store = store
    this.#caches = caches
    this.#downloads = new Slots(options.downloads ?? 8)
    this.#queries = new Slots(options.queries ?? 32)
  }

  /**
   * What the first cache, by priority, that has the path says of it; null if none has it. A cache with a fault is passed over; if then
   * none has the path, its fault is thrown.
   */
  async query(path: StorePath, signal?: AbortSignal): Promise<Offer | null> {
    for await (const offer of this.#offers((cache) => cache.query(path, signal), signal)) return offer
    return null
  }

  /** The same for a path of which only the hash part is known. */
  async find(part: string, signal?: AbortSignal): Promise<Offer | null> {
    for await (const offer of this.#offers((cache) => cache.find(part, signal), signal)) return offer
    return null
  }

  /** The offers of all caches, the best first. Throws the first fault at the end, if there was no offer. */
  async *#offers(ask: (cache: BinaryCache) => Promise<NarInfo | null>, signal: AbortSignal | undefined): AsyncGenerator<Offer> {
    let fault: unknown
    let count = 0
    for (const cache of await this.#byPriority(signal)) {
      try {
        const info = await this.#queries.use(() => ask(cache))
        if (info === null) continue
        count++
        yield { cache, info }
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === "cancelled") throw error
        fault ??= error
      }
    }
    if (count === 0 && fault !== undefined) throw fault
  }

  /** Caches that cannot be reached come last: their fault is told when they are asked. */
  async #byPriority(signal: AbortSignal | undefined): Promise<BinaryCache[]> {
    const ranked = await Promise.all(
      this.#caches.map(async (cache) => {
        try {
          return { cache, priority: (await cache.info(signal)).priority }
        } catch (error) {
          if (!(error instanceof StoreError) || error.code === "cancelled") throw error
          return { cache, priority: Number.MAX_SAFE_INTEGER }
        }
      }),
    )
    return ranked.sort((a, b) => a.priority - b.priority).map(({ cache }) => cache)
  }

  /** What is missing of the paths' closures. Throws what query throws. */
  async queryMissing(paths: Iterable<StorePath>, signal?: AbortSignal): Promise<Missing> {
    const offers = new Map<StorePath, Offer>()
    const absent: StorePath[] = []
    const seen = new Set<StorePath>()
    for (let next = sortPaths(paths); next.length > 0; ) {
      throwIfCancelled(signal)
      for (const path of next) seen.add(path)
      const here = await this.#store.queryMany(next)
      const wanted = next.filter((_, i) => here[i] === null)
      const found = await Promise.all(wanted.map((path) => this.query(path, signal)))
      const references = new Set<StorePath>()
      for (const [i, path] of wanted.entries()) {
        const offer = found[i]
        if (offer == null) absent.push(path)
        else {
          offers.set(path, offer)
          for (const reference of offer.info.references) if (!seen.has(reference)) references.add(reference)
        }
      }
      next = [...references]
    }
    const infos = dependenciesFirst([...offers.values()].map(({ info }) => info))
    return {
      offers: infos.map(({ path }) => offers.get(path) as Offer), // they come from there
      absent,
      downloadSize: infos.reduce((sum, { fileSize }) => sum + fileSize, 0),
      narSize: infos.reduce((sum, { narSize }) => sum + narSize, 0),
    }
  }

  /**
   * Brings the paths and all they refer to into the store; gives what is known of the paths. Throws `absent` if something is in no cache,
   * what Store.addNar throws if no cache has a good archive, `unreachable`, `cancelled`. What came before stays.
   */
  async substitute(paths: Iterable<StorePath>, options: SubstituteOptions = {}): Promise<StoredPath[]> {
    const roots = sortPaths(paths)
    // Stops the others when one fails.
    const stop = new AbortController()
    const forward = (): void => stop.abort(options.signal?.reason)
    if (options.signal?.aborted === true) forward()
    options.signal?.addEventListener("abort", forward)
    try {
      return await this.#store.importing(async (store) => {
        const missing = await this.queryMissing(roots, stop.signal)
        if (missing.absent[0] !== undefined)
          throw new StoreError("absent", `path '${store.print(missing.absent[0])}' is in no binary cache that can be read`)
        await this.#get(store, missing, stop, options.progress)
        return await Promise.all(roots.map((path) => store.require(path)))
      })
    } finally {
      options.signal?.removeEventListener("abort", forward)
    }
  }

  async #get(
    store: Store,
    { offers, downloadSize }: Missing,
    stop: AbortController,
    progress: ((progress: SubstituteProgress) => void) | undefined,
  ): Promise<void> {
    const active = new Set<StorePath>()
    let done = 0
    let bytes = 0
    const tell = (): void =>
      progress?.({ paths: { done, all: offers.length }, bytes: { done: bytes, all: downloadSize }, active: [...active] })
    const offered = new Set(offers.map(({ info }) => info.path))
    /** The jobs themselves: whoever shares one must not be disturbed when this caller gives up. */
    const jobs = new Map<StorePath, Promise<StoredPath>>()
    const promises: Promise<StoredPath>[] = []
    for (const { info } of offers) {
      const { path } = info
      // Those that are offered come before; what comes after would be a circle, which no hash can be in.
      const before = info.references.filter((reference) => reference !== path && offered.has(reference))
      if (before.some((reference) => !jobs.has(reference)))
        throw new StoreError("damaged", `'${store.print(path)}' refers to itself through others, as its binary cache says`)
      const ready = (): Promise<unknown> => Promise.all(before.map((reference) => jobs.get(reference)))
      const watch: Watch = {
        begin: () => {
          active.add(path)
          tell()
        },
        received: (count) => {
          bytes += count
          tell()
        },
        end: () => {
          active.delete(path)
        },
      }
      const job = this.#jobs.get(path) ?? this.#begin(store, path, ready, watch)
      jobs.set(path, job.done)
      const got = this.#join(path, job, stop.signal).then((stored) => {
        done++
        tell()
        return stored
      })
      got.catch((error) => stop.abort(error))
      promises.push(got)
    }
    const results = await Promise.allSettled(promises)
    const faults = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []))
    if (faults.length === 0) return
    // The others were stopped because of it.
    throw faults.find((fault) => !(fault instanceof StoreError && fault.code === "cancelled")) ?? faults[0]
  }

  /** Waits for a job, as long as the signal lets it. */
  #join(path: StorePath, job: Job, signal: AbortSignal): Promise<StoredPath> {
    job.users++
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener("abort", cancel)
        job.users--
        if (job.users > 0) return
        job.stop.abort(signal.reason)
        if (this.#jobs.get(path) === job) this.#jobs.delete(path)
      }
      const cancel = (): void => {
        leave()
        reject(new StoreError("cancelled", "it was stopped", { cause: signal.reason }))
      }
      signal.addEventListener("abort", cancel)
      job.done.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel))
      if (signal.aborted) cancel()
    })
  }

  #begin(store: Store, path: StorePath, ready: () => Promise<unknown>, watch: Watch): Job {
    const stop = new AbortController()
    const done = this.#download(store, path, ready, watch, stop.signal).finally(() => {
      if (this.#jobs.get(path)?.stop === stop) this.#jobs.delete(path)
    })
    done.catch(() => {})
    const job: Job = { stop, users: 0, done }
    this.#jobs.set(path, job)
    return job
  }

  /** Gets one object from the first cache whose archive is good. */
  async #download(store: Store, path: StorePath, ready: () => Promise<unknown>, watch: Watch, signal: AbortSignal): Promise<StoredPath> {
    let fault: unknown
    for await (const { cache, info } of this.#offers((one) => one.query(path, signal), signal)) {
      let release: () => void = () => {}
      try {
        release = await this.#downloads.enter()
        throwIfCancelled(signal)
        watch.begin()
        const known = await reuse(store, info, signal)
        if (known !== null) {
          release()
          await ready()
          await store.register([known])
          return known
        }
        return await store.addNar(info, cache.nar(info, { signal, received: watch.received }), {
          signal,
          ready: () => {
            release()
            watch.end()
            return ready()
          },
        })
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === "cancelled" || signal.aborted) throw error
        if (error.code === "quota" || error.code === "denied" || error.code === "read-only") throw error
        cache.forget(path)
        fault ??= error
      } finally {
        release()
        watch.end()
      }
    }
    throw fault ?? new StoreError("absent", `path '${store.print(path)}' is in no binary cache that can be read`)
  }
}

/** What a caller is told of a job that it began. */
interface Watch {
  readonly begin: () => void
  readonly received: (bytes: number) => void
  readonly end: () => void
}

/** The object, if the narinfo's URL names its tree, and that is here already with the right archive; else null. */
async function reuse(store: Store, info: NarInfo, signal: AbortSignal): Promise<StoredPath | null> {
  let node: Node | null
  try {
    node = parseNarHint(info.url)
    if (node === null || node.kind === "symlink") return null
    const stores = store.stores
    if (node.kind === "directory" && (await stores.directories.get(node.digest)) === null) return null
    if (node.kind === "file" && (await stores.blobs.missing([node.digest])).size > 0) return null
    const { size, sha256 } = await hashNar(stores, node, { signal })
    if (size !== info.narSize || sha256.some((byte, i) => byte !== info.narHash.bytes[i])) return null
  } catch (error) {
    // Not all of it is here, or not what it should be: then the archive is read.
    if (error instanceof StoreError && ["absent", "damaged", "invalid"].includes(error.code)) return null
    throw error
  }
  const { path, storeDir, narHash, narSize, references, deriver, signatures, ca } = info
  const known = { path, storeDir, narHash, narSize, references, deriver, signatures, ca }
  const stored = { ...known, node, registrationTime: store.now, ultimate: false }
  await checkContent(store, stored, signal)
  return stored
}
