// The worker's side of the store's calls: everything crosses as plain data, faults too.

import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { descend, directoryOfNode, openFile } from "../castore/walk.ts"
import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import { derivationToJson } from "../formats/derivation/json.ts"
import { FormatError } from "../formats/error.ts"
import { printHash } from "../formats/hash/hash.ts"
import { printJson } from "../formats/json/write.ts"
import { printSignature } from "../formats/narinfo/signature.ts"
import { printContentAddress } from "../formats/store-path/content-address.ts"
import {
  drvNameOfPath,
  namePart,
  parseStorePath,
  printStorePath,
  type StorePath,
  splitStorePath,
} from "../formats/store-path/store-path.ts"
import type { HotStore } from "../store/hot-store.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { readFiles, seldom } from "./import-files.ts"
import type {
  CacheReport,
  CacheSettings,
  CollectedView,
  EntryView,
  FaultView,
  ImportProgress,
  ImportSource,
  NetworkOptions,
  ObjectPage,
  ObjectView,
  RepairedView,
  StoreAnswer,
  StoreApi,
  StoreFile,
  StoreNotice,
  StoreProblem,
  StoreReport,
} from "./protocol.ts"
import type { StoreUpkeep } from "./store-upkeep.ts"
import type { TabNetwork } from "./tab-network.ts"
import type { TabStore } from "./tab-store.ts"
import { fromBytes, toBytes } from "./text.ts"

/** Opens the store; what it has to say goes to `notify`. `composition` is fulfilled when the page has said of what it is made, or null. */
export type OpenStore = (notify: (notice: StoreNotice) => void, composition: Promise<unknown>) => Promise<TabStore>

/** Bytes of a file that cross at once. */
const MOST = 16 * 2 ** 20

