// The page's side: one engine is one worker at a time. `stop` ends the worker at once and starts another. Runs are kept here as data
// (the request), and places in them are data too, so the next question about an old run opens it again in the new worker, which evaluates
// the way to what was asked for, and nothing else.

import { proxy, type Remote, wrap } from "comlink"
import type { BuildNews } from "../build/build-news.ts"
import { askToPersist, type PersistenceManager } from "../castore/storage-persistence.ts"
import { buildsOver, type EngineBuilds } from "./build-client.ts"
import type { BuildApi } from "./build-protocol.ts"
import { bundlesOver, type EngineBundles } from "./bundle-client.ts"
import type { BundleApi } from "./bundle-protocol.ts"
import type { DerivationApi } from "./derivation-protocol.ts"
import type {
  CacheReport,
  CacheSettings,
  CollectedView,
  EntryView,
  Evaluated,
  EvaluateRequest,
  FaultView,
  FetchingView,
  ImportFile,
  ImportProgress,
  ImportSource,
  NetworkOptions,
  ObjectPage,
  ObjectView,
  Page,
  Printed,
  PrintForm,
  Ref,
  RepairedView,
  RunTrace,
  StoreAnswer,
  StoreFile,
  StoreNotice,
  StoreReport,
  SyntaxForm,
  SyntaxTree,
  WorkerApi,
  WorkOptions,
} from "./protocol.ts"
import { type EngineRepl, replOver } from "./repl-client.ts"
import type { ReplApi } from "./repl-protocol.ts"
import workerUrl from "./worker.ts?worker&url"

export type { BuildNews, BuildStage, FaultRow, PlanRow } from "../build/build-news.ts"
export type { ExecutorInfo, ListedBuild } from "../build/endpoint.ts"
export type { EndpointSettings } from "../build/endpoint-transport.ts"
export type { EngineBuilds } from "./build-client.ts"
export type { BuildPlanView, BuildReport, BuildSettings, BuildWanted, BuildWishes, EndpointReport } from "./build-protocol.ts"
export type { EngineBundles } from "./bundle-client.ts"
export type { BundleProgress } from "./bundle-protocol.ts"
export type {
  CacheReport,
  CacheSettings,
  Child,
  EntryView,
  Evaluated,
  EvaluateRequest,
  FetchingView,
  ForcedView,
  ImportFile,
  ImportProgress,
  ImportSource,
  ObjectPage,
  ObjectView,
  Page,
  PlaceView,
  Printed,
  PrintForm,
  ProblemView,
  Ref,
  RunTrace,
  StoreFile,
  StoreReport,
  SyntaxForm,
  SyntaxRow,
  SyntaxTree,
  TraceRow,
  ValueView,
  WorkOptions,
} from "./protocol.ts"
export type { EngineRepl, ReplSurroundings } from "./repl-client.ts"

/** The rejection of calls that were under way when the engine was stopped, or whose worker died. */
export class EngineStopped extends Error {
  override readonly name = "EngineStopped"
}

