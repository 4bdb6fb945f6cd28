// Bounds of memory and of processes for a build, by the kernel's control groups: version 1 (a tree for each controller) or
// version 2 (one tree). Where neither can be written, builds have resource limits alone (sandbox.ts).

import { existsSync } from "node:fs"
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { BuildLimits } from "./executor.ts"

export class Cgroups {
  /** The folders in which groups are made: one each for memory and processes, or one for both. */
  readonly #roots: readonly string[]
  readonly #unified: boolean
  /** Our groups have this in their names, so that those of a gateway that died can be found. */
  readonly #prefix: string

  private constructor(roots: readonly string[], unified: boolean, owner: string) {
    this.#roots = roots
    this.#unified = unified
    this.#prefix = `thunkpad-${owner}-`
  }

  /** The control groups of this machine that can be used; null if none can. `owner` is in their names. */
  static async find(owner: string, mount = "/sys/fs/cgroup"): Promise<Cgroups | null> {
    const separate = [join(mount, "memory"), join(mount, "pids")]
    if (separate.every((root) => existsSync(join(root, "cgroup.procs"))) && (await canMake(separate)))
      return new Cgroups(separate, false, owner)
    if (!existsSync(join(mount, "cgroup.controllers"))) return null
    try {
      await writeFile(join(mount, "cgroup.subtree_control"), "+memory +pids")
    } catch {
      return null // It belongs to somebody else.
    }
    return (await canMake([mount])) ? new Cgroups([mount], true, owner) : null
  }

  /** Makes the groups of a build; gives the files that a process writes its number to. */
  async make(name: string, limits: BuildLimits): Promise<string[]> {
    const folders = this.#foldersOf(name)
    for (const folder of folders) await mkdir(folder, { recursive: true })
    const [memory, pids] = this.#unified ? [folders[0]!, folders[0]!] : [folders[0]!, folders[1]!]
    await writeFile(join(memory, this.#unified ? "memory.max" : "memory.limit_in_bytes"), String(limits.memoryBytes))
    // Swap would only make it slow before it is stopped. Not every kernel counts it.
    await writeFile(
      join(memory, this.#unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes"),
      this.#unified ? "0" : String(limits.memoryBytes),
    ).catch(() => {})
    await writeFile(join(pids, "pids.max"), String(limits.processes))
    return folders.map((folder) => join(folder, "cgroup.procs"))
  }

  /** Whether a process of the build was stopped for its memory. */
  async ranOutOfMemory(name: string): Promise<boolean> {
    const [memory] = this.#foldersOf(name)
    const file = join(memory!, this.#unified ? "memory.events" : "memory.oom_control")
    const text = await readFile(file, "utf8").catch(() => "")
    return /^oom_kill [1-9]/m.test(text)
  }

  /** Ends whatever is left of a build and removes its groups. */
  async remove(name: string): Promise<void> {
    for (const folder of this.#foldersOf(name)) await removeGroup(folder)
  }

  /** Ends and removes what a gateway that died has left. */
  async removeAll(): Promise<void> {
    for (const root of this.#roots) {
      for (const entry of await readdir(root)) if (entry.startsWith(this.#prefix)) await removeGroup(join(root, entry))
    }
  }

  #foldersOf(name: string): string[] {
    return this.#roots.map((root) => join(root, this.#prefix + name))
  }
}

async function canMake(roots: readonly string[]): Promise<boolean> {
  try {
    for (const root of roots) {
      const folder = join(root, `thunkpad-probe-${process.pid}`)
      await mkdir(folder)
      await rmdir(folder)
    }
    return true
  } catch {
    return false // not root, or mounted read-only
  }
}

async function removeGroup(folder: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const members = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "")
    for (const line of members.split("\n")) {
      if (line === "") continue
      try {
        process.kill(Number(line), "SIGKILL")
      } catch {
        // It has ended by itself.
      }
    }
    try {
      await rmdir(folder)
      return
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return
      // Processes take a moment to end.
      await sleep(10)
    }
  }
}
