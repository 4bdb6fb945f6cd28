// Builds graphs of derivations at an endpoint: what binary caches have is taken from there, the rest is built, what is independent side
// by side. However many ask for the same derivation, it is built once; it is stopped when nobody wants it any more.
// C++ Nix: libstore/build/{worker,derivation-goal,derivation-building-goal}.cc

import { StoreError } from "../castore/error.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { type Derivation, outputPath } from "../formats/derivation/derivation.ts"
import { hashEquals } from "../formats/hash/hash.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { Slots } from "../store/slots.ts"
import type { Store } from "../store/store.ts"
import { BuildFault, buildFaultOf } from "./build-fault.ts"
import type { BuildNews, BuildStage, FaultRow, PlanRow } from "./build-news.ts"
import { type BuildSubstituter, type PlannedDerivation, planBuild, type WantedOutputs } from "./build-plan.ts"
import { type BuildTarget, buildDerivation, type SiteEndpoint } from "./derivation-build.ts"
import { LastLines } from "./last-lines.ts"
import { sendAhead } from "./send-ahead.ts"

export interface SchedulerOptions {
  readonly store: Store
  readonly endpoint: SiteEndpoint
  readonly substituter?: BuildSubstituter | undefined
  /** Builds at once, as far as this side is concerned; the endpoint has its own bound. */
  readonly jobs?: number | undefined
  /** Writes what the store has not got yet: derivations that evaluation has just made. */
  readonly flush?: (() => Promise<void>) | undefined
  readonly onNews?: ((news: BuildNews) => void) | undefined
}

export interface BuildOptions {
  readonly signal?: AbortSignal | undefined
  /** Builds on what does not need what failed. */
  readonly keepGoing?: boolean | undefined
  /** Derivations that are built again although their outputs are here, to compare. */
  readonly again?: readonly StorePath[] | undefined
}

/** What was built or was there, and what could not be built. */
export interface BuildOutcome {
  /** By derivation, what is known of each wanted output. */
  readonly outputs: ReadonlyMap<StorePath, ReadonlyMap<string, StoredPath>>
  /** Of derivations that were tried; what only lacks something that it needs has the reason `dependency`. */
  readonly failures: ReadonlyMap<StorePath, BuildFault>
}

/** Work that any number of requests wait for. When none is left it stops. */
interface Task {
  readonly stop: AbortController
  users: number
  readonly done: Promise<void>
}

/** One call of `build`. */
interface Request {
  readonly plan: Map<StorePath, PlannedDerivation>
  readonly runs: Map<StorePath, Promise<void>>
  readonly failures: Map<StorePath, BuildFault>
  readonly always: Set<StorePath>
  readonly again: ReadonlySet<StorePath>
  readonly stop: AbortController
  readonly keepGoing: boolean
}

