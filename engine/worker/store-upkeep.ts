// Looking after the store: what is wrong with it, mending, giving up, roots and garbage collection. Loaded when it is needed.

import type { StorePath } from "../formats/store-path/store-path.ts"
import { collectGarbage } from "../store/garbage.ts"
import { giveUp, repair } from "../store/repair.ts"
import { IndexedDbRoots, MemoryRoots, type Roots } from "../store/roots.ts"
import type { Substituter } from "../store/substitute.ts"
import { type Fault, verifyStore } from "../store/verify.ts"
import type { CollectedView, FaultView, RepairedView } from "./protocol.ts"
import type { TabStore } from "./tab-store.ts"
import { fromBytes, toBytes } from "./text.ts"

/** How a piece of work is stopped, and how far it is. */
interface Work {
  readonly signal: AbortSignal
  readonly progress: (done: number) => void
}

export class StoreUpkeep {
  readonly #tab: TabStore
  readonly #roots: Roots
  /** What the last check found and nobody has mended. */
  #faults: readonly Fault[] = []

  constructor(tab: TabStore) {
    this.#tab = tab
    const { database } = tab.storage
    this.#roots = database === null ? new MemoryRoots() : new IndexedDbRoots(database)
  }

  /** Checks everything. Throws StoreError. */
  async verify({ signal, progress }: Work): Promise<readonly FaultView[]> {
    const { own, hot } = this.#tab
    await hot.queue.flush()
    const faults: Fault[] = []
    for await (const fault of verifyStore(own, { signal, progress })) faults.push(fault)
    this.#faults = faults
    return faults.map((fault) => this.#view(fault))
  }

  /** Mends what the last check found, from binary caches. Throws StoreError. */
  async repair(substituter: Substituter | undefined, { signal }: Work): Promise<RepairedView> {
    const { mended, left } = await repair(this.#tab.own, this.#faults, { substituter, signal })
    this.#faults = left.map(({ fault }) => fault)
    this.#tab.hot.clear()
    return { mended: mended.length, left: left.map(({ fault, reason }) => ({ ...this.#view(fault), reason: fromBytes(reason) })) }
  }

  /** Removes what could not be mended, and what refers to it; gives its paths. Throws StoreError. */
  async giveUp(): Promise<readonly string[]> {
    const removed = await giveUp(this.#tab.own, this.#faults)
    this.#faults = []
    this.#tab.removed()
    return this.#print(removed)
  }

  /** Removes what no root keeps. `keep` is live too. Throws StoreError. */
  async collect(options: { budget: number; dryRun: boolean; keep: readonly StorePath[] }, { signal }: Work): Promise<CollectedView> {
    const { own, hot } = this.#tab
    await hot.queue.flush()
    const { removed, keptBytes, freedBytes } = await collectGarbage(own, this.#roots, { ...options, signal })
    if (!options.dryRun) this.#tab.removed()
    return { removed: this.#print(removed), keptBytes, freedBytes }
  }

  /** Store paths by the name of the root that keeps them. Throws StoreError. */
  async roots(): Promise<Readonly<Record<string, readonly string[]>>> {
    return Object.fromEntries([...(await this.#roots.list())].map(([name, { paths }]) => [name, this.#print(paths)]))
  }

  /** Makes, replaces or (without paths) removes a root. Throws StoreError. */
  async keep(name: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return this.#roots.delete(name)
    await this.#roots.set(name, { paths: paths.map((path) => this.#tab.store.parse(toBytes(path))), trees: [] })
  }

  #print(paths: readonly StorePath[]): string[] {
    return paths.map((path) => fromBytes(this.#tab.store.print(path)))
  }

  #view({ hashPart, info, code, message }: Fault): FaultView {
    return { hashPart, path: info === null ? null : fromBytes(this.#tab.store.print(info.path)), code, message: fromBytes(message) }
  }
}
