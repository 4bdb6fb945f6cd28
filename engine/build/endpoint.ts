// A builder endpoint: takes what a build needs, builds, and gives a stream of events that goes on where it was when the connection
// is lost. A server that has only Snix's own service (snix.build.v1) builds too: without events until it is done.

import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { type Client, createClient, type Transport } from "@connectrpc/connect"
import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import { RpcBlobStore } from "../castore/rpc-blob-store.ts"
import { RpcDirectoryStore } from "../castore/rpc-directory-store.ts"
import { storeErrorOf } from "../castore/rpc-error.ts"
import { entryOfMessage } from "../castore/rpc-message.ts"
import { defaultRetry, type RetryPolicy, retrying } from "../castore/rpc-retry.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { type BuildRequest, BuildService as SnixBuildService } from "../proto/gen/build_pb.ts"
import type { Entry } from "../proto/gen/castore_pb.ts"
import {
  type BuildEvent,
  BuildService,
  type Job,
  JobSchema,
  ListBuildsResponse_State as ListState,
  BuildEvent_Failed_Reason as Reason,
} from "../proto/gen/gateway_build_pb.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { RpcPathInfoStore } from "../store/rpc-path-info-store.ts"
import type { BuildFaultReason } from "./build-fault.ts"
import { type TransferOptions, transferTrees } from "./tree-transfer.ts"

/** An output as an endpoint tells of it. Nothing of it is believed. */
export interface ToldOutput {
  /** As in the request. */
  readonly path: string
  readonly node: Node
  /** Undefined if the endpoint does not say. */
  readonly narSize: number | undefined
  readonly narSha256: Uint8Array | undefined
}

export type EndpointEvent =
  | { readonly kind: "accepted"; readonly build: string }
  | { readonly kind: "queued"; readonly position: number }
  | { readonly kind: "started"; readonly executor: string; readonly machine: string; readonly attempt: number }
  /** The attempt was given to one of the executor's machines. */
  | { readonly kind: "placed"; readonly machine: string }
  /** What the builder wrote; lines may be cut anywhere. */
  | { readonly kind: "log"; readonly bytes: Uint8Array }
  /** An attempt failed for reasons that are not the build's; the next begins after so many milliseconds. */
  | { readonly kind: "retry"; readonly reason: string; readonly delay: number }
  /** The connection was lost; the build goes on meanwhile. */
  | { readonly kind: "reconnecting"; readonly reason: string; readonly delay: number }
  /** The endpoint knows nothing of the build any more: all begins anew, the log too. */
  | { readonly kind: "anew" }
  /** `took`: milliseconds of the last attempt by the endpoint's clock, if it tells, whoever the build was for. */
  | { readonly kind: "done"; readonly outputs: readonly ToldOutput[]; readonly took?: number }
  | {
      readonly kind: "failed"
      readonly reason: BuildFaultReason
      readonly message: string
      readonly exitCode: number | undefined
    }

/** What builds at an endpoint. */
export interface ExecutorInfo {
  readonly name: string
  readonly systems: readonly string[]
  readonly features: readonly string[]
  /** Builds at once. */
  readonly jobs: number
  /** Why it cannot be used, for people; empty if it can. */
  readonly unavailable: string
  /** Whether it needs inputs, and the derivation with all that it refers to, as store paths. */
  readonly wantsPaths: boolean
}

export type ListedState = "waiting" | "running" | "done" | "failed" | "unknown"

/** A build that an endpoint knows of. */
export interface ListedBuild {
  readonly build: string
  /** `HASH-NAME.drv`, or empty. */
  readonly derivationPath: string
  readonly state: ListedState
  /** Milliseconds since 1970. */
  readonly accepted: number
}

export interface EndpointJob {
  readonly request: BuildRequest
  /** `HASH-NAME.drv` and its bytes, if it is a derivation's: then the endpoint knows its outputs as store paths too. */
  readonly derivation?: { readonly path: string; readonly text: Uint8Array } | undefined
}

export interface BuildCallOptions {
  readonly signal?: AbortSignal | undefined
  /** Builds although it was built before (to compare). */
  readonly again?: boolean | undefined
}

export interface EndpointOptions {
  readonly retry?: RetryPolicy | undefined
  /** Milliseconds without any answer after which a build is given up. */
  readonly patience?: number | undefined
  /** Milliseconds without an event after which the connection is made anew: it may be dead without anybody having noticed. */
  readonly quiet?: number | undefined
}

const reasons: Readonly<Record<Reason, BuildFaultReason>> = {
  [Reason.UNKNOWN]: "infrastructure",
  [Reason.BUILDER]: "builder",
  [Reason.OUTPUT_REJECTED]: "output-rejected",
  [Reason.INPUT_REJECTED]: "input-rejected",
  [Reason.TIMEOUT]: "timeout",
  [Reason.SILENCE]: "silence",
  [Reason.LOG_LIMIT]: "log-limit",
  [Reason.OUTPUT_LIMIT]: "output-limit",
  [Reason.CANCELLED]: "cancelled",
  [Reason.INFRASTRUCTURE]: "infrastructure",
  [Reason.QUEUE_TIMEOUT]: "queue-timeout",
}

