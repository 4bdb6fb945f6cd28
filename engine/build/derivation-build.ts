// The build of one derivation whose inputs are in the store: resolved if paths were not known before, what it needs brought to the
// endpoint, its events passed on, its outputs fetched and checked.

import { StoreError } from "../castore/error.ts"
import { printAterm } from "../formats/derivation/aterm-writer.ts"
import { type Derivation, derivationType, outputPath } from "../formats/derivation/derivation.ts"
import { derivationPath } from "../formats/derivation/instantiate.ts"
import { derivationOptions, type OutputChecks } from "../formats/derivation/options.ts"
import { tryResolve } from "../formats/derivation/resolve.ts"
import type { SingleDerivedPath } from "../formats/store-path/derived-path.ts"
import { defaultStoreDir, type StorePath } from "../formats/store-path/store-path.ts"
import { bytesOfText } from "../store/byte-text.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { Slots } from "../store/slots.ts"
import type { Store } from "../store/store.ts"
import { BuildFault } from "./build-fault.ts"
import type { BuildNews, BuildStage } from "./build-news.ts"
import { registerOutputs, scratchPath } from "./built-outputs.ts"
import { derivationRequest } from "./derivation-request.ts"
import type { Endpoint, EndpointEvent, EndpointJob, ExecutorInfo, ToldOutput } from "./endpoint.ts"
import { persisting } from "./persistence.ts"

/** An endpoint, and what is known of what it has. */
export class SiteEndpoint {
  readonly endpoint: Endpoint
  /** Objects that are there, and those of them that are known there as store paths. */
  readonly #present = new Set<StorePath>()
  readonly #known = new Set<StorePath>()
  #executors: Promise<readonly ExecutorInfo[] | null> | undefined
  /** One upload after the other: what the first brings, the next finds there. */
  readonly #uploads = new Slots(1)

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  /** Brings objects there. */
  upload(
    store: Store,
    objects: readonly StoredPath[],
    options: { readonly signal: AbortSignal; readonly progress: (done: number, all: number) => void; readonly paths: boolean },
  ): Promise<void> {
    return this.#uploads.use(async () => {
      const there = options.paths ? this.#known : this.#present
      const wanted = objects.filter(({ path }) => !there.has(path))
      if (wanted.length === 0) return
      await this.endpoint.upload(store.stores, wanted, options)
      for (const { path } of wanted) {
        this.#present.add(path)
        if (options.paths) this.#known.add(path)
      }
    })
  }

  /** Whether what builds for a system there needs store paths, not only trees. Throws `unreachable`, `denied`. */
  async wantsPaths(system: string): Promise<boolean> {
    this.#executors ??= this.endpoint.describe()
    try {
      return (await this.#executors)?.some(({ systems, wantsPaths }) => wantsPaths && systems.includes(system)) === true
    } catch (error) {
      this.#executors = undefined
      throw error
    }
  }

  /** Asks again what is there, and who builds. */
  forget(): void {
    this.#present.clear()
    this.#known.clear()
    this.#executors = undefined
  }
}

/** What the build of a derivation works with. */
export interface BuildSite {
  readonly store: Store
  readonly endpoint: SiteEndpoint
  readonly signal: AbortSignal
  readonly stage: (stage: BuildStage) => void
  readonly progress: (done: number, all: number) => void
  readonly news: (news: BuildNews) => void
}

export interface BuildTarget {
  readonly drvPath: StorePath
  readonly drv: Derivation
  /** The outputs that it needs, by `DERIVATION!OUTPUT`. */
  readonly inputs: ReadonlyMap<string, StorePath>
  /** Whether the derivation does not have the path of one of these in it. */
  readonly floating: boolean
  /** Built although it was built before. */
  readonly again: boolean
}

/** Attempts when the endpoint's machinery has given up, or lost inputs. */
const attempts = 2

