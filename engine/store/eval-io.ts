// EvalIO: the evaluator's host over a store. It sees the mounts (files given as data, trees of the store at paths of their own) and
// the store's objects. Everything is read when it is asked for; what is not at hand makes evaluation wait (Pending), and then more is
// fetched than was asked for, because each wait repeats some work (eval-io-prefetch.ts). Putting things into the store is in
// eval-io-import.ts. C++ Nix: EvalState's rootFS and storeFS, fetch-to-store.cc, primops.cc

import type { B3Digest } from "../castore/digest.ts"
import { StoreError } from "../castore/error.ts"
import type { Directory, DirectoryNode, FileNode } from "../castore/node.ts"
import { NixError, Pending } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import type { DownloadRequest, FetchAttrs, FetchedTree, FileType, Host, ImportRequest, OutputRequest } from "../eval/host.ts"
import { lastName, parentPath } from "../eval/path.ts"
import { FormatError } from "../formats/error.ts"
import { parseBareHash } from "../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import { parseBaseName, parseStorePath, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { Builder, BuiltOutput } from "./builder.ts"
import { Importer } from "./eval-io-import.ts"
import { Prefetcher, type Purpose, type Window } from "./eval-io-prefetch.ts"
import type { HotStore } from "./hot-store.ts"
import { covered, type Entry, entryPath, isDirectory, type Mounts, type OverlayEntry, typeOf } from "./mount.ts"
import type { StoredPath } from "./path-info-store.ts"

export interface EvalIOOptions {
  readonly mounts: Mounts
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Seconds since 1970. */
  readonly now?: () => number
  /** How much is fetched ahead; `no` window fetches only what is asked for. */
  readonly window?: Window
  /** Brings an object that is not in the store into it, if it can; asked once per path. */
  readonly substitute?: (path: StorePath) => Promise<StoredPath | null>
  /** The network; without it nothing is fetched, and whatever needs it says that it is not allowed. */
  readonly network?: Network
  /** Builds what evaluation needs; without it, whatever needs a build says that it is not allowed. */
  readonly builder?: Builder
}

/** What fetches into the store. Methods reject with NixError or StoreError. */
export interface Network {
  /** Gives the full store path. */
  download(request: DownloadRequest): Promise<string>
  fetchTree(input: FetchAttrs): Promise<FetchedTree>
}

/** How often evaluation had to wait, and for what. */
export interface WaitCounts {
  directories: number
  files: number
  infos: number
  /** Hashes of archives, writing, fetching. */
  others: number
}

/** V8's longest string, in characters. */
const LONGEST = 2 ** 29 - 24
/** Paths whose entries are remembered. */
const PATHS = 200_000

export class EvalIO implements Host {
  readonly storeDir: string
  readonly cwd: string
  readonly hot: HotStore
  readonly waits: WaitCounts = { directories: 0, files: 0, infos: 0, others: 0 }
  /** What evaluation has put into the store or fetched: garbage collection leaves it alone as long as the run is open (Nix's temporary roots). */
  readonly made = new Set<StorePath>()
  /** Finished lines that evaluation printed; whoever takes them empties it. */
  lines: string[] = []
  readonly #mounts: Mounts
  readonly #env: Readonly<Record<string, string>>
  readonly #now: () => number
  readonly #substitute: EvalIOOptions["substitute"]
  readonly #network: Network | undefined
  readonly #builder: Builder | undefined
  /** Addresses by the store paths of what they are known to contain, where nothing may be fetched. */
  readonly #unfetched = new Map<StorePath, string>()
  readonly #importer: Importer
  readonly #prefetcher: Prefetcher
  /** What is at a path, once it was looked up. */
  readonly #entries = new Map<string, Entry | null>()
  readonly #types = new WeakMap<object, ReadonlyMap<string, FileType>>()
  /** Store paths that are not there, as far as this run knows. */
  readonly #absent = new Set<StorePath>()
  readonly #listed = new Set<StorePath>()
  #isListed = false
  /** What is being fetched, by what it is. */
  readonly #fetching = new Map<string, Promise<void>>()
  readonly #faults = new Map<string, NixError | StoreError | FormatError>()
  /** Digests fetched so far: what is fetched a second time is pinned (see HotCache). */
  readonly #fetched = new Set<B3Digest>()
  readonly #answers = new Map<string, unknown>()