export class StoreDesk implements StoreApi {
  readonly #open: OpenStore
  #tab: Promise<TabStore> | null = null
  #network: Promise<TabNetwork> | null = null
  #upkeeping: Promise<StoreUpkeep> | null = null
  #notify: ((notice: StoreNotice) => void) | null = null
  /** What was to be said before anybody listened. */
  #unsaid: StoreNotice[] = []
  readonly #stops = new Map<number, AbortController>()
  #composed: (composition: unknown) => void = () => {}
  readonly #composition = new Promise<unknown>((resolve) => {
    this.#composed = resolve
  })

  constructor(open: OpenStore) {
    this.#open = open
  }

  /** The store, opened at the first call. */
  tab(): Promise<TabStore> {
    this.#tab ??= this.#open((notice) => {
      if (this.#notify === null) this.#unsaid.push(notice)
      else this.#notify(notice)
    }, this.#composition)
    return this.#tab
  }

  /** The network, loaded at the first call. */
  network(): Promise<TabNetwork> {
    this.#network ??= this.#loadNetwork()
    return this.#network
  }

  async #loadNetwork(): Promise<TabNetwork> {
    const [{ TabNetwork }, tab] = await Promise.all([import("./tab-network.ts"), this.tab()])
    return new TabNetwork(tab, (notice) => this.#notify?.(notice))
  }

  async listen(notify: (notice: StoreNotice) => void): Promise<void> {
    this.#notify = notify
    for (const notice of this.#unsaid.splice(0)) notify(notice)
  }

  async compose(composition: unknown): Promise<void> {
    this.#composed(composition)
  }

  checkComposition(composition: unknown): Promise<StoreAnswer<null>> {
    return this.#answer(async ({ own }) => {
      const { composeStores } = await import("./tab-composition.ts")
      await composeStores(composition, own.stores, () => {})
      return null
    })
  }

  testCache(cache: CacheSettings): Promise<StoreAnswer<CacheReport>> {
    return this.#answer(async () => (await this.network()).testCache(cache))
  }

  report(): Promise<StoreAnswer<StoreReport>> {
    return this.#answer(async ({ storage, hot }) => {
      const paths = new Set(hot.queue.paths())
      for await (const infos of hot.stores.infos.list()) for (const { path } of infos) paths.add(path)
      const { used, available, persisted } = await storage.estimate()
      return {
        place: storage.isDurable ? "browser" : "memory",
        notice: storage.notice,
        objects: paths.size,
        waiting: hot.queue.bytes,
        problem: hot.queue.fault === null ? null : problemOf(hot.queue.fault),
        used: used ?? null,
        available: available ?? null,
        persisted,
      }
    })
  }

  flush(): Promise<StoreAnswer<null>> {
    return this.#answer(async ({ hot }) => {
      await hot.queue.flush()
      return null
    })
  }

  importTree(id: number, name: string, source: ImportSource, progress: (done: ImportProgress) => void): Promise<StoreAnswer<string>> {
    return this.#import(id, progress, async ({ store, hot }, options) => {
      const named = { ...options, name: toBytes(name) }
      if (source.kind !== "files") {
        const { importSource } = await import("./import-source.ts")
        return made(hot, await importSource(store, source, named))
      }
      const path = await store.importing(async (importing) => {
        const node = await readFiles(source.files, importing.stores, options)
        return importing.addTree(node, named.name, options)
      })
      return made(hot, path)
    })
  }

  importDerivations(
    id: number,
    files: readonly StoreFile[],
    progress: (done: ImportProgress) => void,
  ): Promise<StoreAnswer<readonly string[]>> {
    return this.#import(id, progress, async ({ store, hot }, options) => {
      const { importDerivations } = await import("./import-source.ts")
      const paths = await importDerivations(store, files, options)
      return Promise.all(paths.map((path) => made(hot, path)))
    })
  }

  verify(id: number, progress: (objects: number) => void): Promise<StoreAnswer<readonly FaultView[]>> {
    return this.#work(id, async (_, signal) => (await this.#upkeep()).verify({ signal, progress: seldom(progress) }))
  }

  repair(id: number, network: NetworkOptions): Promise<StoreAnswer<RepairedView>> {
    return this.#work(id, async (_, signal) => {
      const substituter = (network.caches ?? []).length === 0 ? undefined : (await this.network()).substituter(network)
      return (await this.#upkeep()).repair(substituter, { signal, progress: () => {} })
    })
  }

  giveUp(): Promise<StoreAnswer<readonly string[]>> {
    return this.#answer(async () => (await this.#upkeep()).giveUp())
  }

  collect(id: number, budget: number, dryRun: boolean): Promise<StoreAnswer<CollectedView>> {
    return this.#work(id, async (_, signal) => {
      const keep = await this.inUse()
      return (await this.#upkeep()).collect({ budget, dryRun, keep }, { signal, progress: () => {} })
    })
  }

  roots(): Promise<StoreAnswer<Readonly<Record<string, readonly string[]>>>> {
    return this.#answer(async () => (await this.#upkeep()).roots())
  }

  keep(name: string, paths: readonly string[]): Promise<StoreAnswer<null>> {
    return this.#answer(async () => {
      await (await this.#upkeep()).keep(name, paths)
      return null
    })
  }

  /** Store paths that are needed whatever the roots say. */
  protected async inUse(): Promise<readonly StorePath[]> {
    return []
  }

  /** What looks after the store, loaded at the first call. */
  #upkeep(): Promise<StoreUpkeep> {
    this.#upkeeping ??= (async () => {
      const [{ StoreUpkeep }, tab] = await Promise.all([import("./store-upkeep.ts"), this.tab()])
      return new StoreUpkeep(tab)
    })()
    return this.#upkeeping
  }

  /** Runs an import that can be cancelled. */
  #import<T>(
    id: number,
    progress: (done: ImportProgress) => void,
    work: (tab: TabStore, options: { readonly signal: AbortSignal; readonly progress: (done: ImportProgress) => void }) => Promise<T>,
  ): Promise<StoreAnswer<T>> {
    return this.#work(id, async (tab, signal) => {
      const done = await work(tab, { signal, progress: seldom(progress) })
      await tab.storage.importCommitted()
      return done
    })
  }

  /** Runs a piece of work that can be cancelled. */
  #work<T>(id: number, work: (tab: TabStore, signal: AbortSignal) => Promise<T>): Promise<StoreAnswer<T>> {
    const controller = new AbortController()
    this.#stops.set(id, controller)
    return this.#answer(async (tab) => {
      try {
        return await work(tab, controller.signal)
      } finally {
        this.#stops.delete(id)
      }
    })
  }

  async cancel(id: number): Promise<void> {
    this.#stops.get(id)?.abort()
  }

  objects(from: number, count: number): Promise<StoreAnswer<ObjectPage>> {
    return this.#answer(async ({ store, hot }) => {
      const paths = new Set<StorePath>(hot.queue.paths())
      for await (const batch of store.paths()) for (const path of batch) paths.add(path)
      const names = (a: StorePath, b: StorePath): number => compare(namePart(a), namePart(b)) || compare(a, b)
      const page = [...paths].sort(names).slice(from, from + count)
      const next = from + page.length
      return { paths: page.map((path) => store.print(path)), total: paths.size, next: next < paths.size ? next : null }
    })
  }

  object(storePath: string): Promise<StoreAnswer<ObjectView | null>> {
    return this.#answer(async (tab) => {
      const info = await infoOf(tab, tab.store.parse(toBytes(storePath)))
      return info === null ? null : viewOf(info)
    })
  }

  entries(path: string): Promise<StoreAnswer<readonly EntryView[]>> {
    return this.#answer(async (tab) => {
      const node = await nodeAt(tab, toBytes(path))
      if (node.kind !== "directory") throw new StoreError("invalid", `'${path}' is not a directory`)
      const directory = await directoryOfNode(tab.store.stores.directories, node.digest)
      return [...directory].map(([name, child]) => entryOf(fromBytes(name), child))
    })
  }

  read(path: string, from: number, to: number): Promise<StoreAnswer<Uint8Array>> {
    return this.#answer(async (tab) => {
      const node = await nodeAt(tab, toBytes(path))
      if (node.kind !== "file") throw new StoreError("invalid", `'${path}' is not a file`)
      const reader = await openFile(tab.store.stores.blobs, node, toBytes(path))
      return reader.read(from, Math.min(to, from + MOST, node.size))
    })
  }

  derivation(drvPath: string): Promise<StoreAnswer<string>> {
    return this.#answer(async ({ store, hot }) => {
      const path = parseStorePath(toBytes(drvPath), store.storeDir)
      const text = hot.queue.text(path)?.contents ?? (await store.readText(path))
      return fromBytes(printJson(derivationToJson(parseAterm(text, drvNameOfPath(path), store.storeDir))))
    })
  }

  /** Runs a call on the store; its faults become data. */
  async #answer<T>(work: (tab: TabStore) => Promise<T>): Promise<StoreAnswer<T>> {
    try {
      return { value: await work(await this.tab()) }
    } catch (e) {
      if (e instanceof StoreError) return { problem: problemOf(e) }
      if (e instanceof FormatError) return { problem: { code: "invalid", message: fromBytes(e.message) } }
      throw e
    }
  }
}

