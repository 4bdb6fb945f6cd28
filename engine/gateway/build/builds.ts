// All builds of a gateway: accepted ones are on the disk before anybody hears of them, wait for a free place, run, are tried again
// when the machinery fails, and are run again when the gateway was restarted. The same build asked for twice runs once.

import * as fs from "node:fs"
import { join } from "node:path"
import { fromBinary, toBinary } from "@bufbuild/protobuf"
import { type B3Digest, b3 } from "../../castore/digest.ts"
import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import { entryMessage } from "../../castore/rpc-message.ts"
import { derivationOptions, requiredSystemFeatures } from "../../formats/derivation/options.ts"
import { FormatError } from "../../formats/error.ts"
import { printStorePath, type StorePath } from "../../formats/store-path/store-path.ts"
import { type Job, JobSchema, BuildEvent_Failed_Reason as Reason } from "../../proto/gen/gateway_build_pb.ts"
import { Store } from "../../store/store.ts"
import type { Stores } from "../../store/stores.ts"
import type { Account, Accounts } from "../account.ts"
import { Build, createBuildFolder, readOwner } from "./build.ts"
import { type BuildJob, buildJob } from "./build-job.ts"
import { type BuildCount, BuildQueue, type QueuedBuild } from "./build-queue.ts"
import { DerivationProofs } from "./derivation-proof.ts"
import { EventLog } from "./event-log.ts"
import { BuildFailure, type BuiltOutput, type Executor, type FailureReason } from "./executor.ts"
import { jobDerivation } from "./job-derivation.ts"
import { lockJournal, unlockJournal } from "./journal-lock.ts"
import { type CheckedOutput, examineOutputs, registrations } from "./output-check.ts"

export interface BuildsOptions {
  readonly stores: Stores
  /** Of the journal. */
  readonly folder: string
  /** Tried in this order. */
  readonly executors: readonly Executor[]
  readonly policy?: Partial<BuildsPolicy>
  /** Whose the builds of the journal are. */
  readonly accounts?: Accounts
  readonly now?: () => number
  /** Told of faults that are ours. */
  readonly onFault?: (error: unknown) => void
}

export interface BuildsPolicy {
  /** How often a build is tried when the machinery fails. */
  readonly attempts: number
  /** Milliseconds before the second attempt; doubled each time. */
  readonly retryDelay: number
  /** Milliseconds that a build goes on without anybody watching. */
  readonly unwatched: number
  /** Builds that wait, at most. */
  readonly waiting: number
  /** Milliseconds that a build waits for its turn, at most. */
  readonly longestWait: number
  /** Builds that have ended and are kept. */
  readonly kept: number
  /** Bytes of their logs, at most: the oldest are forgotten before that. */
  readonly keptBytes: number
}

export const defaultBuildsPolicy: BuildsPolicy = {
  attempts: 5,
  retryDelay: 1000,
  unwatched: 15 * 60_000,
  waiting: 10_000,
  longestWait: 24 * 3_600_000,
  kept: 2000,
  keptBytes: 2 * 2 ** 30,
}

const reasons: Readonly<Record<FailureReason, Reason>> = {
  builder: Reason.BUILDER,
  "output-rejected": Reason.OUTPUT_REJECTED,
  "input-rejected": Reason.INPUT_REJECTED,
  timeout: Reason.TIMEOUT,
  silence: Reason.SILENCE,
  "log-limit": Reason.LOG_LIMIT,
  "output-limit": Reason.OUTPUT_LIMIT,
  cancelled: Reason.CANCELLED,
  infrastructure: Reason.INFRASTRUCTURE,
  "queue-timeout": Reason.QUEUE_TIMEOUT,
}

export class Builds {
  readonly #options: BuildsOptions
  readonly #policy: BuildsPolicy
  readonly #now: () => number
  readonly #onFault: (error: unknown) => void
  /** All that are known, the oldest first. */
  readonly #builds = new Map<string, Build>()
  /** The last build of each key. */
  readonly #byKey = new Map<B3Digest, Build>()
  readonly #unavailable = new Map<Executor, string>()
  readonly #queue: BuildQueue
  readonly #store: Store
  readonly #proofs: DerivationProofs
  #closed = false