/** What the store could not do; `code` tells why ("absent", "damaged", "quota", "denied", "cancelled", …). */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure"
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The store that evaluation reads and writes: the browser's, shared by all tabs. Its methods reject with StoreFailure. */
export interface EngineStore {
  /** Rejects with what is wrong with a composition (`createEngine`'s); asks no server. */
  checkComposition(composition: unknown): Promise<void>
  /** Asks a binary cache what it is. */
  testCache(cache: CacheSettings): Promise<CacheReport>
  report(): Promise<StoreReport>
  /** Writes what evaluation has put into the store, and waits until it is there. */
  flush(): Promise<void>
  /** Makes a store object of files and gives its store path; nothing is visible before it is complete. */
  importFiles(name: string, files: readonly ImportFile[], options?: ImportOptions): Promise<string>
  /** The same of a folder or an archive of the user's. */
  importTree(name: string, source: ImportSource, options?: ImportOptions): Promise<string>
  /** Adds derivations and the sources they refer to, each checked against its name; gives the paths of the derivations. */
  importDerivations(files: readonly StoreFile[], options?: ImportOptions): Promise<readonly string[]>
  /** Store paths, `count` at a time (100 by default). */
  objects(from: number, count?: number): Promise<ObjectPage>
  /** What is known of a store path; null if it is not there. */
  object(storePath: string): Promise<ObjectView | null>
  /** What is in a directory at a path in the store. */
  entries(path: string): Promise<readonly EntryView[]>
  /** Bytes of a file at a path in the store: all (but not more than 16 MiB), or those from `from` to before `to`. */
  read(path: string, from?: number, to?: number): Promise<Uint8Array>
  /** A derivation in JSON. */
  derivation(drvPath: string): Promise<string>
  /** Checks everything that the store has; gives what is wrong. */
  verify(options?: WorkOptions<number>): Promise<readonly FaultView[]>
  /** Mends what the last `verify` found, from binary caches. */
  repair(network: NetworkOptions, options?: WorkOptions<never>): Promise<RepairedView>
  /** Removes what was found and could not be mended, with all that refers to it; gives the paths. */
  giveUp(): Promise<readonly string[]>
  /** Removes what neither a root nor an open run keeps, until `budget` bytes (0 by default) are left. */
  collect(options?: WorkOptions<never> & { readonly budget?: number }): Promise<CollectedView>
  /** What `collect` would remove. */
  collectable(budget?: number): Promise<CollectedView>
  /** Store paths by the name of the root that keeps them. */
  roots(): Promise<Readonly<Record<string, readonly string[]>>>
  /** Makes or replaces a root; without paths it is removed. */
  keep(name: string, paths: readonly string[]): Promise<void>
}

export type ImportOptions = WorkOptions<ImportProgress>

/** An evaluator in a worker of its own. Runs outlive the worker: what one has shown can be asked again after `stop`. */
export interface Engine {
  readonly store: EngineStore
  /** Opens a repl over the files of a request; its inputs outlive the worker. */
  openRepl(request: EvaluateRequest): EngineRepl
  /** Builds at endpoints; they go on when evaluation is stopped. */
  readonly builds: EngineBuilds
  /** Workspaces as trees that a digest names. */
  readonly bundles: EngineBundles
  /** Derivations, explanations of their paths, closures, comparisons. */
  readonly derivations: DerivationApi
  /** Evaluates to weak head normal form; what the program does wrong is in the view. A new run, kept until released. */
  evaluate(request: EvaluateRequest): Promise<Evaluated>
  /** Forces a cell that a view has shown. */
  force(run: number, ref: Ref): Promise<Evaluated>
  /** Looks at children of a list or set that was evaluated, `count` at a time (100 by default), with `filter` those whose names have it. Forces none. */
  children(run: number, ref: Ref, from: number, count?: number, filter?: string): Promise<Page>
  /** Prints a cell, forcing it deeply. */
  print(run: number, ref: Ref, form: PrintForm): Promise<Printed>
  /** The syntax tree of a request as `nix-instantiate --parse` prints it; evaluates nothing. */
  parse(request: EvaluateRequest): Promise<Printed>
  /** The syntax tree of a run in lines, as parsed or with its variables resolved; evaluates nothing. */
  syntax(run: number, form: SyntaxForm): Promise<SyntaxTree>
  /** What was observed of a run whose request said `observe`. */
  trace(run: number): Promise<RunTrace>
  /** Lets the worker forget what a run holds; what has been shown of it can still be asked again, as after `stop`. */
  park(run: number): Promise<void>
  /** Forgets a run. */
  release(run: number): Promise<void>
  /** Ends whatever runs, at once. Calls under way are rejected with EngineStopped; the engine can be used on. */
  stop(): void
  /** Ends all that runs, builds too; the store is opened anew, composed as it is to be now. */
  reopen(): void
  /** Ends the engine for good. */
  close(): void
}