/** Builds; gives what is known of each output. Throws BuildFault, StoreError. */
export async function buildDerivation(target: BuildTarget, site: BuildSite): Promise<Map<string, StoredPath>> {
  const { store, signal } = site
  if (store.storeDir !== defaultStoreDir)
    throw new StoreError("unsupported", `endpoints build for ${defaultStoreDir} only, not for '${store.storeDir}'`)
  const { drv, drvPath } = resolved(target, store)
  const places = new Map<string, StorePath>()
  let isKnown = true
  for (const [name, output] of drv.outputs) {
    const path = outputPath(output, drv.name, name, store.storeDir)
    if (path === undefined) isKnown = false
    places.set(name, path ?? scratchPath(drvPath, drv.name, name, store.storeDir))
  }
  if (isKnown && drvPath !== target.drvPath && !target.again) {
    const here = await store.queryMany([...places.values()])
    if (here.every((info) => info !== null)) return new Map([...places.keys()].map((name, i) => [name, here[i] as StoredPath]))
  }
  const closure = [...(await store.closure(inputPaths(drv, target.inputs))).values()]
  const job: EndpointJob = {
    request: derivationRequest(drv, closure, places),
    // The endpoint takes derivations whose outputs have their paths.
    derivation: isKnown ? { path: drvPath, text: bytesOfText(printAterm(drv, store.storeDir)) } : undefined,
  }
  const told = await dispatch(target, job, { drv, drvPath, closure }, site)
  site.stage("fetching")
  const built = { drvPath: target.drvPath, drv, places, closure: closure.map(({ path }) => path) }
  return persisting(
    (progressed) =>
      store.importing((importing) =>
        registerOutputs(importing, site.endpoint.endpoint.stores, built, told, { signal, progress: both(site.progress, progressed) }),
      ),
    { signal, onRetry: retryNews(site, target.drvPath), patience: site.endpoint.endpoint.patience },
  )
}

type Progress = BuildSite["progress"]

function both(progress: Progress, progressed: () => void): Progress {
  return (done, all) => {
    // Nothing has come when it begins anew.
    if (done > 0) progressed()
    progress(done, all)
  }
}

/** Tells that the endpoint was not reached. */
function retryNews({ store, news }: BuildSite, drvPath: StorePath) {
  return (reason: string, delay: number): void => news({ kind: "retry", drvPath: store.print(drvPath), reason, delay, time: Date.now() })
}

/** The derivation with what it needs in place of placeholders, where these were not known; others as they are. */
function resolved({ drv, drvPath, inputs, floating }: BuildTarget, store: Store): { drv: Derivation; drvPath: StorePath } {
  const type = derivationType(drv)
  if (type === "impure") throw new StoreError("unsupported", `the derivation '${store.print(drvPath)}' is impure: it cannot be built here`)
  if (!floating && type !== "caFloating" && type !== "deferred") return { drv, drvPath }
  const lookup = (input: SingleDerivedPath, output: string): StorePath | undefined =>
    input.kind === "opaque" ? inputs.get(`${input.path}!${output}`) : undefined
  const found = tryResolve(drv, lookup, { storeDir: store.storeDir })
  if (found === undefined) throw new StoreError("absent", `what '${store.print(drvPath)}' needs is not built`)
  return { drv: found, drvPath: derivationPath(found, printAterm(found, store.storeDir), store.storeDir) }
}

/** What a builder gets, without what that refers to. */
function inputPaths(drv: Derivation, inputs: ReadonlyMap<string, StorePath>): StorePath[] {
  // A resolved derivation has them all among its sources.
  return drv.inputDrvs.size === 0 ? [...drv.inputSrcs] : [...drv.inputSrcs, ...inputs.values()]
}

