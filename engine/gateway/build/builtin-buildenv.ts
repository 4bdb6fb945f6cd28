// builtin:buildenv, by which nix-env makes profiles: one tree of symlinks to all packages. Packages with lower numbers go before
// those with higher ones; two of one number must not have the same file; a folder that several have becomes one.
// C++ Nix: libstore/builtins/buildenv.cc

import { setImmediate } from "node:timers/promises"
import { directoryNode, directoryOf } from "../../castore/directory.ts"
import type { Directory, Node } from "../../castore/node.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import type { BuildJob } from "./build-job.ts"
import { attribute, onlyOutput } from "./builtin-attribute.ts"
import { BuildFailure, type BuildLimits, type BuildWatch } from "./executor.ts"
import { type FoundFile, InputFiles } from "./input-files.ts"

interface Package {
  readonly path: string
  readonly priority: number
}

/** A symlink that was made, and how much its package counts. */
interface Link {
  readonly kind: "link"
  readonly target: string
  readonly priority: number
}

interface Folder {
  readonly kind: "folder"
  readonly entries: Map<string, Link | Folder>
}

/** What never shows up in a profile: it is of no use there, or every package has it. */
const leftOut = [
  "/propagated-build-inputs",
  "/nix-support",
  "/perllocal.pod",
  "/info/dir",
  "/log",
  "/manifest.nix",
  "/manifest.json",
] as const

/** What propagated packages count, beginning with this; each next one counts less. */
const propagatedPriority = 1000

/** Files that are looked at between two moments when others have their turn. */
const inOneGo = 500

/** Builds the tree. Throws BuildFailure, StoreError, and what the signal says. */
export async function buildEnvironment(stores: TreeStores, job: BuildJob, limits: BuildLimits, watch: BuildWatch): Promise<Node> {
  const out = onlyOutput(job)
  const environment = new Environment(new InputFiles(stores, job), `/${out}`, limits.outputEntries, watch)
  const packages = parsePackages(attribute(job, "derivations"))
  const manifest = attribute(job, "manifest")
  await environment.addAll(packages)
  environment.top.entries.set("manifest.nix", { kind: "link", target: manifest, priority: 0 })
  const directories: Directory[] = []
  const node = sealed(environment.top, directories)
  await stores.directories.putMany(directories)
  return node
}