  constructor(hot: HotStore, options: EvalIOOptions) {
    this.hot = hot
    this.storeDir = hot.storeDir
    this.cwd = options.cwd ?? "/"
    this.#mounts = options.mounts
    this.#env = options.env ?? {}
    this.#now = options.now ?? hot.now
    this.#substitute = options.substitute
    this.#prefetcher = new Prefetcher(hot, options.window)
    this.#importer = new Importer(this)
    this.#network = options.network
    this.#builder = options.builder
  }

  /** How often evaluation had to wait, in all. */
  get rounds(): number {
    const { directories, files, infos, others } = this.waits
    return directories + files + infos + others
  }

  lstat(path: string): FileType | null {
    const entry = this.entry(path)
    return entry === null ? null : typeOf(entry)
  }

  readLink(path: string): string {
    const entry = this.entry(path)
    if (entry?.kind === "symlink") return entry.target
    throw new NixError("error", `reading symbolic link '${path}': ${entry === null ? "No such file or directory" : "Invalid argument"}`, 0)
  }

  readFile(path: string): string {
    const entry = this.entry(path)
    if (entry?.kind === "text") return entry.text
    if (entry?.kind === "file") return this.fileText(entry, path, "source")
    throw new NixError("error", `opening file '${path}': ${entry === null ? "No such file or directory" : "Is a directory"}`, 0)
  }

  isExecutable(path: string): boolean {
    const entry = this.entry(path)
    return (entry?.kind === "text" || entry?.kind === "file") && entry.executable
  }

  readDir(path: string): ReadonlyMap<string, FileType> {
    const entry = this.entry(path)
    if (entry === null || !isDirectory(entry))
      throw new NixError("error", `opening directory '${path}': ${entry === null ? "No such file or directory" : "Not a directory"}`, 0)
    if (entry.kind === "directory") {
      const directory = this.directory(entry, path)
      let types = this.#types.get(directory)
      if (types === undefined) {
        types = new Map([...directory].map(([name, node]) => [name, typeOf(node)]))
        this.#types.set(directory, types)
      }
      return types
    }
    return new Map([...this.children(entry, path)].map(([name, child]) => [name, typeOf(child)]))
  }

  getEnv(name: string): string {
    return this.#env[name] ?? ""
  }

  now(): number {
    return this.#now()
  }

  log(line: string): void {
    this.lines.push(line)
  }

  addToStore(request: ImportRequest): string {
    return this.#importer.addToStore(request)
  }

  addTextToStore(name: string, contents: string, references: readonly string[], path?: string): string {
    return this.#importer.addText(name, contents, references, path)
  }

  references(storePath: string): readonly string[] | undefined {
    const path = reading(() => parseStorePath(storePath, this.storeDir))
    const text = this.hot.queue.text(path)
    if (text !== undefined) return text.references.map((r) => `${this.storeDir}/${r}`)
    return this.object(path)?.references.map((r) => `${this.storeDir}/${r}`)
  }

  ensurePath(storePath: string): void {
    if (this.lstat(storePath) === null) throw new NixError("error", `path '${storePath}' does not exist and cannot be created`, 0)
  }

  prepare(path: string): void {
    this.#importer.prepare(path)
  }

  isValidPath(storePath: string): boolean {
    const path = reading(() => parseStorePath(storePath, this.storeDir))
    return this.hot.queue.text(path) !== undefined || this.#lookUp(path) !== undefined
  }

