// Builds on this machine, in sandboxes that bubblewrap makes.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash, randomUUID } from "node:crypto"
import { existsSync } from "node:fs"
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises"
import { arch, availableParallelism } from "node:os"
import { dirname, join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { StoreError } from "../../castore/error.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { type BuildJob, isWithin } from "./build-job.ts"
import { canaryFault, canaryJob } from "./canary.ts"
import { Cgroups } from "./cgroup.ts"
import { BuildFailure, type BuildLimits, type BuildWatch, type BuiltOutput, type Executor } from "./executor.ts"
import { InputCache } from "./input-cache.ts"
import { readOutput } from "./output-reader.ts"
import { removeTree } from "./remove-tree.ts"
import { etcFiles, sandboxOptions } from "./sandbox.ts"
import { busyboxPlaces } from "./sandbox-tools.ts"
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

const architectures: Readonly<Record<string, readonly string[]>> = { x64: ["x86_64-linux"], arm64: ["aarch64-linux"], ia32: ["i686-linux"] }

/** What this machine builds, by Nix's names. */
export function nativeSystems(): readonly string[] {
  return architectures[arch()] ?? []
}

/** Enters the control groups, bounds what has no group, and becomes bubblewrap. Arguments: files of groups, "--", the command. */
const launcher = `ulimit -c 0; ulimit -f "$FILE_BLOCKS"; [ -z "$MEMORY" ] || ulimit -v "$MEMORY"
while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift
exec bwrap --args 3 --json-status-fd 4 -- "$@" 2>&1`

export class BubblewrapExecutor implements Executor {
  readonly name = "bubblewrap"
  readonly systems: readonly string[] = nativeSystems()
  readonly features: readonly string[] = []
  readonly jobs: number
  readonly #stores: TreeStores
  readonly #limits: BuildLimits
  readonly #folder: string
  readonly #inputs: InputCache
  readonly #shell: string | undefined
  #cgroups: Cgroups | null = null

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
    if (spawnSync("bwrap", ["--version"]).status !== 0) return "bubblewrap is missing: apt-get install bubblewrap"
    if (this.#shell === undefined) return "a static busybox is missing: apt-get install busybox-static"
    this.#cgroups = await Cgroups.find(createHash("sha256").update(this.#folder).digest("hex").slice(0, 12))
    await this.#cgroups?.removeAll()
    await mkdir(join(this.#folder, "work"), { recursive: true })
    for (const name of await readdir(join(this.#folder, "work"))) await removeTree(join(this.#folder, "work", name))
    await this.#inputs.open()
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
    const name = randomUUID()
    const folder = join(this.#folder, "work", name)
    try {
      return await this.#buildIn(folder, name, job, watch)
    } catch (error) {
      if (error instanceof BuildFailure) throw error
      if (watch.signal.aborted) throw new BuildFailure("cancelled", "the build was stopped", { cause: error })
      if (error instanceof StoreError && error.code === "absent") {
        throw new BuildFailure("input-rejected", `an input is not complete: ${error.message}`, { cause: error })
      }
      throw new BuildFailure("infrastructure", error instanceof Error ? error.message : String(error), { cause: error })
    } finally {
      await this.#cgroups?.remove(name)
      await removeTree(folder)
    }
  }

  async #buildIn(folder: string, name: string, job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]> {
    const scratch = await prepare(folder, job)
    /** The folder of the machine that a path of the build is in, and where it is there. */
    const placeOf = (path: string): { readonly root: string; readonly path: string } => {
      const inside = job.scratchPaths.find((outer) => isWithin(path, outer))!
      return { root: scratch.get(inside)!, path: path.slice(inside.length + 1) }
    }
    for (const [path, contents] of job.files) {
      const place = placeOf(path)
      const file = join(place.root, place.path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, contents, { flag: "wx" })
    }
    const inputs = new Map<string, string>()
    const links = new Map<string, string>()
    for (const [input, node] of job.inputs) {
      watch.signal.throwIfAborted()
      if (node.kind === "symlink") links.set(input, node.target)
      else inputs.set(input, await this.#inputs.path(node))
    }
    const etc = join(folder, "etc")
    const tmp = join(folder, "tmp")
    await mkdir(etc)
    await mkdir(tmp)
    await chmod(tmp, 0o1777)
    for (const [file, text] of Object.entries(etcFiles)) await writeFile(join(etc, file), text)
    const groups = (await this.#cgroups?.make(name, this.#limits)) ?? []
    const options = sandboxOptions(job, { scratch, inputs, links, etc, tmp, shell: this.#shell! })
    await this.#run(job, options, groups, name, folder, watch)
    const outputs: BuiltOutput[] = []
    for (const path of job.outputs)
      outputs.push({ path, node: await readOutput(this.#stores, { name: path, ...placeOf(path) }, this.#limits) })
    return outputs
  }

  /** Runs the builder to its end. Throws BuildFailure unless it succeeded. */
  async #run(job: BuildJob, options: Buffer, groups: readonly string[], name: string, folder: string, watch: BuildWatch): Promise<void> {
    const child = spawn("/bin/sh", ["-c", launcher, "sh", ...groups, "--", ...job.command], {
      stdio: ["ignore", "pipe", "ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        FILE_BLOCKS: String(Math.ceil(this.#limits.outputBytes / 512)),
        // Only where no group counts what is really used.
        MEMORY: groups.length > 0 ? "" : String(Math.ceil(this.#limits.memoryBytes / 1024)),
      },
    })
    // It was asked for: "pipe" at 1.
    const output = child.stdio[1] as Readable
    const watchdog = new Watchdog(this.#limits, watch.signal, () => usageOf(folder))
    watchdog.start(() => {
      child.kill("SIGKILL")
      // Whoever left the sandbox's process behind does not outlive it.
      void this.#cgroups?.remove(name)
      output.destroy()
    })
    const status = statusOf(child.stdio[4] as Readable)
    const pipe = child.stdio[3] as Writable
    pipe.on("error", () => {}) // It ended before it read its options; its exit tells.
    pipe.end(options)
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

/** Makes the folders of a build; gives those of its scratch paths. */
async function prepare(folder: string, job: BuildJob): Promise<Map<string, string>> {
  await mkdir(folder, { mode: 0o700 })
  const scratch = new Map<string, string>()
  for (const [i, path] of job.scratchPaths.entries()) {
    const place = join(folder, `scratch-${i}`)
    await mkdir(place)
    // As Nix has them: its store is everybody's to write to, the rest the builder's.
    await chmod(place, path === job.inputsDir ? 0o1775 : 0o700)
    scratch.set(path, place)
  }
  return scratch
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