const listStates: Readonly<Record<ListState, ListedState>> = {
  [ListState.UNKNOWN]: "unknown",
  [ListState.WAITING]: "waiting",
  [ListState.RUNNING]: "running",
  [ListState.DONE]: "done",
  [ListState.FAILED]: "failed",
}

export class Endpoint {
  /** Its castore: what is read from it is checked. */
  readonly stores: TreeStores
  readonly #infos: RpcPathInfoStore
  readonly #builds: Client<typeof BuildService>
  readonly #snix: Client<typeof SnixBuildService>
  readonly #retry: RetryPolicy
  /** Milliseconds without any answer after which it is given up. */
  readonly patience: number
  readonly #quiet: number

  /** `transport` carries the token, if there is one. */
  constructor(transport: Transport, options: EndpointOptions = {}) {
    this.#retry = options.retry ?? defaultRetry
    this.patience = options.patience ?? 5 * 60_000
    this.#quiet = options.quiet ?? 60_000
    this.stores = { blobs: new RpcBlobStore(transport, this.#retry), directories: new RpcDirectoryStore(transport, this.#retry) }
    this.#infos = new RpcPathInfoStore(transport, this.#retry)
    this.#builds = createClient(BuildService, transport)
    this.#snix = createClient(SnixBuildService, transport)
  }

  /** What can build there; null if the server has Snix's services only. Throws `unreachable`, `denied`. */
  async describe(): Promise<readonly ExecutorInfo[] | null> {
    try {
      const { executors } = await retrying(this.#retry, "asking what can be built", () => this.#builds.describeBuilds({}))
      return executors.map(({ name, systems, features, jobs, unavailable, wantsPaths }) => ({
        name,
        systems,
        features,
        jobs,
        unavailable,
        wantsPaths,
      }))
    } catch (error) {
      if (error instanceof StoreError && error.code === "unsupported") return null
      throw error
    }
  }

  /** Brings what the endpoint lacks of some objects there. `paths`: as store paths too, not only as trees. */
  async upload(from: TreeStores, objects: readonly StoredPath[], options: TransferOptions & { readonly paths?: boolean } = {}) {
    await transferTrees(
      from,
      this.stores,
      objects.map(({ node }) => node),
      options,
    )
    if (options.paths === true) await this.#infos.putMany(objects)
  }

  /**
   * Builds, from its first event to `done` or `failed`. After a lost connection it goes on with the next event. Throws `unreachable`
   * when nothing was heard for too long, `cancelled` (the endpoint is told), `denied`, `invalid`, `unsupported`.
   */
  async *build(job: EndpointJob, options: BuildCallOptions = {}): AsyncGenerator<EndpointEvent> {
    const watch = new Watching({ job: messageOf(job), again: options.again === true })
    try {
      yield* this.#follow(watch, job, options.signal)
    } catch (error) {
      if (options.signal?.aborted === true && watch.build !== undefined) await this.cancel(watch.build).catch(() => {})
      throw error
    }
  }

  /** The events of a build that the endpoint knows of, from the first; it goes on when nobody watches any more. Throws as `build`, `absent`. */
  watch(build: string, signal?: AbortSignal): AsyncGenerator<EndpointEvent> {
    return this.#follow(new Watching({ build }), null, signal)
  }

  async *#follow(watch: Watching, job: EndpointJob | null, signal: AbortSignal | undefined): AsyncGenerator<EndpointEvent> {
    let lost = 0
    let heard = Date.now()
    for (;;) {
      throwIfCancelled(signal)
      try {
        for await (const event of this.#events(watch, signal)) {
          lost = 0
          heard = Date.now()
          yield event
          if (event.kind === "done" || event.kind === "failed") return
        }
        // Ended without an end: the gateway is going down, or the connection was made anew.
      } catch (error) {
        throwIfCancelled(signal)
        const fault = storeErrorOf(error, "building")
        if (fault.code === "unsupported" && watch.build === undefined && job !== null) {
          yield* this.#buildPlainly(job, signal)
          return
        }
        if (fault.code === "absent" && watch.build !== undefined && job !== null) {
          watch.begin()
          yield { kind: "anew" }
          continue
        }
        if (fault.code !== "unreachable" && fault.code !== "quota") throw fault
        if (Date.now() - heard > this.patience) throw fault
        const delay = Math.round(Math.min(this.#retry.longest, this.#retry.delay * 2 ** lost) * (0.5 + Math.random()))
        lost = Math.min(lost + 1, 16)
        yield { kind: "reconnecting", reason: fault.message, delay }
        await pause(delay, signal)
      }
    }
  }

  /** The events of one call; ends by itself when nothing was heard for a while. */
  async *#events(watch: Watching, signal: AbortSignal | undefined): AsyncGenerator<EndpointEvent> {
    const stop = new AbortController()
    const forward = (): void => stop.abort()
    signal?.addEventListener("abort", forward, { once: true })
    let timer: ReturnType<typeof setTimeout> | undefined
    let isQuiet = false
    const listen = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        isQuiet = true
        stop.abort()
      }, this.#quiet)
    }
    listen()
    try {
      for await (const message of this.#builds.build(watch.call(), { signal: stop.signal })) {
        listen()
        const event = watch.take(message)
        if (event !== undefined) yield event
      }
    } catch (error) {
      if (!isQuiet) throw error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener("abort", forward)
      stop.abort()
    }
  }

  /** Builds with Snix's own service. */
  async *#buildPlainly(job: EndpointJob, signal: AbortSignal | undefined): AsyncGenerator<EndpointEvent> {
    yield { kind: "started", executor: "snix", machine: "", attempt: 1 }
    let answer: Awaited<ReturnType<typeof this.doBuild>>
    try {
      answer = await this.doBuild(job.request, signal)
    } catch (error) {
      throwIfCancelled(signal)
      const { code, message } = storeErrorOf(error, "building")
      if (code === "denied") throw error
      yield { kind: "failed", reason: code === "invalid" ? "input-rejected" : "builder", message, exitCode: undefined }
      return
    }
    const outputs = job.request.outputs.map((path, i) => ({ path, ...nodeOf(answer.outputs[i]?.output, path), ...untold }))
    yield { kind: "done", outputs }
  }