  isStoredPath(storePath: string): boolean {
    const path = reading(() => parseStorePath(storePath, this.storeDir))
    if (this.hot.queue.text(path) !== undefined || this.hot.info(path) !== undefined) return true
    return this.answer(`stored ${path}`, `looking for path '${storePath}'`, () => this.#prefetcher.object(path))
  }

  /** Fetches, if that is allowed; else a known hash still tells the store path, and what needs the content complains later. */
  download(request: DownloadRequest): string {
    const network = this.#network
    const { url, name, unpack, sha256 } = request
    if (network !== undefined) {
      const key = `download ${JSON.stringify([url, name, unpack, sha256])}`
      return this.answer(key, "", async () => this.#arrived(await network.download(request)))
    }
    if (sha256 === undefined) throw new NixError("not-allowed", `downloading '${url}' has not been allowed`, 0)
    const address = { method: unpack ? ("nar" as const) : ("flat" as const), hash: parseBareHash(sha256, "sha256") }
    const path = reading(() => makeFixedOutputPath(name, address, undefined, this.storeDir))
    this.#unfetched.set(path, url)
    return printStorePath(path, this.storeDir)
  }

  fetchTree(input: FetchAttrs): FetchedTree {
    const network = this.#network
    if (network === undefined) throw new NixError("not-allowed", "fetching has not been allowed", 0)
    const key = JSON.stringify([...input].map(([name, value]) => [name, typeof value === "bigint" ? `${value}` : value]))
    return this.answer(`fetch ${key}`, "", async () => {
      const tree = await network.fetchTree(input)
      this.#arrived(tree.storePath)
      return tree
    })
  }

  /** Has outputs built, if that is allowed; evaluation goes on with other things meanwhile. */
  realise(outputs: readonly OutputRequest[]): readonly string[] {
    const builder = this.#builder
    const wanted = outputs.map(({ drvPath, output }) => ({ drvPath: reading(() => parseStorePath(drvPath, this.storeDir)), output }))
    if (builder === undefined) {
      const [first] = outputs
      throw new NixError(
        "build-not-allowed",
        `cannot build '${first?.drvPath}^${first?.output}' during evaluation: building has not been allowed`,
        0,
      )
    }
    const key = `realise ${outputs.map(({ drvPath, output }) => `${drvPath}!${output}`).join(" ")}`
    return this.#answerLong(key, () => this.#built(builder, wanted))
  }

  /** Has outputs built for somebody else, so that evaluation sees them. Rejects with NixError. */
  async build(builder: Builder, outputs: readonly OutputRequest[]): Promise<readonly string[]> {
    try {
      return await this.#built(
        builder,
        outputs.map(({ drvPath, output }) => ({ drvPath: reading(() => parseStorePath(drvPath, this.storeDir)), output })),
      )
    } catch (e) {
      throw e instanceof StoreError || e instanceof FormatError ? faultOf(e, "") : e
    }
  }

  async #built(builder: Builder, wanted: readonly BuiltOutput[]): Promise<readonly string[]> {
    // What has just been made is not in the store yet.
    await this.hot.queue.flush()
    const infos = await builder.realise(wanted)
    for (const info of infos) this.hot.noteInfo(info)
    // What was looked for in vain may have come with them.
    this.#absent.clear()
    return infos.map(({ path }) => printStorePath(path, this.storeDir))
  }

