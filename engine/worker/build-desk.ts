// The worker's side of the calls about builds: one scheduler for each endpoint, shared by what the page asks for and by evaluation.

import type { BuildFault } from "../build/build-fault.ts"
import type { BuildNews, FaultRow } from "../build/build-news.ts"
import { SiteEndpoint } from "../build/derivation-build.ts"
import { previewDispatch } from "../build/dispatch-preview.ts"
import { Endpoint, type ListedBuild } from "../build/endpoint.ts"
import { type EndpointSettings, endpointTransport } from "../build/endpoint-transport.ts"
import { EvalBuilder } from "../build/eval-builder.ts"
import { followBuild, lastLog } from "../build/known-builds.ts"
import { LastLines } from "../build/last-lines.ts"
import { BuildScheduler } from "../build/scheduler.ts"
import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"
import { parseBaseName, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { Store } from "../store/store.ts"
import type {
  BuildApi,
  BuildPlanView,
  BuildReport,
  BuildSettings,
  BuildWanted,
  BuildWishes,
  EndpointReport,
  TabBuilder,
} from "./build-protocol.ts"
import type { StoreAnswer } from "./protocol.ts"
import type { TabNetwork } from "./tab-network.ts"
import type { TabStore } from "./tab-store.ts"
import { fromBytes, toBytes } from "./text.ts"

/** What the desk asks of the session. */
export interface BuildSurroundings {
  tab(): Promise<TabStore>
  network(): Promise<TabNetwork>
}

interface Site {
  readonly tab: TabStore
  readonly endpoint: Endpoint
  readonly scheduler: BuildScheduler
}

export class BuildDesk implements BuildApi {
  readonly #around: BuildSurroundings
  /** By their settings. */
  readonly #sites = new Map<string, Promise<Site>>()
  readonly #stops = new Map<number, AbortController>()
  #notify: (news: BuildNews) => void = () => {}

  constructor(around: BuildSurroundings) {
    this.#around = around
  }

  async listen(notify: (news: BuildNews) => void): Promise<void> {
    this.#notify = notify
  }

  test(settings: EndpointSettings): Promise<StoreAnswer<EndpointReport>> {
    return answer(async () => {
      const began = performance.now()
      const executors = await endpointOf(settings).describe()
      return { milliseconds: performance.now() - began, executors }
    })
  }

  plan(id: number, wanted: readonly BuildWanted[], settings: BuildSettings): Promise<StoreAnswer<BuildPlanView>> {
    return this.#work(id, async (signal) => {
      const { scheduler, endpoint, tab } = await this.#site(settings)
      const { store } = tab
      const plan = await scheduler.plan(wantedOf(store, wanted), signal)
      const { objects, bytes, missingBytes } = await previewDispatch(store, plan, endpoint, signal)
      return {
        rows: scheduler.rows(plan),
        objects: objects.map(({ path, narSize }) => ({ path: fromBytes(store.print(path)), narSize })),
        bytes,
        missingBytes,
      }
    })
  }

  build(id: number, wanted: readonly BuildWanted[], settings: BuildSettings, wishes: BuildWishes = {}): Promise<StoreAnswer<BuildReport>> {
    return this.#work(id, async (signal) => {
      const { scheduler, tab } = await this.#site(settings)
      const { store, hot } = tab
      const { outputs, failures } = await scheduler.build(wantedOf(store, wanted), {
        signal,
        keepGoing: wishes.keepGoing,
        again: wishes.again?.map((path) => store.parse(toBytes(path))),
      })
      for (const infos of outputs.values()) for (const info of infos.values()) hot.noteInfo(info)
      const full = (path: StorePath): string => fromBytes(store.print(path))
      return {
        outputs: Object.fromEntries(
          [...outputs].map(([drvPath, infos]) => [
            full(drvPath),
            Object.fromEntries([...infos].map(([name, { path }]) => [name, full(path)])),
          ]),
        ),
        failures: Object.fromEntries([...failures].map(([drvPath, fault]) => [full(drvPath), rowOf(fault)])),
      }
    })
  }

  follow(id: number, build: ListedBuild, settings: EndpointSettings): Promise<StoreAnswer<null>> {
    return this.#work(id, async (signal) => {
      const isOver = build.state === "done" || build.state === "failed"
      const drvPath = printStorePath(parseBaseName(build.derivationPath))
      const tail = new LastLines()
      const tell = (news: BuildNews): void => {
        if (news.kind === "log") tail.push(news.bytes)
        if (!isOver || news.kind === "log" || news.kind === "anew") this.#notify(news)
      }
      if (!isOver) tell({ kind: "stage", drvPath, stage: "building", time: build.accepted })
      const { fault } = await followBuild(endpointOf(settings), build, { tell, signal })
      const time = Date.now()
      if (fault !== null) {
        const row = { ...fault, exitCode: fault.exitCode ?? null, lastLines: tail.end() }
        this.#notify({ kind: "failed", drvPath, fault: row, time: isOver ? build.accepted : time })
      } else if (!isOver) tell({ kind: "done", drvPath, outputs: {}, differs: [], time })
      return null
    })
  }

  async stop(id: number): Promise<void> {
    this.#stops.get(id)?.abort()
  }

  async cancel(drvPath: string): Promise<void> {
    for (const site of this.#sites.values()) {
      const { scheduler, tab } = await site
      scheduler.cancel(tab.store.parse(toBytes(drvPath)))
    }
  }

  list(settings: EndpointSettings): Promise<StoreAnswer<readonly ListedBuild[]>> {
    return answer(() => endpointOf(settings).list())
  }

  /** What builds for evaluation. Throws RangeError for settings that cannot be read. */
  async evalBuilder(settings: BuildSettings): Promise<TabBuilder> {
    try {
      const { scheduler, tab, endpoint } = await this.#site(settings)
      const { store } = tab
      const builder = new EvalBuilder(store, scheduler)
      return {
        realise: (outputs) => builder.realise(outputs),
        log: async (drvPath) => {
          const bytes = await lastLog(endpoint, store.parse(toBytes(drvPath)))
          return bytes === null ? null : { bytes, from: settings.endpoint.url }
        },
      }
    } catch (e) {
      throw e instanceof StoreError ? new RangeError(e.message) : e
    }
  }

  #site(settings: BuildSettings): Promise<Site> {
    const key = JSON.stringify([settings.endpoint, settings.network ?? null, settings.jobs ?? null])
    let site = this.#sites.get(key)
    if (site === undefined) {
      site = this.#open(settings)
      site.catch(() => this.#sites.delete(key))
      this.#sites.set(key, site)
    }
    return site
  }

  async #open({ endpoint: settings, network = {}, jobs }: BuildSettings): Promise<Site> {
    const endpoint = endpointOf(settings)
    const tab = await this.#around.tab()
    const hasCaches = (network.caches ?? []).length > 0
    const scheduler = new BuildScheduler({
      store: tab.store,
      endpoint: new SiteEndpoint(endpoint),
      substituter: hasCaches ? (await this.#around.network()).substituter(network) : undefined,
      jobs,
      flush: () => tab.hot.queue.flush(),
      onNews: (news) => this.#notify(news),
    })
    return { tab, endpoint, scheduler }
  }

  async #work<T>(id: number, work: (signal: AbortSignal) => Promise<T>): Promise<StoreAnswer<T>> {
    const stop = new AbortController()
    this.#stops.set(id, stop)
    try {
      return await answer(() => work(stop.signal))
    } finally {
      this.#stops.delete(id)
    }
  }
}

function endpointOf(settings: EndpointSettings): Endpoint {
  return new Endpoint(endpointTransport(settings, (input, init) => fetch(input, init)))
}

function wantedOf(store: Store, wanted: readonly BuildWanted[]) {
  return wanted.map(({ drvPath, outputs }) => ({
    drvPath: store.parse(toBytes(drvPath)),
    outputs: outputs === undefined ? ("all" as const) : outputs.map(toBytes),
  }))
}

function rowOf({ reason, message, exitCode, lastLines }: BuildFault): FaultRow {
  return { reason, message, exitCode: exitCode ?? null, lastLines }
}

/** Runs a call; the faults of store and endpoint become data. */
async function answer<T>(work: () => Promise<T>): Promise<StoreAnswer<T>> {
  try {
    return { value: await work() }
  } catch (e) {
    if (e instanceof StoreError) return { problem: { code: e.code, message: e.message } }
    if (e instanceof FormatError) return { problem: { code: "invalid", message: e.message } }
    throw e
  }
}