/** The packages that are active: for each "active priority count path…". */
function parsePackages(text: string): Package[] {
  const words = text.split(/[ \t\n\r]+/).filter((word) => word !== "")
  const number = (word: string | undefined): number => {
    if (word === undefined || !/^[+-]?\d+$/.test(word)) throw malformed()
    return Number(word)
  }
  const packages: Package[] = []
  for (let at = 0; at < words.length; ) {
    const active = words[at] !== "false"
    const priority = number(words[at + 1])
    const count = number(words[at + 2])
    const paths = words.slice(at + 3, at + 3 + count)
    if (count < 0 || paths.length < count) throw malformed()
    at += 3 + count
    if (active) for (const path of paths) packages.push({ path, priority })
  }
  return packages.sort((a, b) => a.priority - b.priority || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

function malformed(): BuildFailure {
  return new BuildFailure("builder", "the attribute 'derivations' is not a list of packages")
}

class Environment {
  readonly top: Folder = { kind: "folder", entries: new Map() }
  readonly #files: InputFiles
  readonly #out: string
  readonly #most: number
  readonly #watch: BuildWatch
  #seen = 0
  readonly #done = new Set<string>()
  #postponed = new Set<string>()

  /** `most`: files that are looked at. */
  constructor(files: InputFiles, out: string, most: number, watch: BuildWatch) {
    this.#files = files
    this.#out = out
    this.#most = most
    this.#watch = watch
  }

  async addAll(packages: readonly Package[]): Promise<void> {
    for (const { path, priority } of packages) await this.#add(path, priority)
    // What packages want to have beside them comes later, and counts less.
    for (let priority = propagatedPriority; this.#postponed.size > 0; ) {
      const paths = [...this.#postponed].sort()
      this.#postponed = new Set()
      for (const path of paths) await this.#add(path, priority++)
    }
  }

  async #add(path: string, priority: number): Promise<void> {
    if (this.#done.has(path)) return
    this.#done.add(path)
    await this.#link(path, this.top, this.#out, priority)
    const list = await this.#files.find(`${path}/nix-support/propagated-user-env-packages`)
    if (list === null) return
    if (list.node.kind !== "file") throw new BuildFailure("builder", `reading from file '${list.path}': Is a directory`)
    const text = Buffer.from(await this.#files.read(list.node)).toString("latin1")
    for (const other of text.split(/[ \n]+/)) if (other !== "" && !this.#done.has(other)) this.#postponed.add(other)
  }

  #warn(text: string): void {
    this.#watch.log(Buffer.from(`warning: ${text}\n`, "latin1"))
  }

  /** Symlinks that go round in circles make small trees large. */
  async #count(): Promise<void> {
    if (++this.#seen > this.#most) throw new BuildFailure("output-limit", `the packages have more than ${this.#most} files`)
    if (this.#seen % inOneGo === 0) await setImmediate()
    this.#watch.signal.throwIfAborted()
  }

  /** Links all that is in the directory `source` from the folder `target`, which is at `place`. */
  async #link(source: string, target: Folder, place: string, priority: number): Promise<void> {
    const found = await this.#files.find(source)
    if (found === null) throw new BuildFailure("builder", `opening directory '${source}': No such file or directory`)
    if (found.node.kind !== "directory") {
      this.#warn(`not including '${source}' in the user environment because it's not a directory`)
      return
    }
    for (const name of (await this.#files.entries(found.node)).keys()) {
      await this.#count()
      if (name.startsWith(".")) continue
      const [from, to] = [`${source}/${name}`, `${place}/${name}`]
      const file = await this.#files.find(from)
      if (file === null) {
        this.#warn(`skipping dangling symlink '${to}'`)
        continue
      }
      if (leftOut.some((end) => from.endsWith(end))) continue
      const isFolder = file.node.kind === "directory"
      if (isFolder ? await this.#merged(from, target, name, to, priority) : isBeaten(from, target, name, to, priority)) continue
      target.entries.set(name, { kind: "link", target: from, priority })
    }
  }

  /** Whether a directory has come together with what was there before. */
  async #merged(from: string, target: Folder, name: string, to: string, priority: number): Promise<boolean> {
    const before = target.entries.get(name)
    if (before === undefined) return false
    if (before.kind === "folder") {
      await this.#link(from, before, to, priority)
      return true
    }
    const other = await this.#goal(before)
    if (other.node.kind !== "directory") throw new BuildFailure("builder", `collision between '${from}' and non-directory '${other.path}'`)
    const folder: Folder = { kind: "folder", entries: new Map() }
    target.entries.set(name, folder)
    await this.#link(other.path, folder, to, before.priority)
    await this.#link(from, folder, to, priority)
    return true
  }

  async #goal({ target }: Link): Promise<FoundFile> {
    const found = await this.#files.find(target)
    if (found === null) throw new BuildFailure("infrastructure", `'${target}' is gone`) // it was there when it was linked
    return found
  }
}

/** Whether what is there before counts more than a file. Throws BuildFailure if both count the same. */
function isBeaten(from: string, target: Folder, name: string, to: string, priority: number): boolean {
  const before = target.entries.get(name)
  if (before === undefined) return false
  if (before.kind === "folder") throw new BuildFailure("builder", `collision between non-directory '${from}' and directory '${to}'`)
  if (before.priority !== priority) return before.priority < priority
  throw new BuildFailure(
    "builder",
    `Unable to build profile. There is a conflict for the following files:\n\n  ${before.target}\n  ${from}`,
  )
}

/** The tree of a folder; `directories` gets all of it, children first. */
function sealed(folder: Folder, directories: Directory[]): Node {
  const directory = directoryOf(
    [...folder.entries].map(([name, entry]): [string, Node] => [
      name,
      entry.kind === "link" ? { kind: "symlink", target: entry.target } : sealed(entry, directories),
    ]),
  )
  directories.push(directory)
  return directoryNode(directory)
}