export interface CreateOptions {
  /** Live bytes, by the engine's own count, that all runs together may hold; by default 60 % of what the browser gives a heap. */
  readonly maxLiveBytes?: number
  /** Of what the store is made, asked whenever a worker starts: stores by name in a configuration; null for the browser's storage alone. */
  readonly composition?: () => unknown
  /** Gets sentences for people about the store: that nothing is kept, that another tab has to be closed. */
  readonly onNotice?: (message: string) => void
  /** Gets how far transfers are, several times a second. */
  readonly onFetching?: (transfer: FetchingView) => void
  /** Gets news of builds, of those that evaluation waits for too. */
  readonly onBuildNews?: (news: BuildNews) => void
}

/** One worker, as long as it lasts. */
export interface Connection {
  readonly api: Remote<WorkerApi>
  readonly ready: Promise<void>
  /** Runs that this worker knows. */
  readonly opened: Set<number>
  /** Rejects when the connection ends. */
  readonly ended: Promise<never>
  end(reason: string): void
  /** True once it has ended. */
  over(): boolean
}

/** Of what the browser gives a heap, so much may be alive by our own count, which can be half as much again off. */
const LIVE_SHARE = 0.6

/** A heap of V8 on a machine with less than 16 GB; taken for browsers that do not tell. */
const USUAL_HEAP = 2 ** 31

/** Starts a worker. Throws where the browser refuses. */
export function startWorker(name: string): Worker {
  // Trusted Types forbid a bare URL; this policy lets exactly our worker through.
  const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("thunkpad", {
    createScriptURL(url: string) {
      if (url !== workerUrl) throw new TypeError("not our worker")
      return url
    },
  })
  const url = trusted ? trusted.createScriptURL(workerUrl) : workerUrl
  return new Worker(url as string, { type: "module", name })
}

/** Fulfilled when a worker has read its script: messages before that would be lost. */
export function whenReady(worker: Worker): Promise<void> {
  return new Promise<void>((resolve) => {
    const listen = (event: MessageEvent): void => {
      if (event.data !== "ready") return
      worker.removeEventListener("message", listen)
      resolve()
    }
    worker.addEventListener("message", listen)
  })
}

function connect(options: CreateOptions): Connection {
  const worker = startWorker("thunkpad")
  let over = false
  let fail: (e: Error) => void = () => {}
  const ended = new Promise<never>((_, reject) => {
    fail = (e) => {
      over = true
      worker.terminate()
      reject(e)
    }
  })
  ended.catch(() => options.onBuildNews?.({ kind: "left" }))
  const ready = whenReady(worker)
  worker.addEventListener("error", (event) => fail(new EngineStopped(`the engine's worker failed: ${event.message}`)))
  const api = wrap<WorkerApi>(worker)
  const heap = (performance as { memory?: { jsHeapSizeLimit: number } }).memory?.jsHeapSizeLimit ?? USUAL_HEAP
  const listen = proxy((notice: StoreNotice) => {
    if (notice.kind === "notice") options.onNotice?.(notice.message)
    else if (notice.kind === "fetching") options.onFetching?.(notice)
    // A page has it, whatever the types of a worker say.
    else void askToPersist(navigator.storage as PersistenceManager)
  })
  ready
    .then(() => {
      // Not awaited one after the other: messages arrive in their order.
      void api.limit(options.maxLiveBytes ?? heap * LIVE_SHARE)
      void api.compose(options.composition?.() ?? null)
      if (options.onBuildNews !== undefined) void buildsOf(api).listen(proxy(options.onBuildNews))
      return api.listen(listen)
    })
    .catch(() => {})
  return {
    api,
    ready,
    opened: new Set(),
    ended,
    end: (reason) => fail(new EngineStopped(reason)),
    over: () => over,
  }
}

function given<T>(answer: StoreAnswer<T>): T {
  if ("problem" in answer) throw new StoreFailure(answer.problem.code, answer.problem.message)
  return answer.value
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown }
}

