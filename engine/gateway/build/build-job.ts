// A build request that keeps the rules. Snix: build/src/proto/mod.rs

import type { B3Digest } from "../../castore/digest.ts"
import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import { entryOfMessage } from "../../castore/rpc-message.ts"
import type { BuildRequest } from "../../proto/gen/build_pb.ts"
import { asInvalid } from "../directory-service.ts"
import type { JobDerivation } from "./job-derivation.ts"

export interface BuildJob {
  /** The same build has the same key. */
  readonly key: B3Digest
  /** By name. */
  readonly inputs: ReadonlyMap<string, Node>
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** Paths are relative to the root of the build, without "." and "..". */
  readonly workingDir: string
  readonly scratchPaths: readonly string[]
  readonly inputsDir: string
  readonly outputs: readonly string[]
  readonly environment: ReadonlyMap<string, Uint8Array>
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Hash parts of store paths. */
  readonly needles: readonly string[]
  readonly system: string
  readonly minMemory: number
  readonly network: boolean
  readonly binSh: boolean
  readonly derivation: JobDerivation | undefined
}

function bad(why: string): never {
  throw new StoreError("invalid", `the build request is invalid: ${why}`)
}

function checkPath(path: string, what: string): string {
  const parts = path.split("/")
  if (path === "" || path.includes("\0") || parts.some((part) => part === "" || part === "." || part === ".."))
    bad(`${what} '${path}' is not a clean relative path`)
  return path
}

function checkSorted(list: readonly string[], what: string): readonly string[] {
  for (let i = 1; i < list.length; i++) if (list[i - 1]! >= list[i]!) bad(`${what} are not in ascending order: '${list[i]}'`)
  return list
}

/** Whether `path` is `folder` or below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** The job of a request. Throws StoreError `invalid` if a rule is broken, `unsupported` for what no executor does. */
export function buildJob(key: B3Digest, request: BuildRequest, derivation?: JobDerivation): BuildJob {
  const { constraints } = request
  if (constraints === undefined) return bad("it has no constraints")
  if (constraints.system === "") bad("it has no system")
  if (constraints.availableRoPaths.length > 0) {
    throw new StoreError("unsupported", `paths of the machine (${constraints.availableRoPaths.join(", ")}) are not given to builds`)
  }
  if (request.commandArgs.length === 0 || request.commandArgs[0] === "") bad("it has no command")
  for (const arg of request.commandArgs) if (arg.includes("\0")) bad("an argument has a zero byte in it")
  const scratchPaths = checkSorted(
    request.scratchPaths.map((path) => checkPath(path, "the scratch path")),
    "the scratch paths",
  )
  for (const path of scratchPaths) {
    const outer = scratchPaths.find((other) => other !== path && isWithin(path, other))
    if (outer !== undefined) bad(`the scratch path '${path}' is below the scratch path '${outer}'`)
    if (["proc", "dev", "etc", "bin", "sys"].includes(path.split("/")[0]!)) bad(`the scratch path '${path}' is the system's`)
  }
  const outputs = checkSorted(
    request.outputs.map((path) => checkPath(path, "the output")),
    "the outputs",
  )
  if (outputs.length === 0) bad("it has no outputs")
  const inScratch = (path: string, what: string): void => {
    if (!scratchPaths.some((scratch) => path !== scratch && isWithin(path, scratch))) bad(`${what} '${path}' is in no scratch path`)
  }
  for (const path of outputs) inScratch(path, "the output")
  const job: BuildJob = {
    key,
    inputs: inputsOf(request),
    command: request.commandArgs,
    workingDir: checkPath(request.workingDir, "the working directory"),
    scratchPaths,
    inputsDir: checkPath(request.inputsDir, "the folder of inputs"),
    outputs,
    environment: environmentOf(request),
    files: filesOf(request),
    needles: request.refscanNeedles,
    system: constraints.system,
    minMemory: Number(constraints.minMemory),
    network: constraints.networkAccess,
    binSh: constraints.provideBinSh,
    derivation,
  }
  for (const path of job.files.keys()) inScratch(path, "the additional file")
  for (const name of job.inputs.keys()) {
    if (outputs.includes(`${job.inputsDir}/${name}`)) bad(`'${name}' is an input and an output`)
  }
  for (const needle of job.needles) {
    if (!/^[0-9a-df-np-sv-z]{32}$/.test(needle)) throw new StoreError("unsupported", `'${needle}' is not the hash part of a store path`)
  }
  return job
}

function inputsOf(request: BuildRequest): Map<string, Node> {
  const inputs = new Map<string, Node>()
  let previous = ""
  for (const message of request.inputs) {
    const { name, node } = asInvalid(() => entryOfMessage(message))
    if (name === "" || name <= previous) bad(`the inputs are not in ascending order of their names: '${name}'`)
    previous = name
    inputs.set(name, node)
  }
  return inputs
}

function environmentOf(request: BuildRequest): Map<string, Uint8Array> {
  const keys = request.environmentVars.map(({ key }) => key)
  checkSorted(keys, "the environment variables")
  for (const { key, value } of request.environmentVars) {
    if (key === "" || /[=\0]/.test(key)) bad(`'${key}' is no name of an environment variable`)
    if (value.includes(0)) bad(`the environment variable '${key}' has a zero byte in it`)
  }
  return new Map(request.environmentVars.map(({ key, value }) => [key, value]))
}

function filesOf(request: BuildRequest): Map<string, Uint8Array> {
  const paths = request.additionalFiles.map(({ path }) => checkPath(path, "the additional file"))
  checkSorted(paths, "the additional files")
  for (const path of paths) {
    const outer = paths.find((other) => other !== path && isWithin(path, other))
    if (outer !== undefined) bad(`the additional file '${path}' is below another`)
  }
  return new Map(request.additionalFiles.map(({ path, contents }) => [path, contents]))
}