/** The full path of an object that has just been made: runs that did not find it before do now. */
async function made(hot: HotStore, path: StorePath): Promise<string> {
  await hot.readInfos([path])
  return fromBytes(printStorePath(path, hot.storeDir))
}

function problemOf(e: StoreError): StoreProblem {
  return { code: e.code, message: fromBytes(e.message) }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What is known of a path, which may be waiting to be written. */
async function infoOf({ store, hot }: TabStore, path: StorePath): Promise<StoredPath | null> {
  if (hot.queue.text(path) !== undefined) await hot.queue.flush()
  return hot.info(path) ?? store.query(path)
}

/** The node at a path in the store, no symlink followed. Throws StoreError `absent`. */
async function nodeAt(tab: TabStore, path: string): Promise<Node> {
  const { store } = tab
  const { path: object, rest } = splitStorePath(path, store.storeDir)
  // What waits may be part of what is looked at.
  await tab.hot.queue.flush()
  const { node } = await store.require(object)
  const found = await descend(store.stores.directories, node, rest === "" ? [] : rest.slice(1).split("/"))
  if (found === null) throw new StoreError("absent", `path '${path}' does not exist`)
  return found
}

function viewOf(info: StoredPath): ObjectView {
  const full = (path: StorePath): string => fromBytes(printStorePath(path, info.storeDir))
  return {
    path: full(info.path),
    kind: info.node.kind,
    narHash: printHash(info.narHash, "sri"),
    narSize: info.narSize,
    references: info.references.map(full),
    deriver: info.deriver === undefined ? null : full(info.deriver),
    contentAddress: info.ca === undefined ? null : printContentAddress(info.ca),
    signatures: info.signatures.map(printSignature),
    registered: info.registrationTime,
  }
}

function entryOf(name: string, node: Node): EntryView {
  return {
    name,
    kind: node.kind,
    size: node.kind === "symlink" ? node.target.length : node.size,
    executable: node.kind === "file" && node.executable,
    target: node.kind === "symlink" ? fromBytes(node.target) : null,
  }
}