  /** What is at a canonical path, or null. */
  entry(path: string): Entry | null {
    const known = this.#entries.get(path)
    if (known !== undefined) return known
    if (path === "/") return this.#mounts.root
    const parent = this.entry(parentPath(path))
    const found = parent === null ? null : this.#child(parent, lastName(path), path)
    // What is not in the store may come there.
    if (found === null && path.startsWith(this.storeDir)) return null
    if (this.#entries.size >= PATHS) this.#entries.clear()
    this.#entries.set(path, found)
    return found
  }

  /** The entry of a directory; null for what is none and for names that are not there. */
  #child(parent: Entry, name: string, path: string): Entry | null {
    switch (parent.kind) {
      case "overlay": {
        const entry = parent.entries.get(name)
        if (entry === undefined) {
          const below = this.#below(parent)
          return below === null ? null : this.#child(below, name, path)
        }
        if (entry.kind === "object") return this.#mounted(entry.path)
        if (entry.kind === "overlay" && entry.below === undefined) {
          const below = this.#below(parent)
          const under = below === null ? null : this.#child(below, name, path)
          entry.below = under?.kind === "directory" ? under : null
        }
        return entry
      }
      case "directory":
        return this.directory(parent, parentPath(path)).get(name) ?? null
      case "store":
        return this.#objectEntry(name)
      case "symlink":
        // Whoever asks has to follow it. C++ Nix: PosixSourceAccessor, SymlinkNotAllowed
        throw new NixError("error", `path '${parentPath(path)}' is a symlink`, 0)
      default:
        return null
    }
  }

