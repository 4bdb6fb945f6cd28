// A store in a folder, laid out as Nix does with `--store FOLDER`:
//
//   FOLDER/nix/store/HASH-NAME        the objects: read-only, one second old
//   FOLDER/nix/var/thunkpad/registration
//                                     what is known of them, in the form of `nix-store --dump-db`, appended:
//                                       PATH \n NARHASH(base 16) \n NARSIZE \n DERIVER \n COUNT \n (REFERENCE \n)*
//
// Nix keeps the latter in a database; `nix-store --store FOLDER --load-db < registration` tells it. An object counts
// as there when its file is there (it is moved to its place when it is complete); what is not registered is worked
// out from the object. C++ Nix: libstore/local-store.cc

import * as fs from "node:fs"
import { NixError } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import type { ImportRequest } from "../eval/host.ts"
import { dumpSource, type SourceHost, sourcePath, walkSource } from "../eval/source-import.ts"
import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import type { Derivation } from "../formats/derivation/derivation.ts"
import { printBase16 } from "../formats/hash/base16.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { type Hash, parseBareHash } from "../formats/hash/hash.ts"
import type { NarHandler } from "../formats/nar/grammar.ts"
import { NarWriter } from "../formats/nar/writer.ts"
import { PathScanner } from "../formats/reference/scan.ts"
import { makeTextPath } from "../formats/store-path/compute.ts"
import { drvNameOfPath, isDerivationPath, parseStorePath, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { raw } from "./host.ts"
import { attempt, TreeWriter } from "./tree-writer.ts"

/** What is known of an object. */
export interface ObjectInfo {
  readonly path: StorePath
  readonly narHash: Hash
  /** In bytes. */
  readonly narSize: number
  /** Sorted. */
  readonly references: readonly StorePath[]
}

/** An object on its way into the folder. */
export interface NewObject {
  /** Takes the tree, as an archive has it. */
  readonly handle: NarHandler
  /** Says that the tree is complete; gives hash and size of its archive. */
  close(): Pick<ObjectInfo, "narHash" | "narSize">
  /** Puts the object in its place and registers it. */
  finish(): void
  /** Forgets the object, if it is not finished. */
  abort(): void
}

export class StoreFolder {
  /** The folder, an absolute byte string without a slash at the end. */
  readonly root: string
  readonly storeDir: string
  readonly #infos = new Map<StorePath, ObjectInfo>()
  readonly #host: SourceHost
  readonly #registration: string
  /** Registrations that have not been written yet. */
  #pending = ""
  #temporary = 0

  /** `host` reads plain files by their real paths. Makes the folders that are missing. */
  constructor(root: string, storeDir: string, host: SourceHost) {
    this.root = root === "/" ? "" : root
    this.storeDir = storeDir
    this.#host = host
    const state = `${this.root}/nix/var/thunkpad`
    this.#registration = `${state}/registration`
    attempt(`creating directory '${this.real(storeDir)}'`, () => {
      fs.mkdirSync(raw(this.real(storeDir)), { recursive: true })
      fs.mkdirSync(raw(state), { recursive: true })
    })
    if (fs.existsSync(raw(this.#registration))) this.#load(fs.readFileSync(raw(this.#registration), "latin1"))
  }

  #load(text: string): void {
    for (const [path, digits, size, , , ...references] of registrations(text)) {
      reading(() => {
        const known = parseStorePath(path, this.storeDir)
        this.#infos.set(known, {
          path: known,
          narHash: parseBareHash(digits, "sha256"),
          narSize: Number(size),
          references: references.map((r) => parseStorePath(r, this.storeDir)),
        })
      })
    }
  }

  /** Where a path of the store is on the disk. */
  real(path: string): string {
    return this.root + path
  }

  /** The full path of an object, as texts have it. */
  print(path: StorePath): string {
    return printStorePath(path, this.storeDir)
  }

  #realOf(path: StorePath): string {
    return this.real(this.print(path))
  }

  /** Whether the object is there. */
  has(path: StorePath): boolean {
    return this.#host.lstat(this.#realOf(path)) !== null
  }

  /** Fails as Nix does unless the object is there. */
  require(path: StorePath): void {
    if (!this.has(path)) throw new NixError("invalid-path", `path '${this.print(path)}' is not valid`, 0)
  }

  /** All objects, sorted. */
  paths(): StorePath[] {
    const found: StorePath[] = []
    for (const name of this.#host.readDir(this.real(this.storeDir)).keys()) {
      if (/^[0-9a-z]{32}-/.test(name)) found.push(name as StorePath) // nothing else with such a name is put there
    }
    return found.sort()
  }

  /** The bytes of an object that is one file. */
  readText(path: StorePath): string {
    this.require(path)
    return this.#host.readFile(this.#realOf(path))
  }

  /** The derivation in an object. */
  derivation(path: StorePath): Derivation {
    return reading(() => parseAterm(this.readText(path), drvNameOfPath(path), this.storeDir))
  }

  /** Walks through the object as an archive has it. */
  walk(path: StorePath, handle: NarHandler): void {
    this.require(path)
    walkSource(this.#host, this.#realOf(path), undefined, handle)
  }

  /** Writes the archive of the object to `sink`, which copies what it keeps. */
  dump(path: StorePath, sink: (chunk: Uint8Array) => void): void {
    this.require(path)
    dumpSource(this.#host, { path: this.#realOf(path), name: "", recursive: true }, sink)
  }

  /** Hash and size of the object's archive as it is now. */
  hash(path: StorePath): { readonly narHash: Hash; readonly narSize: number } {
    const hasher = new Hasher("sha256")
    this.dump(path, (chunk) => hasher.update(chunk))
    return { narSize: hasher.size, narHash: { algo: "sha256", bytes: hasher.digest() } }
  }

  /** What was registered of an object when it was added, if it was. */
  registered(path: StorePath): ObjectInfo | undefined {
    return this.#infos.get(path)
  }

  /** All objects that were registered, there or not. */
  registeredPaths(): Iterable<StorePath> {
    return this.#infos.keys()
  }

  /** What is known of an object: as registered, else worked out from what it is. */
  info(path: StorePath): ObjectInfo {
    this.require(path)
    const known = this.#infos.get(path)
    if (known !== undefined) return known
    const info = { path, ...this.hash(path), references: this.#findReferences(path) }
    this.#infos.set(path, info)
    return info
  }

  /** What the object refers to, itself included if it does, sorted. */
  references(path: StorePath): readonly StorePath[] {
    this.require(path)
    return this.#infos.get(path)?.references ?? this.#findReferences(path)
  }

  #findReferences(path: StorePath): StorePath[] {
    if (isDerivationPath(path) && this.#host.lstat(this.#realOf(path)) === "regular") {
      const drv = this.derivation(path)
      return [...new Set([...drv.inputSrcs, ...drv.inputDrvs.keys()])].sort()
    }
    const scanner = new PathScanner(this.paths())
    this.dump(path, (chunk) => scanner.push(chunk))
    return scanner.found
  }

  /** An object and all that it refers to, directly or not. Fails if something is missing. C++ Nix: computeFSClosure */
  closure(roots: Iterable<StorePath>): Set<StorePath> {
    const seen = new Set<StorePath>(roots)
    const work = [...seen]
    for (let path = work.pop(); path !== undefined; path = work.pop()) {
      for (const reference of this.references(path)) {
        if (seen.has(reference)) continue
        seen.add(reference)
        work.push(reference)
      }
    }
    return seen
  }

  /** Objects in an order in which dependencies come after what needs them. C++ Nix: topoSortPaths */
  sort(paths: Iterable<StorePath>): StorePath[] {
    const left = new Set([...paths].sort())
    const sorted: StorePath[] = []
    const open: { readonly path: StorePath; readonly rest: StorePath[] }[] = []
    const enter = (path: StorePath): void => {
      left.delete(path)
      open.push({
        path,
        rest: this.references(path)
          .filter((r) => r !== path)
          .reverse(),
      })
    }
    for (const root of [...left]) {
      if (left.has(root)) enter(root)
      for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
        const next = top.rest.pop()
        if (next === undefined) sorted.push((open.pop() as typeof top).path)
        else if (left.has(next)) enter(next)
      }
    }
    return sorted.reverse()
  }

  /** Writes a text file and gives its path. `.drv` files and builtins.toFile. */
  addText(name: string, contents: string, references: readonly StorePath[]): StorePath {
    // A derivation can be an input in both ways: as a source and by its outputs. References are a set.
    const path = reading(() => makeTextPath(name, contents, new Set(references), this.storeDir))
    const bytes = Buffer.from(contents, "latin1")
    this.add(path, references, (handle) => {
      handle({ kind: "file", name: undefined, executable: false, size: bytes.length, offset: 0 })
      if (bytes.length > 0) handle({ kind: "contents", bytes })
    })
    return path
  }

  /** Copies a source tree that `host` has, and gives its path. */
  addSource(host: SourceHost, request: ImportRequest): StorePath {
    const path = reading(() => parseStorePath(sourcePath(host, request, this.storeDir), this.storeDir))
    const references = (request.references ?? []).map((r) => parseStorePath(r, this.storeDir))
    this.add(path, references, (handle) => walkSource(host, request.path, request.filter, handle))
    return path
  }

  /** Puts an object in its place unless it is there already; `walk` gives its tree. */
  add(path: StorePath, references: readonly StorePath[], walk: (handle: NarHandler) => void): void {
    if (this.has(path)) return
    const object = this.begin(path, references)
    walk(object.handle)
    object.finish()
  }

  /** Begins an object that is not there yet; nothing is in its place before it is finished. */
  begin(path: StorePath, references: readonly StorePath[]): NewObject {
    const temporary = this.temporary()
    const tree = new TreeWriter(temporary, "store")
    const hasher = new Hasher("sha256")
    const nar = new NarWriter((chunk) => hasher.update(chunk))
    let sum: Pick<ObjectInfo, "narHash" | "narSize"> | undefined
    const close = (): Pick<ObjectInfo, "narHash" | "narSize"> => {
      if (sum === undefined) nar.finish()
      sum ??= { narSize: hasher.size, narHash: { algo: "sha256", bytes: hasher.digest() } }
      return sum
    }
    return {
      handle: (event) => {
        nar.write(event)
        tree.write(event)
      },
      close,
      finish: () => {
        const info = { path, ...close(), references: [...new Set(references)].sort() }
        attempt(`renaming '${temporary}'`, () => fs.renameSync(raw(temporary), raw(this.#realOf(path))))
        this.#register(info)
      },
      abort: () => attempt(`removing '${temporary}'`, () => removeTree(temporary)),
    }
  }

  /** A path in the store's directory that is nobody's. */
  temporary(): string {
    return `${this.real(this.storeDir)}/.tmp-${process.pid}-${this.#temporary++}`
  }

  /** Removes objects, and what is registered of them. */
  remove(paths: Iterable<StorePath>): void {
    this.flush()
    const gone = new Set<string>(paths)
    for (const path of gone as Set<StorePath>) {
      // Out of its place first: what is half removed is no object.
      const temporary = this.temporary()
      attempt(`removing '${this.print(path)}'`, () => {
        if (this.has(path)) fs.renameSync(raw(this.#realOf(path)), raw(temporary))
        removeTree(temporary)
      })
      this.#infos.delete(path)
    }
    const text = fs.existsSync(raw(this.#registration)) ? fs.readFileSync(raw(this.#registration), "latin1") : ""
    const kept = registrations(text).filter(([path]) => !gone.has(path.slice(this.storeDir.length + 1)))
    const temporary = `${this.#registration}.new`
    attempt(`writing '${this.#registration}'`, () => {
      fs.writeFileSync(raw(temporary), kept.map((lines) => `${lines.join("\n")}\n`).join(""), "latin1")
      fs.renameSync(raw(temporary), raw(this.#registration))
    })
  }

  #register(info: ObjectInfo): void {
    this.#infos.set(info.path, info)
    const lines = [this.print(info.path), printBase16(info.narHash.bytes), info.narSize, "", info.references.length]
    this.#pending += `${[...lines, ...info.references.map((r) => this.print(r))].join("\n")}\n`
    if (this.#pending.length > 1 << 16) this.flush()
  }

  /** Writes the registrations that are still in memory. To be called when the work is done. */
  flush(): void {
    if (this.#pending === "") return
    const text = this.#pending
    this.#pending = ""
    attempt(`writing '${this.#registration}'`, () => fs.appendFileSync(raw(this.#registration), text, "latin1"))
  }
}

/** One registration: path, hash, size, deriver, number of references, references. */
type Registration = readonly [path: string, digits: string, size: string, deriver: string, count: string, ...references: string[]]

/** The registrations in a text; one that was cut off is none. */
function registrations(text: string): Registration[] {
  const lines = text.split("\n")
  const found: Registration[] = []
  for (let at = 0; at + 5 < lines.length; ) {
    const end = at + 5 + Number(lines[at + 4])
    if (end >= lines.length) break
    found.push(lines.slice(at, end) as unknown as Registration) // at least five
    at = end
  }
  return found
}

/** Removes files that the store made read-only. */
function removeTree(path: string): void {
  const stat = fs.lstatSync(raw(path), { throwIfNoEntry: false })
  if (stat?.isDirectory() === true) {
    fs.chmodSync(raw(path), 0o700)
    for (const name of fs.readdirSync(raw(path), "latin1")) removeTree(`${path}/${name}`)
  }
  fs.rmSync(raw(path), { recursive: true, force: true })
}
