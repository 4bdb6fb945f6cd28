// Builds by a Nix daemon, which may have builders of its own on other machines. The daemon has to trust the gateway (as it does
// root, or trusted-users): it is given inputs without signatures and, where those that it needs are not known here or the daemon is
// older than 2.8, a derivation alone.
// C++ Nix: libstore/build-result.cc (what the ends mean)

import { ingestNar } from "../../castore/archive-nar.ts"
import { renderNar } from "../../castore/render-nar.ts"
import { unreachable } from "../../formats/error.ts"
import { activityTypes, resultTypes } from "../../formats/log/internal-json.ts"
import type { BuildResult, FailureStatus } from "../../formats/narinfo/build-result.ts"
import { hashPart, parseBaseName, parseStorePath, printStorePath, type StorePath } from "../../formats/store-path/store-path.ts"
import type { DaemonMessage } from "../../formats/wire/daemon.ts"
import type { ProtocolVersion } from "../../formats/wire/value.ts"
import type { StoredPath } from "../../store/path-info-store.ts"
import type { Stores } from "../../store/stores.ts"
import type { BuildJob } from "./build-job.ts"
import { DaemonConnection, DaemonFault, type DaemonPlace } from "./daemon-connection.ts"
import { BuildFailure, type BuildLimits, type BuildWatch, type BuiltOutput, type Executor, type FailureReason } from "./executor.ts"
import { Watchdog } from "./watchdog.ts"

export interface NixDaemonOptions {
  readonly stores: Stores
  readonly place: DaemonPlace
  readonly limits: BuildLimits
  readonly systems: readonly string[]
  readonly features: readonly string[]
  /** Builds at once, each with a connection of its own. */
  readonly jobs: number
  /** The newest version of the protocol to speak with it; the newest that is known, if nothing is said. */
  readonly newest?: ProtocolVersion | undefined
}

/** What the daemon says when it lost a machine, or has none just now: not the builder's fault. (Nix tells it by these texts alone.) */
const machineFault =
  /disconnected unexpectedly|failed to start SSH connection|cannot connect to|local builds are disabled|unable to start any build|unexpected end-of-file|Connection (?:reset|closed|timed out)/

const untrusted = "the Nix daemon does not trust this user: put it into trusted-users"

export class NixDaemonExecutor implements Executor {
  readonly name = "nix-daemon"
  readonly systems: readonly string[]
  readonly features: readonly string[]
  readonly jobs: number
  readonly wantsPaths = true
  readonly mayReturn = true
  readonly #options: NixDaemonOptions

  constructor(options: NixDaemonOptions) {
    this.#options = options
    this.systems = options.systems
    this.features = options.features
    this.jobs = options.jobs
  }

