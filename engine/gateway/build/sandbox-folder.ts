// The folders of one build on the machine: the root that the builder sees, with its /etc and /tmp, the scratch folders beside it,
// and a mount point for each input. What belongs to whom is as in Nix's sandbox: all is root's, /build is the builder's, the store
// is its group's to write to. C++ Nix: libstore/unix/build/chroot.cc
//
//   root/      /
//   tmp/       /tmp
//   scratch-N/ the N-th scratch path

import { chmod, chown, mkdir, symlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Node } from "../../castore/node.ts"
import { type BuildJob, isWithin } from "./build-job.ts"
import { etcFiles } from "./sandbox.ts"
import { rawPath } from "./tree-writer.ts"

/** Where something of a build is: `path` below the folder `root` of the machine. */
export interface Place {
  readonly root: string
  readonly path: string
}

export class SandboxFolder {
  readonly folder: string
  readonly #job: BuildJob
  /** Who builds; undefined if that is who runs the gateway. */
  readonly #user: number | undefined

  constructor(folder: string, job: BuildJob, user: number | undefined) {
    this.folder = folder
    this.#job = job
    this.#user = user
  }

  get root(): string {
    return join(this.folder, "root")
  }

  get tmp(): string {
    return join(this.folder, "tmp")
  }

  /** The folder of the N-th scratch path. */
  scratch(index: number): string {
    return join(this.folder, `scratch-${index}`)
  }

  /** Where a path of the build is; paths that are in no scratch path are in the root. */
  place(path: string): Place {
    const index = this.#job.scratchPaths.findIndex((outer) => isWithin(path, outer))
    if (index < 0) return { root: this.root, path }
    return { root: this.scratch(index), path: path.slice(this.#job.scratchPaths[index]!.length + 1) }
  }

  /** Makes them. */
  async make(inputs: ReadonlyMap<string, Node>): Promise<void> {
    const { folder, root, tmp } = this
    const job = this.#job
    await mkdir(folder)
    for (const path of [root, tmp]) await mkdir(path)
    await chmod(tmp, 0o1777)
    for (const path of ["bin", "dev", "etc", "proc", "tmp", ...job.scratchPaths, job.inputsDir]) {
      await mkdir(join(root, path), { recursive: true })
    }
    if (job.binSh) await writeFile(join(root, "bin/sh"), "")
    for (const [file, text] of Object.entries(etcFiles)) await writeFile(join(root, "etc", file), text)
    for (const [i, path] of job.scratchPaths.entries()) await this.#makeScratch(this.scratch(i), path === job.inputsDir)
    for (const [name, node] of inputs) await this.#mountPoint(name, node)
    for (const [path, contents] of job.files) await this.#file(path, contents)
    // Nobody but the builder comes in.
    await this.#open(folder, 0o750)
    await this.#open(root, this.#user === undefined ? 0o755 : 0o750)
  }

  /** Nix's store is everybody's to write to who is in the builders' group; the other places are the builder's alone. */
  async #makeScratch(path: string, isStore: boolean): Promise<void> {
    await mkdir(path)
    if (isStore) return this.#open(path, 0o1775)
    await this.#give(path)
    await chmod(path, 0o700)
  }

  /** What an input is mounted on, which bubblewrap would make as the builder's; symlinks are there at once, because nothing can be mounted as one. */
  async #mountPoint(name: string, node: Node): Promise<void> {
    const place = this.place(`${this.#job.inputsDir}/${name}`)
    const path = rawPath(`${Buffer.from(place.root, "utf8").toString("latin1")}/${place.path}`)
    if (node.kind === "symlink") await symlink(rawPath(node.target), path)
    else if (node.kind === "directory") await mkdir(path)
    else await writeFile(path, "")
  }

  async #file(path: string, contents: Uint8Array): Promise<void> {
    const place = this.place(path)
    const file = join(place.root, place.path)
    const made = await mkdir(dirname(file), { recursive: true })
    for (let above = dirname(file); made !== undefined && above.length >= made.length; above = dirname(above)) await this.#give(above)
    await writeFile(file, contents, { flag: "wx" })
    await this.#give(file)
  }

  async #give(path: string): Promise<void> {
    if (this.#user !== undefined) await chown(path, this.#user, this.#user)
  }

  /** Leaves a folder to its owner, and opens it for the builder's group. */
  async #open(path: string, mode: number): Promise<void> {
    if (this.#user !== undefined) await chown(path, 0, this.#user)
    await chmod(path, mode)
  }
}