export class BuildScheduler {
  readonly #options: SchedulerOptions
  readonly #store: Store
  readonly #slots: Slots
  readonly #tasks = new Map<StorePath, Task>()
  readonly #requests = new Set<Request>()
  /** Paths of outputs that followed from their content, by `DERIVATION!OUTPUT`. */
  readonly realised = new Map<string, StorePath>()

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#store = options.store
    this.#slots = new Slots(options.jobs ?? 4)
  }

  #tell(news: BuildNews): void {
    this.#options.onNews?.(news)
  }

  #stage(drvPath: StorePath, stage: BuildStage): void {
    this.#tell({ kind: "stage", drvPath: this.#store.print(drvPath), stage, time: Date.now() })
  }

  /** What it would take to have these outputs. Throws what planBuild throws. */
  async plan(wanted: Iterable<WantedOutputs>, signal?: AbortSignal): Promise<Map<StorePath, PlannedDerivation>> {
    await this.#options.flush?.()
    return planBuild(wanted, this.#planOptions(signal))
  }

  /** A plan as rows. */
  rows(plan: ReadonlyMap<StorePath, PlannedDerivation>): PlanRow[] {
    return [...plan.values()].map((planned) => this.#row(planned))
  }

  #planOptions(signal: AbortSignal | undefined, request?: Request) {
    return {
      store: this.#store,
      substituter: this.#options.substituter,
      realised: this.realised,
      always: request?.always,
      again: request?.again,
      signal,
      warn: (message: string) => this.#tell({ kind: "warning", message }),
    }
  }

  /**
   * Makes these outputs be in the store. What could not be built is in the outcome; throws StoreError for what cannot even be planned,
   * `cancelled`.
   */
  async build(wanted: Iterable<WantedOutputs>, options: BuildOptions = {}): Promise<BuildOutcome> {
    const stop = new AbortController()
    const forward = (): void => stop.abort(options.signal?.reason)
    if (options.signal?.aborted === true) forward()
    options.signal?.addEventListener("abort", forward)
    const request: Request = {
      plan: new Map(),
      runs: new Map(),
      failures: new Map(),
      always: new Set(),
      again: new Set(options.again ?? []),
      stop,
      keepGoing: options.keepGoing === true,
    }
    this.#requests.add(request)
    const ahead = new AbortController()
    stop.signal.addEventListener("abort", () => ahead.abort())
    try {
      await this.#options.flush?.()
      const roots = [...wanted]
      await planBuild(roots, this.#planOptions(stop.signal, request), request.plan)
      this.#tell({ kind: "planned", rows: this.rows(request.plan), time: Date.now() })
      // What fails is sent again by the build that needs it, which says so.
      sendAhead(this.#options.endpoint, this.#store, request.plan, ahead.signal).catch(() => {})
      await Promise.allSettled(roots.map(({ drvPath }) => this.#run(drvPath, request)))
      // Others may still be stopping.
      await Promise.allSettled(request.runs.values())
      if (options.signal?.aborted === true) throwIfCancelled(options.signal)
      return { outputs: await this.#outputs(roots, request), failures: request.failures }
    } finally {
      ahead.abort()
      this.#requests.delete(request)
      options.signal?.removeEventListener("abort", forward)
    }
  }

  /** Stops the build of one derivation, whoever wants it. */
  cancel(drvPath: StorePath): void {
    const reason = new StoreError("cancelled", "the build was stopped")
    for (const request of this.#requests) {
      if (request.failures.has(drvPath) || request.plan.get(drvPath)?.action !== "build") continue
      request.failures.set(drvPath, new BuildFault("cancelled", reason.message))
    }
    this.#tasks.get(drvPath)?.stop.abort(reason)
  }

  async #outputs(roots: readonly WantedOutputs[], request: Request): Promise<Map<StorePath, Map<string, StoredPath>>> {
    const outputs = new Map<StorePath, Map<string, StoredPath>>()
    for (const { drvPath } of roots) {
      const planned = request.plan.get(drvPath)
      if (planned === undefined || request.failures.has(drvPath)) continue
      const found = new Map<string, StoredPath>()
      for (const name of planned.outputs) found.set(name, await this.#store.require(this.#pathOf(planned.drv, drvPath, name)))
      outputs.set(drvPath, found)
    }
    return outputs
  }

  /** The path of an output that must be known by now. */
  #pathOf(drv: Derivation, drvPath: StorePath, name: string): StorePath {
    const output = drv.outputs.get(name)
    const path = output === undefined ? undefined : outputPath(output, drv.name, name, this.#store.storeDir)
    const found = path ?? this.realised.get(`${drvPath}!${name}`)
    if (found === undefined) throw new StoreError("absent", `the output '${name}' of '${this.#store.print(drvPath)}' is not built`)
    return found
  }

  #row({ drvPath, drv, action, paths, inputs }: PlannedDerivation): PlanRow {
    const { print } = this.#store
    const full = print.bind(this.#store)
    return {
      drvPath: full(drvPath),
      name: drv.name,
      action,
      outputs: Object.fromEntries([...paths].map(([name, path]) => [name, path === undefined ? null : full(path)])),
      inputs: inputs.map(full),
      system: drv.system,
    }
  }

  /** Makes the planned outputs of a derivation be there, once per request. Rejects with BuildFault. */
  #run(drvPath: StorePath, request: Request): Promise<void> {
    let run = request.runs.get(drvPath)
    if (run === undefined) {
      run = this.#make(drvPath, request).catch((error: unknown) => {
        const fault = buildFaultOf(error)
        if (!request.failures.has(drvPath)) request.failures.set(drvPath, fault)
        if (!request.keepGoing) request.stop.abort(new StoreError("cancelled", "something else could not be built"))
        throw fault
      })
      run.catch(() => {})
      request.runs.set(drvPath, run)
    }
    return run
  }

  async #make(drvPath: StorePath, request: Request): Promise<void> {
    const { signal } = request.stop
    let planned = request.plan.get(drvPath)! // all that is run was planned
    if (planned.action === "none") return
    if (planned.action === "substitute") {
      const { paths } = planned
      try {
        return await this.#share(drvPath, signal, (stop) => this.#substitute(drvPath, paths, stop))
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === "cancelled" || signal.aborted) throw this.#failed(drvPath, error)
        this.#tell({
          kind: "warning",
          message: `'${this.#store.print(drvPath)}' is built, since it could not be fetched: ${error.message}`,
        })
        request.always.add(drvPath)
        await planBuild([{ drvPath, outputs: planned.outputs }], this.#planOptions(signal, request), request.plan)
        this.#tell({ kind: "planned", rows: this.rows(request.plan), time: Date.now() })
        planned = request.plan.get(drvPath)!
      }
    }
    const inputs = await Promise.allSettled(planned.inputs.map((input) => this.#run(input, request)))
    const failed = inputs.filter(({ status }) => status === "rejected").length
    if (failed > 0) {
      const reason = failed === 1 ? "1 dependency failed" : `${failed} dependencies failed`
      throw this.#failed(drvPath, new BuildFault(signal.aborted && !request.keepGoing ? "cancelled" : "dependency", reason))
    }
    const stopped = request.failures.get(drvPath)
    if (stopped !== undefined) throw this.#failed(drvPath, stopped)
    const target = { drvPath, drv: planned.drv, again: request.again.has(drvPath), ...this.#inputs(planned, request) }
    await this.#share(drvPath, signal, (stop) => this.#build(target, stop))
  }

  /** The outputs that a derivation needs; they are here. */
  #inputs({ drv }: PlannedDerivation, { plan }: Request): Pick<BuildTarget, "inputs" | "floating"> {
    const inputs = new Map<string, StorePath>()
    let floating = false
    for (const [input, { outputs }] of drv.inputDrvs) {
      const from = plan.get(input)!.drv // inputs of what is built are planned
      for (const name of outputs) {
        inputs.set(`${input}!${name}`, this.#pathOf(from, input, name))
        const output = from.outputs.get(name)! // its path is known, so it is there
        if (outputPath(output, from.name, name, this.#store.storeDir) === undefined) floating = true
      }
    }
    return { inputs, floating }
  }

  /** Joins the work on a derivation, or begins it. */
  #share(drvPath: StorePath, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const task = this.#tasks.get(drvPath) ?? this.#begin(drvPath, work)
    task.users++
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        task.users--
        if (task.users === 0) {
          task.stop.abort(signal.reason)
          // It tells how it ended.
          task.done.then(resolve, reject)
        } else reject(new BuildFault("cancelled", "the build was stopped"))
      }
      task.done.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel))
      if (signal.aborted) cancel()
      else signal.addEventListener("abort", cancel, { once: true })
    })
  }

  #begin(drvPath: StorePath, work: (signal: AbortSignal) => Promise<void>): Task {
    const stop = new AbortController()
    const done = work(stop.signal).finally(() => this.#tasks.delete(drvPath))
    done.catch(() => {})
    const task: Task = { stop, users: 0, done }
    this.#tasks.set(drvPath, task)
    return task
  }

  async #substitute(drvPath: StorePath, paths: ReadonlyMap<string, StorePath | undefined>, signal: AbortSignal): Promise<void> {
    this.#stage(drvPath, "substituting")
    const wanted = [...paths.values()].filter((path) => path !== undefined)
    const full = this.#store.print(drvPath)
    await this.#options.substituter!.substitute(wanted, {
      signal,
      progress: ({ bytes }) => this.#tell({ kind: "progress", drvPath: full, ...bytes }),
    })
    this.#done(drvPath, paths)
  }

  /** The outputs that are not what was here before. */
  async #different(infos: ReadonlyMap<string, StoredPath>): Promise<string[]> {
    const before = await this.#store.queryMany([...infos.values()].map(({ path }) => path))
    return [...infos].flatMap(([name, { narHash }], i) => (hashEquals(narHash, before[i]?.narHash ?? narHash) ? [] : [name]))
  }

  #done(drvPath: StorePath, paths: ReadonlyMap<string, StorePath | undefined>, differs: readonly string[] = []): void {
    const outputs: Record<string, string> = {}
    for (const [name, path] of paths) if (path !== undefined) outputs[name] = this.#store.print(path)
    this.#tell({ kind: "done", drvPath: this.#store.print(drvPath), outputs, differs, time: Date.now() })
  }

  async #build(target: BuildTarget, signal: AbortSignal): Promise<void> {
    const { drvPath, drv } = target
    const tail = new LastLines()
    let leave = (): void => {}
    try {
      this.#stage(drvPath, "waiting")
      leave = await this.#slots.enter()
      throwIfCancelled(signal)
      await this.#bringSources(drv, signal)
      const infos = await buildDerivation(target, this.#site(drvPath, tail, signal))
      for (const [name, { path }] of infos) this.realised.set(`${drvPath}!${name}`, path)
      const differs = target.again ? await this.#different(infos) : undefined
      this.#done(drvPath, new Map([...infos].map(([name, { path }]) => [name, path])), differs)
    } catch (error) {
      throw this.#failed(drvPath, error, tail)
    } finally {
      leave()
    }
  }

  /** Sources that are not here may be in a cache. */
  async #bringSources(drv: Derivation, signal: AbortSignal): Promise<void> {
    const sources = sortPaths(drv.inputSrcs)
    const here = await this.#store.queryMany(sources)
    const absent = sources.filter((_, i) => here[i] === null)
    if (absent.length > 0) await this.#options.substituter?.substitute(absent, { signal })
  }

  #site(drvPath: StorePath, tail: LastLines, signal: AbortSignal) {
    const full = this.#store.print(drvPath)
    return {
      store: this.#store,
      endpoint: this.#options.endpoint,
      signal,
      stage: (stage: BuildStage) => this.#stage(drvPath, stage),
      progress: (done: number, all: number) => this.#tell({ kind: "progress", drvPath: full, done, all }),
      news: (news: BuildNews) => {
        if (news.kind === "log") tail.push(news.bytes)
        if (news.kind === "anew") tail.clear()
        this.#tell(news)
      },
    }
  }

  /** Tells of a failure; gives it. */
  #failed(drvPath: StorePath, error: unknown, tail?: LastLines): BuildFault {
    const fault = buildFaultOf(error)
    const row: FaultRow = {
      reason: fault.reason,
      message: fault.message,
      exitCode: fault.exitCode ?? null,
      lastLines: tail?.end() ?? [],
    }
    this.#tell({ kind: "failed", drvPath: this.#store.print(drvPath), fault: row, time: Date.now() })
    return new BuildFault(fault.reason, fault.message, { cause: fault, exitCode: fault.exitCode, lastLines: row.lastLines })
  }
}
