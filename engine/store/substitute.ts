// Getting objects, with all they refer to, from binary caches: all narinfos first, then archives side by side. An object becomes known
// only after what it refers to, so that the store has whole closures at any moment. The same path is never downloaded twice at once.
// C++ Nix: libstore/build/substitution-goal.cc, misc.cc queryMissing

import { StoreError } from "../castore/error.ts"
import { parseNarHint } from "../castore/nar-hint.ts"
import type { Node } from "../castore/node.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import type { NarInfo } from "../formats/narinfo/nar-info.ts"
import { type PathInfo, sortPaths } from "../formats/narinfo/path-info.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { BinaryCache } from "./binary-cache.ts"
import { dependenciesFirst } from "./dependency-order.ts"
import type { StoredPath } from "./path-info-store.ts"
import { Slots } from "./slots.ts"
import type { NarClaim, NarOptions } from "./store.ts"

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

/** Where objects go: the store, or another one that knows less of them. */
export interface SubstituteTarget<Known extends PathInfo> {
  print(path: StorePath): string
  queryMany(paths: readonly StorePath[]): Promise<(Known | null)[]>
  addNar(claim: NarClaim, chunks: AsyncIterable<Uint8Array>, options: NarOptions): Promise<Known>
  /** See Store.adopt; only where trees are known without their archives. */
  adopt?(claim: NarClaim, node: Node, options: NarOptions): Promise<Known | null>
  /** Nothing is removed while `work` runs with the store that it is given. */
  importing<T>(work: (store: SubstituteTarget<Known>) => Promise<T>): Promise<T>
}

export interface SubstituterOptions {
  /** Archives read at once. */
  readonly downloads?: number | undefined
  /** Narinfos asked for at once. */
  readonly queries?: number | undefined
}

/** A download that any number of callers wait for. When none is left it stops. */
interface Job<Known> {
  readonly stop: AbortController
  users: number
  readonly done: Promise<Known>
}

/** How often an archive is begun before its cache is given up. */
const ATTEMPTS = 3

export class Substituter<Known extends PathInfo = StoredPath> {
  readonly #store: SubstituteTarget<Known>
  readonly #caches: readonly BinaryCache[]
  readonly #downloads: Slots
  readonly #queries: Slots
  readonly #jobs = new Map<StorePath, Job<Known>>()

  constructor(store: SubstituteTarget<Known>, caches: readonly BinaryCache[], options: SubstituterOptions = {}) {
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
  async substitute(paths: Iterable<StorePath>, options: SubstituteOptions = {}): Promise<Known[]> {
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
        const infos = await store.queryMany(roots)
        return infos.map((info, i) => {
          if (info === null) throw new StoreError("absent", `path '${store.print(roots[i]!)}' is not valid`)
          return info
        })
      })
    } finally {
      options.signal?.removeEventListener("abort", forward)
    }
  }

  async #get(
    store: SubstituteTarget<Known>,
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
    const jobs = new Map<StorePath, Job<Known>>()
    const promises: Promise<Known>[] = []
    for (const { info } of offers) {
      const { path } = info
      // Those that are offered come before; what comes after would be a circle, which no hash can be in.
      const before = info.references.filter((reference) => reference !== path && offered.has(reference))
      if (before.some((reference) => !jobs.has(reference)))
        throw new StoreError("damaged", `'${store.print(path)}' refers to itself through others, as its binary cache says`)
      const ready = (): Promise<unknown> => Promise.all(before.map((reference) => jobs.get(reference)?.done))
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
      jobs.set(path, job)
      const got = this.#join(path, job, stop.signal).then((stored) => {
        done++
        tell()
        return stored
      })
      got.catch((error) => stop.abort(error))
      promises.push(got)
    }
    const results = await Promise.allSettled(promises)
    // What nobody wants any more ends before the lock is given back: else it might register what has just been removed.
    await Promise.allSettled([...jobs.values()].filter(({ users }) => users === 0).map(({ done }) => done))
    const faults = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []))
    if (faults.length === 0) return
    // The others were stopped because of it.
    throw faults.find((fault) => !(fault instanceof StoreError && fault.code === "cancelled")) ?? faults[0]
  }

  /** Waits for a job, as long as the signal lets it. */
  #join(path: StorePath, job: Job<Known>, signal: AbortSignal): Promise<Known> {
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

  #begin(store: SubstituteTarget<Known>, path: StorePath, ready: () => Promise<unknown>, watch: Watch): Job<Known> {
    const stop = new AbortController()
    const done = this.#download(store, path, ready, watch, stop.signal).finally(() => {
      if (this.#jobs.get(path)?.stop === stop) this.#jobs.delete(path)
    })
    done.catch(() => {})
    const job: Job<Known> = { stop, users: 0, done }
    this.#jobs.set(path, job)
    return job
  }

  /** Gets one object from the first cache whose archive is good. */
  async #download(
    store: SubstituteTarget<Known>,
    path: StorePath,
    ready: () => Promise<unknown>,
    watch: Watch,
    signal: AbortSignal,
  ): Promise<Known> {
    let fault: unknown
    for await (const { cache, info } of this.#offers((one) => one.query(path, signal), signal)) {
      let release: () => void = () => {}
      try {
        release = await this.#downloads.enter()
        throwIfCancelled(signal)
        watch.begin()
        const options = {
          signal,
          ready: () => {
            release()
            watch.end()
            return ready()
          },
        }
        const hint = hintOf(info)
        const adopted = hint === null ? null : ((await store.adopt?.(info, hint, options)) ?? null)
        if (adopted !== null) return adopted
        for (let attempt = 1; ; attempt++) {
          try {
            return await store.addNar(info, cache.nar(info, { signal, received: watch.received }), options)
          } catch (error) {
            // The connection broke off in the middle.
            if (!(error instanceof StoreError && error.code === "unreachable") || attempt === ATTEMPTS) throw error
          }
        }
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

/** The tree that the URL of a narinfo names; null if it names none that can be read. */
function hintOf(info: NarInfo): Node | null {
  try {
    return parseNarHint(info.url)
  } catch (error) {
    if (error instanceof StoreError && error.code === "invalid") return null
    throw error
  }
}
