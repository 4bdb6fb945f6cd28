// The inputs of a build as the file system that a builder sees: absolute paths, symlinks followed from one input to the other.
// Paths are byte strings. What is of the machine (/bin, /etc …) is not there.

import type { Directory, Node } from "../../castore/node.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { directoryOfNode } from "../../castore/walk.ts"
import type { BuildJob } from "./build-job.ts"
import { BuildFailure } from "./executor.ts"

/** Linux's own bound. */
const mostLinks = 40

/** A file or directory, never a symlink, and its path without symlinks. */
export interface FoundFile {
  readonly path: string
  readonly node: Exclude<Node, { readonly kind: "symlink" }>
}

export class InputFiles {
  readonly #stores: TreeStores
  readonly #inputs: ReadonlyMap<string, Node>
  readonly #folder: readonly string[]

  constructor(stores: TreeStores, job: BuildJob) {
    this.#stores = stores
    this.#inputs = job.inputs
    this.#folder = job.inputsDir.split("/")
  }

  /** What is at a path in the end; null if nothing is. Throws BuildFailure for symlinks that go round in circles. */
  async find(path: string): Promise<FoundFile | null> {
    const left = names(path)
    let done: { readonly name: string; readonly node: Node | undefined }[] = []
    for (let links = 0; left.length > 0; ) {
      const name = left.shift()!
      if (name === "..") {
        done.pop()
        continue
      }
      const node = await this.#child(
        done.map((each) => each.name),
        done.at(-1)?.node,
        name,
      )
      if (node === null) return null
      if (node?.kind !== "symlink") {
        done.push({ name, node })
        continue
      }
      if (++links > mostLinks) throw new BuildFailure("builder", `getting status of '${path}': Too many levels of symbolic links`)
      if (node.target.startsWith("/")) done = []
      left.unshift(...names(node.target))
    }
    const node = done.at(-1)?.node
    if (node === undefined || node.kind === "symlink") return null
    return { path: `/${done.map((each) => each.name).join("/")}`, node }
  }

  /** What has this name in a directory: null if nothing has, undefined for the folders above the inputs, which are no trees. */
  async #child(above: readonly string[], directory: Node | undefined, name: string): Promise<Node | undefined | null> {
    if (directory !== undefined) {
      return directory.kind === "directory" ? ((await this.entries(directory)).get(name) ?? null) : null
    }
    if (above.length === this.#folder.length) return this.#inputs.get(name) ?? null
    return this.#folder[above.length] === name ? undefined : null
  }

  /** The entries of a directory. Throws StoreError `absent`, `damaged`. */
  entries(directory: Extract<Node, { readonly kind: "directory" }>): Promise<Directory> {
    return directoryOfNode(this.#stores.directories, directory.digest)
  }

  /** The bytes of a small file. Throws StoreError `absent`, `damaged`. */
  async read(file: Extract<Node, { readonly kind: "file" }>): Promise<Uint8Array> {
    const reader = await this.#stores.blobs.open(file.digest)
    if (reader === null) throw new BuildFailure("input-rejected", `an input is not complete: the blob ${file.digest} is absent`)
    return reader.read(0, reader.size)
  }
}

function names(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".")
}
