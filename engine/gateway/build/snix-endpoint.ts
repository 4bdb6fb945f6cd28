// Builds by another server that speaks snix.build.v1: inputs are copied to its castore, outputs from it. It has no log: the call
// has one answer.

import { create } from "@bufbuild/protobuf"
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect"
import { transferTrees } from "../../build/tree-transfer.ts"
import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { RpcBlobStore } from "../../castore/rpc-blob-store.ts"
import { RpcDirectoryStore } from "../../castore/rpc-directory-store.ts"
import { entryMessage, entryOfMessage } from "../../castore/rpc-message.ts"
import { type BuildRequest, BuildRequestSchema, type BuildResponse, BuildService } from "../../proto/gen/build_pb.ts"
import { Health } from "../../proto/gen/health_pb.ts"
import type { BuildJob } from "./build-job.ts"
import { BuildFailure, type BuildLimits, type BuildWatch, type BuiltOutput, type Executor, longestTimer } from "./executor.ts"

export interface SnixEndpointOptions {
  readonly stores: TreeStores
  /** To the server; gRPC for those of Snix. */
  readonly transport: Transport
  readonly limits: BuildLimits
  readonly systems: readonly string[]
  readonly features: readonly string[]
  /** Builds at once. */
  readonly jobs: number
}

/** Statuses that say nothing of the build. */
const machineFaults = new Set([Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded, Code.Canceled])

export class SnixEndpointExecutor implements Executor {
  readonly name = "snix"
  readonly systems: readonly string[]
  readonly features: readonly string[]
  readonly jobs: number
  readonly mayReturn = true
  readonly #options: SnixEndpointOptions
  readonly #remote: TreeStores

  constructor(options: SnixEndpointOptions) {
    this.#options = options
    this.systems = options.systems
    this.features = options.features
    this.jobs = options.jobs
    this.#remote = { blobs: new RpcBlobStore(options.transport), directories: new RpcDirectoryStore(options.transport) }
  }

  async check(): Promise<string | undefined> {
    try {
      await createClient(Health, this.#options.transport).check({}, { timeoutMs: 5000 })
      return undefined
    } catch (error) {
      const fault = ConnectError.from(error)
      // Not every server tells of its health; one that answers so is there.
      if (fault.code === Code.Unimplemented || fault.code === Code.NotFound) return undefined
      return `the build server cannot be reached: ${fault.rawMessage}`
    }
  }

  async build(job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]> {
    const { stores, limits, transport } = this.#options
    const signal = AbortSignal.any([watch.signal, AbortSignal.timeout(Math.min(limits.time, longestTimer))])
    try {
      signal.throwIfAborted()
      await transferTrees(stores, this.#remote, job.inputs.values(), { signal })
      const response = await createClient(BuildService, transport).doBuild(requestOf(job), { signal })
      const outputs = outputsOf(job, response)
      await transferTrees(
        this.#remote,
        stores,
        outputs.map(({ node }) => node),
        { signal },
      )
      return outputs
    } catch (error) {
      if (watch.signal.aborted) throw new BuildFailure("cancelled", "the build was stopped", { cause: error })
      if (signal.aborted) throw new BuildFailure("timeout", `timed out after ${Math.round(limits.time / 1000)} seconds`, { cause: error })
      throw failureOf(error)
    }
  }
}

/** The request that a job came from. */
function requestOf(job: BuildJob): BuildRequest {
  return create(BuildRequestSchema, {
    inputs: [...job.inputs].map(([name, node]) => entryMessage(node, name)),
    commandArgs: [...job.command],
    workingDir: job.workingDir,
    scratchPaths: [...job.scratchPaths],
    inputsDir: job.inputsDir,
    outputs: [...job.outputs],
    environmentVars: [...job.environment].map(([key, value]) => ({ key, value: new Uint8Array(value) })),
    constraints: {
      system: job.system,
      minMemory: BigInt(job.minMemory),
      networkAccess: job.network,
      provideBinSh: job.binSh,
    },
    additionalFiles: [...job.files].map(([path, contents]) => ({ path, contents: new Uint8Array(contents) })),
    refscanNeedles: [...job.needles],
  })
}

function outputsOf(job: BuildJob, { outputs }: BuildResponse): BuiltOutput[] {
  if (outputs.length !== job.outputs.length) {
    throw new BuildFailure("infrastructure", `the build server gave ${outputs.length} outputs, not ${job.outputs.length}`)
  }
  return job.outputs.map((path, i) => {
    const entry = outputs[i]?.output
    if (entry === undefined) throw new BuildFailure("infrastructure", `the build server gave nothing for '/${path}'`)
    const node: Node = entryOfMessage(entry).node
    return { path, node }
  })
}

function failureOf(error: unknown): BuildFailure {
  if (error instanceof BuildFailure) return error
  if (error instanceof StoreError) {
    const reason = error.code === "absent" || error.code === "invalid" ? "input-rejected" : "infrastructure"
    return new BuildFailure(reason, error.message, { cause: error })
  }
  const fault = ConnectError.from(error)
  if (machineFaults.has(fault.code)) return new BuildFailure("infrastructure", fault.rawMessage, { cause: error })
  if (fault.code === Code.InvalidArgument || fault.code === Code.Unimplemented || fault.code === Code.PermissionDenied) {
    return new BuildFailure("input-rejected", fault.rawMessage, { cause: error })
  }
  return new BuildFailure("builder", fault.rawMessage, { cause: error })
}