/** Whether the endpoint has to know what inputs refer to, in order to check the outputs. */
function needsPaths(drv: Derivation): boolean {
  const { outputChecks } = derivationOptions(drv)
  const all: readonly OutputChecks[] = outputChecks.kind === "forAllOutputs" ? [outputChecks.checks] : [...outputChecks.checks.values()]
  return all.some(
    ({ maxClosureSize, allowedRequisites, disallowedRequisites }) =>
      maxClosureSize !== undefined || allowedRequisites !== undefined || disallowedRequisites.length > 0,
  )
}

/** What an endpoint needs for a build. */
interface Sending {
  readonly drv: Derivation
  readonly drvPath: StorePath
  /** What the builder gets. */
  readonly closure: readonly StoredPath[]
}

/** Brings it there: trees, and store paths if they are wanted, then with those that the derivation's own file refers to. */
async function upload({ drv, drvPath, closure }: Sending, { endpoint, store, signal, progress }: BuildSite): Promise<void> {
  const wantsPaths = await endpoint.wantsPaths(drv.system)
  const all = new Map(closure.map((info) => [info.path, info]))
  // One that was resolved is in no store: it has no derivations that it needs.
  if (wantsPaths && (await store.isValid(drvPath))) for (const [path, info] of await store.closure([drvPath])) all.set(path, info)
  await endpoint.upload(store, [...all.values()], { signal, progress, paths: wantsPaths || needsPaths(drv) })
}

/** Sends the job and waits for its end. */
async function dispatch(
  { drvPath, again }: BuildTarget,
  job: EndpointJob,
  sending: Sending,
  site: BuildSite,
): Promise<readonly ToldOutput[]> {
  const { endpoint, signal, progress, store } = site
  const full = store.print(drvPath)
  for (let attempt = 1; ; attempt++) {
    site.stage("uploading")
    await persisting((progressed) => upload(sending, { ...site, progress: both(progress, progressed) }), {
      signal,
      onRetry: retryNews(site, drvPath),
      patience: endpoint.endpoint.patience,
    })
    site.stage("building")
    let end: EndpointEvent | undefined
    let isForgotten = false
    for await (const event of endpoint.endpoint.build(job, { signal, again })) {
      end = event
      if (event.kind === "anew") isForgotten = true
      const news = newsOf(event, full)
      if (news !== undefined) site.news(news)
    }
    if (end?.kind === "done") {
      if (end.took !== undefined) site.news({ kind: "built", drvPath: full, took: end.took })
      return end.outputs
    }
    if (end?.kind !== "failed") throw new StoreError("unreachable", "the endpoint did not tell how the build ended")
    const { reason, message, exitCode } = end
    // Somebody else may have stopped what was built for both; a server that has forgotten the build may have lost its inputs, too.
    const isTheirs =
      reason === "infrastructure" || (reason === "cancelled" && !signal.aborted) || (reason === "input-rejected" && isForgotten)
    if (!isTheirs || attempt >= attempts) throw new BuildFault(reason, message, { exitCode })
    // Perhaps it lost what it was sent.
    endpoint.forget()
    site.news({ kind: "retry", drvPath: full, reason: message, delay: 0, time: Date.now() })
    site.news({ kind: "anew", drvPath: full })
  }
}

/** An event of an endpoint as news; undefined for what is none, and for the end. */
export function newsOf(event: EndpointEvent, drvPath: string): BuildNews | undefined {
  const time = Date.now()
  switch (event.kind) {
    case "queued":
      return { kind: "queued", drvPath, position: event.position }
    case "started":
      return { kind: "started", drvPath, executor: event.executor, machine: event.machine, attempt: event.attempt, time }
    case "placed":
      return { kind: "placed", drvPath, machine: event.machine }
    case "log":
      return { kind: "log", drvPath, bytes: event.bytes, time }
    case "retry":
    case "reconnecting":
      return { kind: "retry", drvPath, reason: event.reason, delay: event.delay, time }
    case "anew":
      return { kind: "anew", drvPath }
    case "accepted":
    case "done":
    case "failed":
      return undefined
  }
}
