// Builds on this machine, in sandboxes that bubblewrap makes.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash, randomUUID } from "node:crypto"
import { existsSync, realpathSync } from "node:fs"
import { mkdir, readdir, stat, writeFile } from "node:fs/promises"
import { arch, availableParallelism } from "node:os"
import { basename, join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { StoreError } from "../../castore/error.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { type BuildJob, isWithin } from "./build-job.ts"
import { BuildUsers, mountPlaces } from "./build-user.ts"
import { canaryFault, canaryJob } from "./canary.ts"
import { Cgroups } from "./cgroup.ts"
import { BuildFailure, type BuildLimits, type BuildWatch, type BuiltOutput, type Executor } from "./executor.ts"
import { InputCache } from "./input-cache.ts"
import { readOutput } from "./output-reader.ts"
import { removeTree } from "./remove-tree.ts"
import { sandboxOptions } from "./sandbox.ts"
import { SandboxFolder } from "./sandbox-folder.ts"
import { busyboxPlaces } from "./sandbox-tools.ts"
import { syscallFilter } from "./syscall-filter.ts"
import { rawPath } from "./tree-writer.ts"
import { Watchdog } from "./watchdog.ts"

export interface BubblewrapOptions {
  readonly stores: TreeStores
  /** For inputs and builds under way. */
  readonly folder: string
  readonly limits: BuildLimits
  readonly jobs?: number
  /** A statically linked shell; found if it is not told. */
  readonly shell?: string
}

const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ["x86_64-linux", "i686-linux"],
  arm64: ["aarch64-linux"],
  ia32: ["i686-linux"],
}

/** What this machine builds, by Nix's names. */
export function nativeSystems(): readonly string[] {
  return architectures[arch()] ?? []
}

const filter = syscallFilter(arch())

/** What Nix says of every machine: these are wishes for its size, or need nothing. */
const commonFeatures: readonly string[] = ["benchmark", "big-parallel", "nixos-test"]

/**
 * Enters the control groups and bounds what has no group; then, if there is a user for the build, mounts its folders where that user
 * gets at them, and becomes that user; then gives the builder a terminal to write to. Arguments: files of groups. What is to be run is in
 * the file "run" of the build's folder. Nix, too, has a terminal there: programs write each line at once, and /dev/stderr can be opened.
 */
const launcher = `ulimit -c 0; ulimit -f "$FILE_BLOCKS"; [ -z "$MEMORY" ] || ulimit -v "$MEMORY"
for group; do echo $$ > "$group" || exit 125; done
[ -n "$BUILDER" ] || exec /bin/sh -c "$TERMINAL"
exec unshare --mount --propagation private /bin/sh -c '
  mount --bind "$WORK" "$SEEN_WORK" && mount --bind "$INPUTS" "$SEEN_INPUTS" || exit 125
  WORK="$SEEN_WORK"; cd /
  exec setpriv --reuid "$BUILDER" --regid "$BUILDER" --clear-groups --inh-caps=-all -- /bin/sh -c "$TERMINAL"'`

/** Ends with the gateway (as bubblewrap does with this); without addresses by chance, as Nix; for a smaller architecture if it is one of those. */
const terminal = `[ -z "$MAY_END" ] || set -- setpriv --pdeathsig KILL --
if command -v setarch > /dev/null; then set -- "$@" setarch $ARCHITECTURE -R; fi
if command -v script > /dev/null; then exec "$@" script -qefc '/bin/sh "$WORK/run"' /dev/null; fi
exec "$@" /bin/sh "$WORK/run"`

export class BubblewrapExecutor implements Executor {
  readonly name = "bubblewrap"
  readonly systems: readonly string[] = nativeSystems()
  readonly features: readonly string[] = commonFeatures
  readonly jobs: number
  readonly #stores: TreeStores
  readonly #limits: BuildLimits
  readonly #folder: string
  readonly #inputs: InputCache
  readonly #shell: string | undefined
  #cgroups: Cgroups | null = null
  /** Whether builders are called by their own names, without folders, as Nix does it: `sh`. */
  #namesBuilders = false
  #running = 0
  #tidying: Promise<void> = Promise.resolve()
  /** Undefined where builders are who runs the gateway. */
  #users: { readonly numbers: BuildUsers; readonly work: string; readonly inputs: string } | undefined
  /** Whether setpriv can let a program end with the one that started it. */
  #canEnd = false

  constructor(options: BubblewrapOptions) {
    this.#stores = options.stores
    this.#limits = options.limits
    this.#folder = options.folder
    this.jobs = options.jobs ?? availableParallelism()
    this.#inputs = new InputCache(options.stores, join(options.folder, "inputs"))
    this.#shell = options.shell ?? busyboxPlaces.find((path) => existsSync(path))
  }