  /** What is under an overlay. */
  #below(over: OverlayEntry): Entry | null {
    if (over.below?.kind === "object") {
      const entry = this.#mounted(over.below.path)
      over.below = entry.kind === "directory" ? entry : null
    }
    return over.below ?? null
  }

  #mounted(path: StorePath): Entry {
    const entry = this.#objectEntry(path)
    if (entry === null) throw new NixError("invalid-path", `path '${this.storeDir}/${path}' is not valid`, 0)
    return entry
  }

  /** All entries of a directory of any kind, in ascending order. */
  children(entry: Entry, path: string): ReadonlyMap<string, Entry> {
    switch (entry.kind) {
      case "directory":
        return this.directory(entry, path)
      case "overlay": {
        const below = this.#below(entry)
        const under = below === null ? null : this.children(below, path)
        const merged = covered(entry, under)
        // Overlays and objects are looked up for what they are.
        for (const [name, child] of merged)
          if (child.kind === "object" || child.kind === "overlay")
            merged.set(name, this.#child(entry, name, entryPath(path, name)) as Entry)
        return merged
      }
      case "store":
        return this.#objects()
      default:
        throw new RangeError(`no directory: ${entry.kind}`)
    }
  }

  /** The entries of a tree's directory. */
  directory(node: DirectoryNode, path: string): Directory {
    const found = this.hot.directory(node.digest)
    if (found !== undefined) return found
    this.waits.directories++
    return this.#wait(`directory ${node.digest}`, `reading directory '${path}'`, async () => {
      const siblings = path === "/" ? null : this.entry(parentPath(path))
      await this.#prefetcher.directories(node, siblings?.kind === "directory" ? siblings : null, this.#again(node.digest))
    })
  }

  /** The contents of a file of a tree, as a byte string. */
  fileText(node: FileNode, path: string, purpose: Purpose): string {
    const found = this.hot.text(node)
    if (found !== undefined) return found
    if (node.size > LONGEST) throw new NixError("error", `file '${path}' is too large to be read: ${node.size} bytes`, 0)
    this.waits.files++
    const above = this.#above(path)
    return this.#wait(`file ${node.digest}`, `reading file '${path}'`, () =>
      this.#prefetcher.files(node, purpose, above, this.#again(node.digest)),
    )
  }

  /** The tree's directories that contain a path, the nearest first. */
  #above(path: string): DirectoryNode[] {
    const above: DirectoryNode[] = []
    for (let at = path; at !== "/"; ) {
      at = parentPath(at)
      const entry = this.#entries.get(at)
      const node = entry?.kind === "overlay" ? entry.below : entry
      if (node?.kind === "directory") above.push(node)
    }
    return above
  }

  #objectEntry(name: string): Entry | null {
    let path: StorePath
    try {
      path = parseBaseName(name)
    } catch (e) {
      if (e instanceof FormatError) return null
      throw e
    }
    const text = this.hot.queue.text(path)
    if (text !== undefined) return { kind: "text", text: text.contents, executable: false }
    return this.object(path)?.node ?? null
  }

  /** What is known of an object of the store; undefined if it is not there. Texts that are not written yet are not among them. */
  object(path: StorePath): StoredPath | undefined {
    const found = this.#lookUp(path)
    const url = found === undefined ? this.#unfetched.get(path) : undefined
    if (url === undefined) return found
    throw new NixError("not-allowed", `'${this.storeDir}/${path}' is not here, and downloading it from '${url}' has not been allowed`, 0)
  }

  #lookUp(path: StorePath): StoredPath | undefined {
    const found = this.hot.info(path)
    if (found !== undefined || this.#absent.has(path)) return found
    this.waits.infos++
    return this.#wait(`object ${path}`, `looking for path '${this.storeDir}/${path}'`, async () => {
      if (await this.#prefetcher.object(path)) return
      const substituted = (await this.#substitute?.(path)) ?? null
      if (substituted === null) this.#absent.add(path)
      else this.hot.noteInfo(substituted)
    })
  }

  /** All objects of the store. */
  #objects(): ReadonlyMap<string, Entry> {
    if (!this.#isListed) {
      this.waits.infos++
      this.#wait("objects", "listing the store", async () => {
        for await (const infos of this.hot.stores.infos.list()) {
          for (const info of infos) {
            this.#listed.add(info.path)
            this.#entries.set(`${this.storeDir}/${info.path}`, info.node)
          }
        }
        this.#isListed = true
      })
    }
    const entries = new Map<string, Entry>()
    for (const path of [...new Set([...this.#listed, ...this.hot.queue.paths()])].sort()) {
      const entry = this.#entries.get(`${this.storeDir}/${path}`) ?? this.#objectEntry(path)
      if (entry !== null) entries.set(path, entry)
    }
    return entries
  }

  /** Something was put into the store by others; gives what it got. */
  #arrived(storePath: string): string {
    const path = parseStorePath(storePath, this.storeDir)
    this.#absent.delete(path)
    this.made.add(path)
    return storePath
  }

  /** True from the second time on. */
  #again(digest: B3Digest): boolean {
    if (this.#fetched.has(digest)) return true
    this.#fetched.add(digest)
    return false
  }

  /** Lets evaluation wait for a computation; its answer is kept for this run. */
  answer<T>(key: string, what: string, work: () => Promise<T>): T {
    if (this.#answers.has(key)) return this.#answers.get(key) as T
    this.waits.others++
    return this.#wait(key, what, async () => {
      this.#answers.set(key, await work())
    })
  }

  /** The same for what takes long: evaluation looks for other work meanwhile. */
  #answerLong<T>(key: string, work: () => Promise<T>): T {
    try {
      return this.answer(key, "", work)
    } catch (e) {
      throw e instanceof Pending ? new Pending(e.ready, true) : e
    }
  }

  /**
   * Lets evaluation wait until `work` is done, once for all that ask for the same. If it failed the last time, its error is thrown
   * instead: evaluation asks again and would wait for ever.
   */
  #wait(key: string, what: string, work: () => Promise<void>): never {
    const fault = this.#faults.get(key)
    if (fault !== undefined) throw faultOf(fault, what)
    let ready = this.#fetching.get(key)
    if (ready === undefined) {
      ready = this.#guarded(key, work)
      // Whoever asked may not care any more.
      ready.catch(() => {})
      this.#fetching.set(key, ready)
    }
    throw new Pending(ready)
  }

  async #guarded(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (e) {
      // Anything else is a bug of ours, and is not evaluation's to report.
      if (!(e instanceof NixError || e instanceof StoreError || e instanceof FormatError)) throw e
      this.#faults.set(key, e)
    } finally {
      this.#fetching.delete(key)
    }
  }
}

function faultOf(e: NixError | StoreError | FormatError, what: string): NixError {
  if (e instanceof NixError) return e.clone()
  return new NixError("error", what === "" ? e.message : `${what}: ${e.message}`, 0)
}