/** Starts an engine; the worker loads in the background. */
export function createEngine(options: CreateOptions = {}): Engine {
  return engineOver(() => connect(options))
}

/** comlink reaches into the objects of a remote one, its types do not. */
function buildsOf(api: Remote<WorkerApi>): BuildApi {
  return api.builds as unknown as BuildApi
}

/** An engine over workers of any kind; `connect` starts one. */
export function engineOver(connect: () => Connection): Engine {
  const requests = new Map<number, EvaluateRequest>()
  let last = 0
  let connection = connect()
  let closed = false

  const ask = async <T>(runs: number | readonly number[] | null, work: (api: Remote<WorkerApi>) => Promise<T>): Promise<T> => {
    if (closed) throw new EngineStopped("the engine was closed")
    if (connection.over()) connection = connect()
    const { api, ready, ended, opened } = connection
    await Promise.race([ready, ended])
    for (const run of runs === null ? [] : [runs].flat()) {
      if (opened.has(run)) continue
      const request = requests.get(run)
      if (request === undefined) throw new RangeError(`no such run: ${run}`)
      opened.add(run)
      // Not awaited: messages arrive in their order.
      api.open(run, request).catch(() => {})
    }
    return Promise.race([work(api), ended])
  }
  const open = (request: EvaluateRequest): number => {
    requests.set(++last, request)
    return last
  }
  const park = async (run: number): Promise<void> => {
    if (connection.opened.delete(run)) await ask(null, (api) => api.release(run))
  }
  const release = (run: number): Promise<void> => {
    requests.delete(run)
    return park(run)
  }
  let lastWork = 0
  const askStore = async <T>(work: (api: Remote<WorkerApi>) => Promise<unknown>): Promise<T> => {
    return given((await ask(null, work)) as StoreAnswer<T>) // as the protocol has it
  }
  const runWork = <T, Progress>(
    { signal, progress = () => {} }: WorkOptions<Progress> = {},
    work: (api: Remote<WorkerApi>, id: number, progress: (done: Progress) => void) => Promise<unknown>,
  ): Promise<T> => {
    const id = ++lastWork
    let isOver = false
    // What a stopped worker has said arrives later.
    const tell = (done: Progress): void => {
      if (!isOver) progress(done)
    }
    const answer = askStore<T>(async (api) => {
      const cancel = (): void => {
        api.cancel(id).catch(() => {})
      }
      signal?.addEventListener("abort", cancel, { once: true })
      try {
        const done = work(api, id, proxy(tell))
        if (signal?.aborted === true) cancel()
        return await done
      } finally {
        signal?.removeEventListener("abort", cancel)
      }
    })
    return answer.finally(() => {
      isOver = true
    })
  }
  const store: EngineStore = {
    async checkComposition(composition) {
      await askStore((api) => api.checkComposition(composition))
    },
    testCache: (cache) => askStore((api) => api.testCache(cache)),
    report: () => askStore((api) => api.report()),
    async flush() {
      await askStore((api) => api.flush())
    },
    importFiles: (name, files, options) => store.importTree(name, { kind: "files", files }, options),
    importTree: (name, source, options) => runWork(options, (api, id, progress) => api.importTree(id, name, source, progress)),
    importDerivations: (files, options) => runWork(options, (api, id, progress) => api.importDerivations(id, files, progress)),
    objects: (from, count = 100) => askStore((api) => api.objects(from, count)),
    object: (storePath) => askStore((api) => api.object(storePath)),
    entries: (path) => askStore((api) => api.entries(path)),
    read: (path, from = 0, to = Number.MAX_SAFE_INTEGER) => askStore((api) => api.read(path, from, to)),
    derivation: (drvPath) => askStore((api) => api.derivation(drvPath)),
    verify: (options) => runWork(options, (api, id, progress) => api.verify(id, progress)),
    repair: (network, options) => runWork(options, (api, id) => api.repair(id, network)),
    giveUp: () => askStore((api) => api.giveUp()),
    collect: ({ budget = 0, ...options } = {}) => runWork(options, (api, id) => api.collect(id, budget, false)),
    collectable: (budget = 0) => runWork({}, (api, id) => api.collect(id, budget, true)),
    roots: () => askStore((api) => api.roots()),
    async keep(name, paths) {
      await askStore((api) => api.keep(name, paths))
    },
  }
  // comlink reaches into the objects of a remote one, its types do not.
  const desk = (api: Remote<WorkerApi>): DerivationApi => api.derivations as unknown as DerivationApi
  const derivations: DerivationApi = {
    derivation: (run, at) => ask(run, (api) => desk(api).derivation(run, at)),
    explain: (run, path) => ask(run, (api) => desk(api).explain(run, path)),
    verify: (run, text, name) => ask(run, (api) => desk(api).verify(run, text, name)),
    closure: (run, drvPath, most) => ask(run, (api) => desk(api).closure(run, drvPath, most)),
    graph: (run, drvPath, most) => ask(run, (api) => desk(api).graph(run, drvPath, most)),
    compare: (left, right) => ask([left[0], right[0]], (api) => desk(api).compare(left, right)),
  }
  /** The worker of the builds, started by the first call; a store that is only in a worker's memory is in no other. */
  let site: Connection | null = null
  let place: Promise<StoreReport["place"]> | null = null
  const askBuilds = async <T>(work: (builds: BuildApi) => Promise<T>): Promise<T> => {
    place ??= store.report().then((report) => report.place)
    place.catch(() => {
      place = null
    })
    if ((await place) === "memory") return ask(null, (api) => work(buildsOf(api)))
    if (closed) throw new EngineStopped("the engine was closed")
    if (site === null || site.over()) site = connect()
    const { api, ready, ended } = site
    await Promise.race([ready, ended])
    return Promise.race([work(buildsOf(api)), ended])
  }
  const builds = buildsOver({
    here: (work) => ask(null, (api) => work(buildsOf(api))),
    there: askBuilds,
    // Evaluation's derivations may not be written yet, and another worker cannot see them then.
    prepare: () => store.flush(),
    given,
  })
  const bundles = bundlesOver((work) => ask(null, (api) => work(api.bundles as unknown as BundleApi)), given)
  const replOf = (api: Remote<WorkerApi>): ReplApi => api.repl as unknown as ReplApi
  const openRepl = (request: EvaluateRequest): EngineRepl => {
    const run = open({ ...request, repl: { inputs: [] } })
    return replOver(run, request, {
      ask: (work) => ask(run, (api) => work(replOf(api))),
      keep: (changed) => requests.set(run, changed),
      park: () => park(run),
    })
  }
  // comlink maps a promised union to a union of promises; awaiting it gives the union back.
  return {
    store,
    builds,
    bundles,
    openRepl,
    derivations,
    evaluate: (request) => {
      const run = open(request)
      return ask(run, async (api) => api.force(run, []))
    },
    force: (run, ref) => ask(run, async (api) => api.force(run, ref)),
    children: (run, ref, from, count = 100, filter = "") => ask(run, (api) => api.children(run, ref, from, count, filter)),
    print: (run, ref, form) => ask<Printed>(run, async (api) => api.print(run, ref, form)),
    async parse(request) {
      const run = open(request)
      try {
        return await ask<Printed>(run, async (api) => api.parse(run))
      } finally {
        await release(run)
      }
    },
    syntax: (run, form) => ask<SyntaxTree>(run, async (api) => api.syntax(run, form)),
    trace: (run) => ask(run, (api) => api.trace(run)),
    park,
    release,
    stop() {
      connection.end("the evaluation was stopped")
      if (!closed) connection = connect()
    },
    reopen() {
      site?.end("the store was opened anew")
      connection.end("the store was opened anew")
      place = null
      if (!closed) connection = connect()
    },
    close() {
      closed = true
      site?.end("the engine was closed")
      connection.end("the engine was closed")
    },
  }
}