  constructor(options: BuildsOptions) {
    this.#options = options
    this.#policy = { ...defaultBuildsPolicy, ...options.policy }
    this.#now = options.now ?? Date.now
    this.#onFault = options.onFault ?? (() => {})
    this.#store = new Store(options.stores, { now: () => Math.floor(this.#now() / 1000) })
    this.#proofs = new DerivationProofs(this.#store)
    this.#queue = new BuildQueue({
      longestWait: this.#policy.longestWait,
      run: (queued) => this.#run(queued),
      onLeft: (build, why) => this.#fail(build, why),
    })
  }

  /** Checks the executors, reads the journal, and begins again what had not ended. Rejects with RangeError if another gateway has it. */
  async open(): Promise<void> {
    lockJournal(this.#options.folder)
    for (const executor of this.#options.executors) {
      const fault = await executor.check()
      if (fault !== undefined) this.#unavailable.set(executor, fault)
    }
    const names = fs.readdirSync(this.#options.folder)
    const found: { build: Build; job: Job }[] = []
    for (const name of names) {
      if (name.startsWith("new-")) fs.rmSync(join(this.#options.folder, name), { recursive: true })
      else if (/^[0-9a-f]{32}-\d+$/.test(name)) found.push(this.#restore(name))
    }
    found.sort((a, b) => a.build.accepted - b.build.accepted)
    for (const { build, job } of found) {
      this.#builds.set(build.id, build)
      this.#byKey.set(build.key, build)
      if (build.ended) continue
      if (build.events === 0) build.tell({ case: "accepted", value: { build: build.id, derivationPath: build.derivationPath } })
      else build.tell({ case: "retry", value: { reason: "the gateway was restarted", delay: 0n } })
      this.#enqueue(build, job)
    }
  }

  #restore(id: string): { build: Build; job: Job } {
    const folder = join(this.#options.folder, id)
    const bytes = fs.readFileSync(join(folder, "job"))
    const job = fromBinary(JobSchema, bytes)
    const file = join(folder, "events")
    const log = fs.existsSync(file) ? EventLog.open(file) : EventLog.create(file)
    const account = this.#options.accounts?.get(readOwner(folder))
    return { build: new Build(id, b3(bytes), job.derivationPath, log, this.#now, account), job }
  }

  /** What can build here, with why not. */
  describe(): readonly { readonly executor: Executor; readonly unavailable: string }[] {
    return this.#options.executors.map((executor) => ({ executor, unavailable: this.#unavailable.get(executor) ?? "" }))
  }

  /**
   * The build of a job: one that runs, one that has succeeded (unless `again`), or a new one, which is the account's.
   * Throws StoreError `invalid`, `quota`.
   */
  async submit(job: Job, again: boolean, account?: Account): Promise<Build> {
    const bytes = toBinary(JobSchema, job)
    const key = b3(bytes)
    checkJob(key, job)
    const known = this.#byKey.get(key)
    if (known !== undefined && !known.ended) return known
    if (known?.state === "done" && !again && (await this.#hasOutputs(known))) return known
    // Somebody may have asked for the same in the meantime.
    const newer = this.#byKey.get(key)
    if (newer !== undefined && newer !== known && !newer.ended) return newer
    this.#checkQuota(account)
    const id = this.#freshId(key)
    const log = createBuildFolder(this.#options.folder, id, bytes, account?.name)
    const build = new Build(id, key, job.derivationPath, log, this.#now, account)
    this.#builds.set(id, build)
    this.#byKey.set(key, build)
    build.tell({ case: "accepted", value: { build: id, derivationPath: job.derivationPath } })
    this.#enqueue(build, job)
    return build
  }

  /** Throws `quota` if nobody, or not this account, may have another build. */
  #checkQuota(account: Account | undefined): void {
    if (!this.#queue.hasRoom(account, this.#policy.waiting)) throw new StoreError("quota", "too many builds are waiting")
    if (account === undefined) return
    account.check(0)
    const { waiting: most = Number.POSITIVE_INFINITY } = account.quota
    const { waiting } = this.#queue.countOf(account)
    if (waiting >= most)
      throw new StoreError("quota", `the quota of '${account.name}' is exceeded: ${waiting} of ${most} builds are waiting`)
  }

  /** How many builds of an account run and wait. */
  countOf(account: Account): BuildCount {
    return this.#queue.countOf(account)
  }

  /** The name of a new build: after the last of the key, whichever of the earlier ones are forgotten. */
  #freshId(key: B3Digest): string {
    const start = `${key.slice(0, 32)}-`
    const ids = [...this.#builds.keys()].filter((id) => id.startsWith(start))
    return start + (1 + Math.max(0, ...ids.map((id) => Number(id.slice(start.length)))))
  }

  /** Whether what a build made is still here. */
  async #hasOutputs(build: Build): Promise<boolean> {
    const { event } = build.end ?? {}
    if (event?.case !== "done") return false
    const { stores } = this.#options
    for (const { entry } of event.value.outputs) {
      const node = entry?.entry
      if (node?.case === "file") {
        const digest = Buffer.from(node.value.digest).toString("hex") as B3Digest // what we wrote into it
        if ((await stores.blobs.missing([digest])).size > 0) return false
      }
      if (node?.case === "directory") {
        const digest = Buffer.from(node.value.digest).toString("hex") as B3Digest // what we wrote into it
        if ((await stores.directories.get(digest)) === null) return false
      }
    }
    return true
  }

  /** A build by its name. Throws StoreError `absent`. */
  get(id: string): Build {
    const build = this.#builds.get(id)
    if (build === undefined) throw new StoreError("absent", `there is no build '${id}' (any more)`)
    return build
  }

  /** Those that have not ended, then those that have, the newest first. */
  list(): Build[] {
    const all = [...this.#builds.values()].reverse()
    return [...all.filter((build) => !build.ended), ...all.filter((build) => build.ended)]
  }

  /** What the builder wrote in the last build of a derivation that has ended after it was begun; undefined if none is known. */
  logOf(derivation: StorePath): Uint8Array | undefined {
    let last: Build | undefined
    for (const build of this.#builds.values()) if (build.ended && build.derivationPath === derivation && build.attempts > 0) last = build
    return last?.readLog()
  }

  /** Ends all without telling that they ended: they are begun again by the next gateway. */
  async close(): Promise<void> {
    this.#closed = true
    this.#queue.close()
    for (const build of this.#builds.values()) if (!build.ended) build.cancel()
    await this.#queue.ended()
    unlockJournal(this.#options.folder)
  }

  #enqueue(build: Build, message: Job): void {
    this.#forgetOld()
    this.#watchUnwatched(build)
    let queued: QueuedBuild
    try {
      const job = checkJob(build.key, message)
      queued = { build, job, executor: this.#executorFor(job) }
    } catch (error) {
      this.#fail(build, error)
      return
    }
    const position = this.#queue.add(queued)
    if (position > 0) build.tell({ case: "queued", value: { position } })
  }

  #executorFor(job: BuildJob): Executor {
    const { derivation } = job
    const features = derivation === undefined ? [] : requiredSystemFeatures(derivation.drv, derivationOptions(derivation.drv))
    // Builders of the gateway itself are for all systems.
    const system = job.command[0]?.startsWith("builtin:") === true ? "builtin" : job.system
    const useful = this.#options.executors.filter(({ systems }) => systems.includes(system) || systems.includes(job.system))
    const what = derivation === undefined ? "the build" : `'${printStorePath(derivation.path)}'`
    if (useful.length === 0) {
      const systems = [...new Set(this.#options.executors.flatMap((executor) => executor.systems))].join(", ")
      throw new BuildFailure(
        "input-rejected",
        `Cannot build ${what}.\nReason: platform mismatch\nRequired system: '${job.system}'\nCurrent system: '${systems}'`,
      )
    }
    const able = useful.filter((executor) => features.every((feature) => executor.features.includes(feature)))
    if (able.length === 0) {
      const offered = [...new Set(useful.flatMap((executor) => executor.features))].join(", ")
      throw new BuildFailure(
        "input-rejected",
        `Cannot build ${what}.\nReason: missing system features\nRequired features: {${features.join(", ")}}\nAvailable features: {${offered}}`,
      )
    }
    // What is on another machine may have come back: trying it is the way to find out.
    const ready = able.find((executor) => !this.#unavailable.has(executor)) ?? able.find((executor) => executor.mayReturn === true)
    if (ready !== undefined) return ready
    throw new BuildFailure("input-rejected", `Cannot build ${what}.\nReason: ${this.#unavailable.get(able[0]!)}`)
  }

  /** Never rejects. */
  async #run({ build, job, executor }: QueuedBuild): Promise<void> {
    await this.#keepDerivation(job)
    if (!(await this.#isHonest(build, job))) return
    for (let attempt = build.attempts + 1, tries = 1; ; attempt++, tries++) {
      build.tell({ case: "started", value: { executor: executor.name, attempt, machine: "" } })
      try {
        const built = await executor.build(job, {
          log: (bytes) => build.log(bytes),
          placed: (machine) => build.tell({ case: "placed", value: { machine } }),
          signal: build.signal,
        })
        this.#unavailable.delete(executor)
        const outputs = await this.#register(job, built)
        build.account?.note(outputs.reduce((sum, { narSize }) => sum + narSize, 0))
        build.tell({ case: "done", value: { outputs: outputs.map(outputMessage) } })
        return
      } catch (error) {
        // The next gateway begins it again.
        if (this.#closed) return
        const fault = failureOf(error)
        if (fault.reason !== "infrastructure" || tries >= this.#policy.attempts || build.signal.aborted) {
          if (fault.reason === "infrastructure") this.#onFault(error)
          return this.#fail(build, fault)
        }
        const delay = Math.round(this.#policy.retryDelay * 2 ** (tries - 1) * (0.5 + Math.random()))
        build.tell({ case: "retry", value: { reason: fault.message, delay: BigInt(delay) } })
        await pause(delay, build.signal)
      }
    }
  }

  /** The derivation becomes a store path, if those that it needs are some: daemons with builders of their own ask for all of them. */
  async #keepDerivation({ derivation }: BuildJob): Promise<void> {
    if (derivation === undefined) return
    const { drv, text } = derivation
    try {
      await this.#store.addText(`${drv.name}.drv`, text, [...drv.inputSrcs, ...drv.inputDrvs.keys()])
    } catch (error) {
      if (!(error instanceof StoreError)) this.#onFault(error)
    }
  }

  /** False, and the build has failed, if its derivation names outputs that are not its own. */
  async #isHonest(build: Build, { derivation }: BuildJob): Promise<boolean> {
    if (derivation === undefined) return true
    try {
      await this.#proofs.check(derivation)
      return true
    } catch (error) {
      this.#fail(build, error)
      return false
    }
  }

  async #register(job: BuildJob, built: readonly BuiltOutput[]): Promise<CheckedOutput[]> {
    const { stores } = this.#options
    const outputs = await examineOutputs(stores, job, built)
    if (job.derivation !== undefined) {
      await stores.infos.putMany(await registrations(stores, job, job.derivation, outputs, Math.floor(this.#now() / 1000)))
    }
    return outputs
  }

  #fail(build: Build, error: unknown): void {
    const { reason, message, exitCode } = failureOf(error)
    build.tell({ case: "failed", value: { reason: reasons[reason], message, ...(exitCode === undefined ? {} : { exitCode }) } })
  }

  /** Stops a build that nobody has watched for some time. */
  #watchUnwatched(build: Build): void {
    let timer: NodeJS.Timeout | undefined
    build.onWatchers = (count) => {
      clearTimeout(timer)
      if (count === 0 && !build.ended) timer = setTimeout(() => build.cancel(), this.#policy.unwatched).unref()
    }
    build.onWatchers(build.watchers)
  }

  /** Trees that builds need that have not ended. */
  *neededTrees(): Generator<Node> {
    for (const { job } of this.#queue.all()) yield* job.inputs.values()
  }

  /** Lets the executors give back room on the disk. Never rejects. */
  async tidy(): Promise<void> {
    for (const executor of this.#options.executors) await executor.tidy?.().catch(this.#onFault)
  }

  #forgetOld(): void {
    let over = this.#builds.size - this.#policy.kept
    let bytes = -this.#policy.keptBytes
    for (const build of this.#builds.values()) bytes += build.bytes
    for (const build of this.#builds.values()) {
      if (over <= 0 && bytes <= 0) return
      if (!build.ended || build.watchers > 0) continue
      over--
      bytes -= build.bytes
      this.#builds.delete(build.id)
      if (this.#byKey.get(build.key) === build) this.#byKey.delete(build.key)
      fs.rmSync(join(this.#options.folder, build.id), { recursive: true, force: true })
    }
  }
}

/** The job of a message. Throws StoreError `invalid`, `unsupported`. */
function checkJob(key: B3Digest, { request, derivation, derivationPath }: Job): BuildJob {
  if (request === undefined) throw new StoreError("invalid", "the job has no build request")
  return buildJob(key, request, derivationPath === "" ? undefined : jobDerivation(derivationPath, derivation, request))
}

function failureOf(error: unknown): BuildFailure {
  if (error instanceof BuildFailure) return error
  if (error instanceof FormatError) return new BuildFailure("input-rejected", error.message, { cause: error })
  if (error instanceof StoreError && (error.code === "invalid" || error.code === "unsupported")) {
    return new BuildFailure("input-rejected", error.message, { cause: error })
  }
  return new BuildFailure("infrastructure", error instanceof Error ? error.message : String(error), { cause: error })
}

function outputMessage({ path, node, needles, narSize, narSha256 }: CheckedOutput) {
  return {
    path,
    entry: entryMessage(node),
    needles: needles.map(BigInt),
    narSize: BigInt(narSize),
    narSha256: new Uint8Array(narSha256),
  }
}

function pause(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delay)
    const stop = (): void => {
      clearTimeout(timer)
      resolve()
    }
    if (signal.aborted) stop()
    else signal.addEventListener("abort", stop, { once: true })
  })
}