  /** Removes what a gateway that died left, and proves the sandbox by a build that tries to get out. */
  async check(): Promise<string | undefined> {
    if (process.platform !== "linux") return "local builds need Linux"
    const version = spawnSync("bwrap", ["--version"], { encoding: "latin1" })
    if (version.status !== 0) return "bubblewrap is missing: apt-get install bubblewrap"
    this.#namesBuilders = namesPrograms(version.stdout)
    if (this.#shell === undefined) return "a static busybox is missing: apt-get install busybox-static"
    this.#cgroups = await Cgroups.find(createHash("sha256").update(this.#folder).digest("hex").slice(0, 12))
    await this.#cgroups?.removeAll()
    await mkdir(join(this.#folder, "work"), { recursive: true })
    for (const name of await readdir(join(this.#folder, "work"))) await removeTree(join(this.#folder, "work", name))
    await this.#inputs.open()
    this.#canEnd = spawnSync("setpriv", ["--pdeathsig", "KILL", "true"]).status === 0
    // What is mounted over is not seen any more.
    const [work, inputs] = mountPlaces.filter((path) => existsSync(path) && !isWithin(realpathSync(this.#folder), path))
    if (process.getuid?.() === 0 && work !== undefined && inputs !== undefined) {
      this.#users = { numbers: new BuildUsers(), work, inputs }
      if ((await this.#tryCanary()) === undefined) return undefined
      // In a container there may be no other users than root.
      this.#users = undefined
    }
    return this.#tryCanary()
  }

  /** Removes inputs that nothing has used for an hour, if no build runs: they can be written again. */
  async tidy(): Promise<void> {
    if (this.#running > 0) return
    this.#tidying = this.#inputs.open(Date.now(), 3_600_000)
    await this.#tidying.finally(() => {
      this.#tidying = Promise.resolve()
    })
  }

  /** Why the sandbox cannot be used; undefined if it can. */
  async #tryCanary(): Promise<string | undefined> {
    let log = ""
    try {
      const signal = AbortSignal.timeout(20_000)
      await this.build(canaryJob(this.systems[0] ?? ""), { log: (bytes) => void (log += Buffer.from(bytes).toString("latin1")), signal })
    } catch (error) {
      return `the sandbox does not work here: ${error instanceof Error ? error.message : String(error)} ${log}`.trim()
    }
    return canaryFault(log)
  }

  async build(job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]> {
    if (job.minMemory > this.#limits.memoryBytes) {
      throw new BuildFailure("input-rejected", `the build wants ${job.minMemory} bytes of memory; there are ${this.#limits.memoryBytes}`)
    }
    // First: then no tidying begins any more.
    this.#running++
    await this.#tidying
    const name = randomUUID()
    const user = this.#users?.numbers.take()
    const folder = new SandboxFolder(join(this.#folder, "work", name), job, user)
    try {
      return await this.#buildIn(folder, { name, job, watch, user })
    } catch (error) {
      if (error instanceof BuildFailure) throw error
      if (watch.signal.aborted) throw new BuildFailure("cancelled", "the build was stopped", { cause: error })
      if (error instanceof StoreError && error.code === "absent") {
        throw new BuildFailure("input-rejected", `an input is not complete: ${error.message}`, { cause: error })
      }
      throw new BuildFailure("infrastructure", error instanceof Error ? error.message : String(error), { cause: error })
    } finally {
      await this.#cgroups?.remove(name)
      await removeTree(folder.folder)
      if (user !== undefined) this.#users?.numbers.giveBack(user)
      this.#running--
    }
  }

  async #buildIn(folder: SandboxFolder, run: Run): Promise<BuiltOutput[]> {
    const { name, job, watch } = run
    await folder.make(job.inputs)
    const [work, trees] = [this.#seen(folder.folder), this.#seen(this.#inputs.folder)]
    const inputs = new Map<string, string>()
    for (const [input, node] of job.inputs) {
      watch.signal.throwIfAborted()
      if (node.kind !== "symlink") inputs.set(input, `${trees}/${basename(await this.#inputs.path(node))}`)
    }
    const scratch = new Map(job.scratchPaths.map((path, i) => [path, `${work}/${basename(folder.scratch(i))}`]))
    const groups = (await this.#cgroups?.make(name, this.#limits)) ?? []
    const places = { root: `${work}/root`, tmp: `${work}/tmp`, isBuilders: run.user === undefined, scratch, inputs, shell: this.#shell! }
    await writeFile(join(folder.folder, "run"), runScript(job.command, this.#namesBuilders), { mode: 0o644 })
    await this.#run(folder, groups, sandboxOptions({ ...job, environment: environmentOf(job) }, places), run)
    const outputs: BuiltOutput[] = []
    for (const path of job.outputs)
      outputs.push({ path, node: await readOutput(this.#stores, { name: path, ...folder.place(path) }, this.#limits) })
    return outputs
  }

  /** Where bubblewrap sees the folder of a build, or that of the inputs. */
  #seen(folder: string): string {
    if (this.#users === undefined) return folder
    return folder === this.#inputs.folder ? this.#users.inputs : this.#users.work
  }

  /** Runs the builder to its end. Throws BuildFailure unless it succeeded. */
  async #run(folder: SandboxFolder, groups: readonly string[], options: Buffer, { name, job, watch, user }: Run): Promise<void> {
    const child = spawn("/bin/sh", ["-c", launcher, "sh", ...groups], {
      stdio: ["ignore", "pipe", "ignore", "pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        SHELL: "/bin/sh", // script runs it
        TERMINAL: terminal,
        ARCHITECTURE: job.system === "i686-linux" ? "i686" : "",
        WORK: folder.folder,
        INPUTS: this.#inputs.folder,
        SEEN_WORK: this.#users?.work,
        SEEN_INPUTS: this.#users?.inputs,
        MAY_END: this.#canEnd ? "yes" : "",
        BUILDER: user === undefined ? "" : String(user),
        FILE_BLOCKS: String(Math.ceil(this.#limits.outputBytes / 512)),
        // Only where no group counts what is really used.
        MEMORY: groups.length > 0 ? "" : String(Math.ceil(this.#limits.memoryBytes / 1024)),
      },
    })
    // It was asked for: "pipe" at 1.
    const output = child.stdio[1] as Readable
    const watchdog = new Watchdog(this.#limits, watch.signal, () => usageOf(folder.folder))
    watchdog.start(() => {
      child.kill("SIGKILL")
      // Whoever left the sandbox's process behind does not outlive it.
      void this.#cgroups?.remove(name)
      output.destroy()
    })
    const status = statusOf(child.stdio[4] as Readable)
    for (const [fd, bytes] of [
      [3, options],
      [5, filter],
    ] as const) {
      // They were asked for; the types know five.
      const pipe = (child.stdio as readonly unknown[])[fd] as Writable
      pipe.on("error", () => {}) // It ended before it read its options; its exit tells.
      pipe.end(bytes)
    }
    output.on("data", (chunk: Buffer) => {
      if (!watchdog.wrote(chunk.length)) return
      watch.log(chunk)
    })
    const [code, signal] = await ended(child)
    watchdog.stop()
    if (watchdog.fault !== undefined) throw watchdog.fault
    if (code === 0) return
    const { started } = await status
    if (!started) throw new BuildFailure("infrastructure", `the sandbox could not be started (status ${code ?? signal})`)
    // Leave to use the network is no duty to have one: most builds of fixed outputs fetch nothing here.
    const network = job.network ? " (builds have no network here: what is to be fetched is fetched by builtin:fetchurl)" : ""
    const memory = (await this.#cgroups?.ranOutOfMemory(name)) === true ? ": it used more memory than it may" : ""
    if (code === null || code > 128) {
      const number = code === null ? signal : `${code - 128}`
      throw new BuildFailure(
        "builder",
        `builder failed due to signal ${number}${memory}${network}`,
        code === null ? {} : { exitCode: code },
      )
    }
    throw new BuildFailure("builder", `builder failed with exit code ${code}${memory}${network}`, { exitCode: code })
  }
}

/** One run of a job. */
interface Run {
  readonly name: string
  readonly job: BuildJob
  readonly watch: BuildWatch
  readonly user: number | undefined
}

/** Runs bubblewrap with a command. Not as arguments of a shell: one of those has 128 kB at most, and goes through many hands. */
function runScript(command: readonly string[], byName: boolean): string {
  const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`
  const options = [...(filter === undefined ? [] : ["--seccomp", "5"]), ...(byName ? ["--argv0", quoted(basename(command[0]!))] : [])]
  const words = [...options, "--", ...command.map(quoted)].join(" ")
  // As Nix has it, bytes pass as they are.
  return `[ ! -t 1 ] || stty raw -echo -iexten < /dev/stdout\nexec bwrap --args 3 --json-status-fd 4 ${words} <> /dev/null 2>&1\n`
}

/** Whether this bubblewrap can call a program otherwise than by its path: 0.9 was the first. */
function namesPrograms(version: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) > 0 || Number(minor) >= 9
}

/** The variables of a job; "all processors" becomes their number, because "make -j0" is an error. C++ Nix: initEnv */
function environmentOf({ environment, derivation }: BuildJob): ReadonlyMap<string, Uint8Array> {
  const cores = environment.get("NIX_BUILD_CORES")
  if (cores === undefined || Buffer.compare(cores, Buffer.from("0")) !== 0 || derivation?.drv.env.has("NIX_BUILD_CORES") === true)
    return environment
  return new Map([...environment, ["NIX_BUILD_CORES", Buffer.from(String(availableParallelism()))]])
}

function ended(child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code, signal) => resolve([code, signal]))
  })
}

/** What bubblewrap says of its child: whether it came so far as to have one. */
async function statusOf(stream: Readable): Promise<{ readonly started: boolean }> {
  let text = ""
  try {
    for await (const chunk of stream) text += String(chunk)
  } catch {
    // Broken off with the process: what came until then counts.
  }
  return { started: text.includes('"child-pid"') }
}

/** Bytes of all files below a folder. */
async function usageOf(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(rawPath(folder), { withFileTypes: true, encoding: "latin1" as BufferEncoding }).catch(() => [])) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) bytes += await usageOf(path)
    else if (entry.isFile()) bytes += (await stat(rawPath(path)).catch(() => ({ blocks: 0 }))).blocks * 512
  }
  return bytes
}