  private doBuild(request: BuildRequest, signal: AbortSignal | undefined) {
    return this.#snix.doBuild(request, signal === undefined ? {} : { signal })
  }

  /** Ends a build. */
  async cancel(build: string): Promise<void> {
    await retrying(this.#retry, "cancelling a build", () => this.#builds.cancel({ build }))
  }

  /** Builds that the endpoint knows of: those that run first, then the newest. */
  async list(limit = 0): Promise<readonly ListedBuild[]> {
    const { builds } = await retrying(this.#retry, "listing builds", () => this.#builds.list({ limit }))
    return builds.map(({ build, derivationPath, state, accepted }) => ({
      build,
      derivationPath,
      state: listStates[state],
      accepted: Number(accepted),
    }))
  }
}

const untold = { narSize: undefined, narSha256: undefined } as const

function messageOf({ request, derivation }: EndpointJob): Job {
  return create(JobSchema, {
    request,
    ...(derivation === undefined ? {} : { derivationPath: derivation.path, derivation: new Uint8Array(derivation.text) }),
  })
}

/** Where one build's events are. */
class Watching {
  readonly #job: { readonly value: Job; readonly again: boolean } | null
  /** Its name, once it is accepted. */
  build: string | undefined
  #next = 0n
  #started: bigint | undefined

  constructor(what: { readonly job: Job; readonly again: boolean } | { readonly build: string }) {
    this.#job = "job" in what ? { value: what.job, again: what.again } : null
    this.build = "build" in what ? what.build : undefined
  }

  /** Forgets what came. */
  begin(): void {
    this.build = undefined
    this.#next = 0n
  }

  call(): MessageInitShape<(typeof BuildService)["method"]["build"]["input"]> {
    if (this.build !== undefined) return { what: { case: "build", value: this.build }, fromEvent: this.#next }
    const { value, again } = this.#job! // without a name it has a job
    return { what: { case: "job", value }, again }
  }

  /** The event of a message, unless it came before. Throws `unreachable` if one before it is missing. */
  take({ number, event, time }: BuildEvent): EndpointEvent | undefined {
    if (number < this.#next) return undefined
    if (number > this.#next) throw new StoreError("unreachable", `the events from ${this.#next} to ${number} did not come`)
    this.#next++
    switch (event.case) {
      case "accepted":
        this.build = event.value.build
        return { kind: "accepted", build: event.value.build }
      case "queued":
        return { kind: "queued", position: event.value.position }
      case "started": {
        const { executor, machine, attempt } = event.value
        this.#started = time
        return { kind: "started", executor, machine, attempt }
      }
      case "placed":
        return { kind: "placed", machine: event.value.machine }
      case "log":
        return { kind: "log", bytes: event.value.data }
      case "retry":
        return { kind: "retry", reason: event.value.reason, delay: Number(event.value.delay) }
      case "done":
        return {
          kind: "done",
          outputs: event.value.outputs.map(({ path, entry, narSize, narSha256 }) => ({
            path,
            ...nodeOf(entry, path),
            narSize: Number(narSize),
            narSha256,
          })),
          ...(this.#started === undefined ? {} : { took: Number(time - this.#started) }),
        }
      case "failed":
        return { kind: "failed", reason: reasons[event.value.reason], message: event.value.message, exitCode: event.value.exitCode }
      default:
        // Of a newer server.
        return undefined
    }
  }
}

function nodeOf(entry: Entry | undefined, path: string): { readonly node: Node } {
  if (entry === undefined) throw new StoreError("damaged", `the endpoint tells nothing of the output '${path}'`)
  return { node: entryOfMessage(entry).node }
}

function pause(delay: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, delay)
    if (signal?.aborted === true) end()
    else signal?.addEventListener("abort", end)
  })
}
