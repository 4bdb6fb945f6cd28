// What runs a build. An executor knows nothing of queues, journals and watchers: it is given a job and says how it ended.

import type { Node } from "../../castore/node.ts"
import type { BuildJob } from "./build-job.ts"

/** Why a build failed. */
export type FailureReason =
  | "builder"
  | "output-rejected"
  | "input-rejected"
  | "timeout"
  | "silence"
  | "log-limit"
  | "output-limit"
  | "cancelled"
  | "infrastructure"
  | "queue-timeout"

/** The end of a build that did not succeed. Only `infrastructure` is worth another attempt. */
export class BuildFailure extends Error {
  override readonly name = "BuildFailure"
  readonly reason: FailureReason
  readonly exitCode: number | undefined

  constructor(reason: FailureReason, message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options)
    this.reason = reason
    this.exitCode = options.exitCode
  }
}

/** Milliseconds of a timer, at most: those for longer fire at once. */
export const longestTimer = 2 ** 31 - 1

/** What a build must not exceed. */
export interface BuildLimits {
  /** Milliseconds in all. */
  readonly time: number
  /** Milliseconds without output. */
  readonly silence: number
  /** Bytes of the log. */
  readonly logBytes: number
  /** Bytes of all that it writes. */
  readonly outputBytes: number
  /** Files, directories and symlinks of the outputs. */
  readonly outputEntries: number
  /** Bytes of memory. */
  readonly memoryBytes: number
  /** Processes and threads. */
  readonly processes: number
}

export const defaultBuildLimits: BuildLimits = {
  time: 6 * 3_600_000,
  silence: 3_600_000,
  logBytes: 64 << 20,
  outputBytes: 16 * 2 ** 30,
  outputEntries: 2_000_000,
  memoryBytes: 4 * 2 ** 30,
  processes: 4096,
}

/** Where a build's events go while it runs. */
export interface BuildWatch {
  /** Takes what the builder wrote, which belongs to the receiver. */
  log(bytes: Uint8Array): void
  /** Takes the name of the machine that the executor gave the build to, if that is not its own. */
  placed?(machine: string): void
  /** Fires when the build is no longer wanted. */
  readonly signal: AbortSignal
}

/** An output that was built; it is in the store. */
export interface BuiltOutput {
  /** As in the request. */
  readonly path: string
  readonly node: Node
}

export interface Executor {
  readonly name: string
  readonly systems: readonly string[]
  readonly features: readonly string[]
  /** Builds at once. */
  readonly jobs: number
  /** Whether what could not be used when the gateway began is tried nevertheless: faults of the machinery, which pass. */
  readonly mayReturn?: boolean
  /** Whether it needs inputs, and the derivation with all that it refers to, as store paths. */
  readonly wantsPaths?: boolean
  /** Finds out whether it works here; gives why not, for people, or undefined. */
  check(): Promise<string | undefined>
  /** Gives back room on the disk that it needs only to be quicker. */
  tidy?(): Promise<void>
  /** Builds. The outputs are those of the request, in its order. Rejects with BuildFailure only. */
  build(job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]>
}