  async check(): Promise<string | undefined> {
    try {
      const connection = await DaemonConnection.open(this.#options.place, { newest: this.#options.newest })
      const { takesFrames, info } = connection
      connection.close()
      if (!takesFrames) return "the Nix daemon is too old: 2.4 is the oldest that can be used"
      const { trusted } = info
      return trusted === false ? untrusted : undefined
    } catch (error) {
      return `the Nix daemon cannot be reached: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  async build(job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]> {
    // The daemon's own texts, for telling whose fault it was.
    let said = ""
    const watchdog = new Watchdog(this.#options.limits, watch.signal, async () => 0)
    const onMessage = (message: DaemonMessage): void => {
      if (message.kind === "next") said += `${message.text}\n`
      // Its fields: the derivation, and the machine, which is empty for the daemon's own. C++ Nix: derivation-building-goal.cc
      if (message.kind === "startActivity" && message.type === activityTypes.build) {
        const machine = message.fields[1]
        if (typeof machine === "string" && machine !== "") watch.placed?.(Buffer.from(machine, "latin1").toString())
      }
      if (message.kind !== "result" || message.type !== resultTypes.buildLogLine) return
      const line = Buffer.from(`${message.fields[0] ?? ""}\n`, "latin1")
      if (watchdog.wrote(line.length)) watch.log(line)
    }
    let connection: DaemonConnection | undefined
    try {
      if (watch.signal.aborted) throw new BuildFailure("cancelled", "the build was stopped")
      const open = await DaemonConnection.open(this.#options.place, { onMessage, newest: this.#options.newest })
      connection = open
      if (open.info.trusted === false) throw new BuildFailure("input-rejected", untrusted)
      watchdog.start(() => open.close())
      return await this.#buildWith(open, job, () => said)
    } catch (error) {
      if (watchdog.fault !== undefined) throw watchdog.fault
      if (error instanceof BuildFailure) throw error
      const message = plain(error instanceof Error ? error.message : String(error))
      // What the daemon refuses it will refuse again; everything else is the connection's.
      const refused = error instanceof DaemonFault && !machineFault.test(message)
      throw new BuildFailure(refused ? "input-rejected" : "infrastructure", message, { cause: error })
    } finally {
      watchdog.stop()
      connection?.close()
    }
  }

  async #buildWith(connection: DaemonConnection, job: BuildJob, said: () => string): Promise<BuiltOutput[]> {
    const { derivation } = job
    if (derivation === undefined) throw new BuildFailure("input-rejected", "a Nix daemon builds derivations only, and the job names none")
    const inputs = [...job.inputs.keys()].map(parseBaseName)
    await this.#upload(connection, inputs)
    const closure = connection.tellsResults ? await this.#closureOf(derivation.path) : null
    if (closure !== null) {
      // With all derivations that it needs: a daemon passes on to its builders only what it has in its store.
      await this.#upload(connection, closure)
      requireSuccess(await connection.buildStored(derivation.path), said())
    } else {
      const drv = { ...derivation.drv, inputDrvs: new Map(), inputSrcs: new Set(inputs) }
      requireSuccess(await connection.buildDerivation(derivation.path, drv), said())
    }
    const outputs: BuiltOutput[] = []
    for (const path of job.outputs) outputs.push({ path, node: await this.#download(connection, parseStorePath(`/${path}`)) })
    return outputs
  }

  /** A path and all that it refers to, if all of it is known here. */
  async #closureOf(root: StorePath): Promise<StorePath[] | null> {
    const paths = new Set<StorePath>([root])
    for (const path of paths) {
      const info = await this.#options.stores.infos.get(hashPart(path))
      if (info === null) return null
      for (const reference of info.references) paths.add(reference)
    }
    return [...paths]
  }

  /** Brings inputs to the daemon that it does not have, what they refer to first. */
  async #upload(connection: DaemonConnection, inputs: readonly StorePath[]): Promise<void> {
    const { stores } = this.#options
    const valid = new Set(await connection.validPaths(inputs))
    const wanted = inputs.filter((path) => !valid.has(path))
    const found = await stores.infos.getMany(wanted.map(hashPart))
    const infos = new Map<StorePath, StoredPath>()
    for (const [i, path] of wanted.entries()) {
      const info = found[i]
      if (info == null) throw new BuildFailure("input-rejected", `the input '${printStorePath(path)}' is not known here as a store path`)
      infos.set(path, info)
    }
    const done = new Set<StorePath>()
    const add = async (info: StoredPath): Promise<void> => {
      if (done.has(info.path)) return
      done.add(info.path)
      for (const reference of info.references) {
        const needed = infos.get(reference)
        if (needed !== undefined) await add(needed)
      }
      await connection.addToStore(info, renderNar(stores, info.node))
    }
    for (const info of infos.values()) await add(info)
  }

  async #download(connection: DaemonConnection, path: StorePath): Promise<BuiltOutput["node"]> {
    const info = await connection.pathInfo(path)
    if (info === null) throw new BuildFailure("output-rejected", `the daemon did not produce '${printStorePath(path)}'`)
    const expected = { narSize: info.narSize, narSha256: info.narHash.bytes }
    const { outputBytes: bytes, outputEntries: entries } = this.#options.limits
    return (await ingestNar(connection.nar(path, info.narSize), this.#options.stores, { expected, limits: { bytes, entries } })).node
  }
}

/** The text without terminal codes. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, "")
}

function requireSuccess({ end }: BuildResult, said: string): void {
  if (end.kind === "success") return
  const text = plain(said)
  // Of a build on another machine the daemon knows no more than that it failed. What it says meanwhile has the words of that machine.
  const elsewhere = /build of '[^']*' on '[^']*' failed: (?:error: )?(.*)/s.exec(text)?.[1]?.trim()
  const message = elsewhere ?? plain(end.message)
  const exit = /failed with exit code (\d+)/.exec(message)
  const own = elsewhere === undefined ? reasonOf(end.status) : reasonOfText(elsewhere)
  const reason = machineFault.test(text) || machineFault.test(message) ? "infrastructure" : own
  throw new BuildFailure(reason, message, exit === null ? {} : { exitCode: Number(exit[1]) })
}

/** By Nix's words: why a build failed on another machine. C++ Nix: libstore/build/derivation-building-goal.cc */
function reasonOfText(text: string): FailureReason {
  if (/timed out after \d+ seconds of silence/.test(text)) return "silence"
  if (/timed out after/.test(text)) return "timeout"
  if (/after writing more than \d+ bytes of log/.test(text)) return "log-limit"
  const isOutput =
    /hash mismatch|is not allowed to refer to|failed to produce output|cycle detected in build|path '[^']*' is too large|may not be deterministic/
  return isOutput.test(text) ? "output-rejected" : "builder"
}

function reasonOf(status: FailureStatus): FailureReason {
  switch (status) {
    case "InputRejected":
    case "NoSubstituters":
      return "input-rejected"
    case "OutputRejected":
    case "HashMismatch":
    case "NotDeterministic":
      return "output-rejected"
    case "TimedOut":
      return "timeout"
    case "LogLimitExceeded":
      return "log-limit"
    case "TransientFailure":
      return "infrastructure"
    case "PermanentFailure":
    case "CachedFailure":
    case "MiscFailure":
    case "DependencyFailed":
      return "builder"
    default:
      return unreachable(status)
  }
}
