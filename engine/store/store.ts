// The store: trees in the castore, and what is known of the store paths they are at. What is added is there as a whole or not at all:
// contents are stored first, then directories, and the path info, which makes them an object, last. C++ Nix: libstore/store-api.cc

import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashNar, renderNar } from "../castore/render-nar.ts"
import type { IngestOptions } from "../castore/tree-ingest.ts"
import { openFile, type WalkOptions } from "../castore/walk.ts"
import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import type { Derivation } from "../formats/derivation/derivation.ts"
import type { HashAlgo } from "../formats/hash/algo.ts"
import type { Hash } from "../formats/hash/hash.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import type { Signature } from "../formats/narinfo/signature.ts"
import { makeFixedOutputPath, makeTextPath } from "../formats/store-path/compute.ts"
import type { ContentAddress, ContentAddressMethod } from "../formats/store-path/content-address.ts"
import {
  defaultStoreDir,
  drvNameOfPath,
  hashPart,
  parseStorePath,
  printStorePath,
  requireDerivationPath,
  type StorePath,
} from "../formats/store-path/store-path.ts"
import { bytesOfText, textOfBytes } from "./byte-text.ts"
import { contentHash } from "./content-hash.ts"
import { formatFault } from "./format-fault.ts"
import { adoptTree, importNar } from "./nar-import.ts"
import { checkStoredPath } from "./path-info-check.ts"
import type { StoredPath } from "./path-info-store.ts"
import { LocalLock, noLock, type StoreLock } from "./store-lock.ts"
import type { Stores } from "./stores.ts"
import { textPathInfo } from "./text-object.ts"

export interface StoreOptions {
  readonly storeDir?: string | undefined
  /** Seconds since 1970, for the time of registration. */
  readonly now?: (() => number) | undefined
  /** Imports share it, garbage collection has it alone: the same for all users of the same storage. */
  readonly lock?: StoreLock | undefined
}

/** How an object made of a stored tree is addressed. */
export interface AddressOptions extends WalkOptions {
  /** `nar` by default. */
  readonly method?: ContentAddressMethod | undefined
  /** `sha256` by default. */
  readonly algo?: HashAlgo | undefined
  /** What the tree mentions, without itself. */
  readonly references?: Iterable<StorePath> | undefined
  /** The path that the tree mentions as its own; it has to be the right one. Only with the method `nar` and sha256. */
  readonly self?: StorePath | undefined
  readonly deriver?: StorePath | undefined
}

/** What an archive is said to be. */
export interface NarClaim {
  readonly path: StorePath
  readonly narHash: Hash
  /** Bytes. */
  readonly narSize: number
  readonly references: readonly StorePath[]
  readonly deriver?: StorePath | undefined
  readonly signatures?: readonly Signature[] | undefined
  readonly ca?: ContentAddress | undefined
}

export interface NarOptions extends Pick<IngestOptions, "signal" | "progress" | "limits"> {
  /** Waited for between storing the tree and making the object known: its references may come meanwhile. */
  readonly ready?: (() => Promise<unknown>) | undefined
}

/** Paths asked for at once. */
const BATCH = 1000

export class Store {
  readonly stores: Stores
  readonly storeDir: string
  readonly lock: StoreLock
  readonly #now: () => number

  constructor(stores: Stores, options: StoreOptions = {}) {
    this.stores = stores
    this.storeDir = options.storeDir ?? defaultStoreDir
    this.lock = options.lock ?? new LocalLock()
    this.#now = options.now ?? (() => Math.floor(Date.now() / 1000))
  }

  /** Seconds since 1970. */
  get now(): number {
    return this.#now()
  }

  /** The full path. */
  print(path: StorePath): string {
    return printStorePath(path, this.storeDir)
  }

  /** The store path that a full path is. Throws StoreError `invalid`. */
  parse(path: string): StorePath {
    return formatFault(() => parseStorePath(path, this.storeDir))
  }

  /** What is known of a path; null if it is not in the store. Throws `damaged`. */
  async query(path: StorePath): Promise<StoredPath | null> {
    return ownInfo(path, await this.stores.infos.get(hashPart(path)))
  }

  /** The same for several, in the order asked. */
  async queryMany(paths: readonly StorePath[]): Promise<(StoredPath | null)[]> {
    const infos: (StoredPath | null)[] = []
    for (let at = 0; at < paths.length; at += BATCH) {
      const batch = paths.slice(at, at + BATCH)
      const found = await this.stores.infos.getMany(batch.map(hashPart))
      for (const [i, path] of batch.entries()) infos.push(ownInfo(path, found[i] ?? null))
    }
    return infos
  }

  /** Whether the path is in the store. Throws `damaged`. */
  async isValid(path: StorePath): Promise<boolean> {
    return (await this.query(path)) !== null
  }

  /** What is known of a path that must be there. Throws `absent` in Nix's words. */
  async require(path: StorePath): Promise<StoredPath> {
    return (await this.query(path)) ?? this.#absent(path)
  }

  #absent(path: StorePath): never {
    throw new StoreError("absent", `path '${this.print(path)}' is not valid`)
  }

  /** The archive of an object, in chunks. Throws `absent`, `damaged`, `cancelled`. */
  async *nar(path: StorePath, options: WalkOptions = {}): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { node } = await this.require(path)
    yield* renderNar(this.stores, node, options)
  }

  /** The bytes of an object that is one file, as a byte string. Throws `absent`, `damaged`, and `invalid` if it is no file. */
  async readText(path: StorePath): Promise<string> {
    const { node } = await this.require(path)
    if (node.kind !== "file") throw new StoreError("invalid", `'${this.print(path)}' is not a file`)
    const [bytes] = node.size <= 1 << 18 ? await this.stores.blobs.getMany([node.digest]) : []
    return textOfBytes(bytes ?? (await (await openFile(this.stores.blobs, node)).read(0, node.size)))
  }

  /** The derivation in an object. Throws `absent`, `damaged`, `invalid`. */
  async derivation(path: StorePath): Promise<Derivation> {
    formatFault(() => requireDerivationPath(path))
    const text = await this.readText(path)
    return formatFault(() => parseAterm(text, drvNameOfPath(path), this.storeDir))
  }

  /**
   * Adds a text: what builtins.toFile and derivations write. `contents` is a byte string. C++ Nix: addToStore with method text.
   * Throws `invalid` for a bad name or a reference that is not in the store.
   */
  addText(name: string, contents: string, references: Iterable<StorePath> = []): Promise<StorePath> {
    const sorted = sortPaths(references)
    const path = formatFault(() => makeTextPath(name, contents, sorted, this.storeDir))
    return this.lock.shared(async () => {
      if (await this.isValid(path)) return path
      const bytes = bytesOfText(contents)
      const [digest] = await this.stores.blobs.putMany([bytes])
      await this.#register([textPathInfo({ path, digest: digest!, bytes }, sorted, this.storeDir, this.now)])
      return path
    })
  }

  /**
   * Makes an object of a tree that is stored already: reads all of it for its hashes. Throws `invalid` for a bad name, a method
   * that is not for such a tree, a reference that is not in the store; `absent`, `damaged`, `cancelled`.
   */
  addTree(node: Node, name: string, options: AddressOptions = {}): Promise<StorePath> {
    return this.lock.shared(async () => {
      const info = await this.describeTree(node, name, options)
      if (!(await this.isValid(info.path))) await this.#register([info])
      return info.path
    })
  }

  /** What addTree registers. */
  async describeTree(given: Node, name: string, options: AddressOptions = {}): Promise<StoredPath> {
    const { method = "nar", algo = "sha256", self, deriver } = options
    // Nix restores flat files without their permissions.
    const node: Node = given.kind === "file" && (method === "flat" || method === "text") ? { ...given, executable: false } : given
    const { size, sha256 } = await hashNar(this.stores, node, options)
    const narHash = { algo: "sha256", bytes: sha256 } as const
    const isNarHash = method === "nar" && algo === "sha256" && self === undefined
    const hash = isNarHash
      ? narHash
      : await contentHash(this.stores, node, method, algo, { ...options, self: self === undefined ? undefined : hashPart(self) })
    const others = sortPaths(options.references ?? []).filter((path) => path !== self)
    const ca = { method, hash }
    const path = formatFault(() => makeFixedOutputPath(name, ca, { others, self: self !== undefined }, this.storeDir))
    if (self !== undefined && self !== path)
      throw new StoreError("invalid", `the tree mentions itself as '${this.print(self)}', but its path is '${this.print(path)}'`)
    return {
      path,
      storeDir: this.storeDir,
      node,
      narHash,
      narSize: size,
      references: self === undefined ? others : sortPaths([...others, path]),
      ca,
      deriver,
      registrationTime: this.now,
      ultimate: false,
      signatures: [],
    }
  }

  /**
   * Adds an object from its archive. Size, hash and, if it has one, the content address are checked before it is known. If it is there
   * already, the archive is not read. Signatures are the caller's to check. Throws `damaged` if the archive is not what is claimed,
   * `invalid` if the claim breaks a rule or a reference is not in the store, `cancelled`, and what the chunks throw.
   */
  addNar(claim: NarClaim, chunks: AsyncIterable<Uint8Array>, options: NarOptions = {}): Promise<StoredPath> {
    return this.lock.shared(async () => {
      const present = await this.query(claim.path)
      if (present !== null) return present
      const info = await importNar(this, claim, chunks, options)
      await options.ready?.()
      await this.#register([info])
      return info
    })
  }

  /**
   * Adds an object whose tree is stored already, if its archive is what is claimed; null if the tree is not whole or another.
   * Throws `invalid` if the claim breaks a rule or a reference is not in the store; `cancelled`.
   */
  adopt(claim: NarClaim, node: Node, options: NarOptions = {}): Promise<StoredPath | null> {
    return this.lock.shared(async () => {
      const info = await adoptTree(this, claim, node, options)
      if (info === null) return null
      await options.ready?.()
      await this.#register([info])
      return info
    })
  }

  /** Runs an import of several steps: nothing is removed by garbage collection until it ends. It has to use the store it is given. */
  importing<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = new Store(this.stores, { storeDir: this.storeDir, now: this.#now, lock: noLock })
    return this.lock.shared(() => work(store))
  }

  /**
   * Makes objects known whose trees are stored already, all or none; those that are there already stay as they are. The caller has
   * checked hashes and signatures. Throws `invalid` if an info breaks a rule or a reference is neither in the store nor among them.
   */
  register(infos: readonly StoredPath[]): Promise<void> {
    return this.lock.shared(() => this.#register(infos))
  }

  async #register(infos: readonly StoredPath[]): Promise<void> {
    for (const info of infos) {
      checkStoredPath(info)
      if (info.storeDir !== this.storeDir) throw new StoreError("invalid", `'${info.path}' belongs to the store '${info.storeDir}'`)
    }
    const present = await this.queryMany(infos.map(({ path }) => path))
    const added = infos.filter((_, i) => present[i] === null)
    const given = new Set(added.map(({ path }) => path))
    const wanted = sortPaths(added.flatMap(({ references }) => references)).filter((path) => !given.has(path))
    const found = await this.queryMany(wanted)
    const missing = wanted.find((_, i) => found[i] === null)
    if (missing !== undefined) {
      const by = added.find(({ references }) => references.includes(missing))!.path
      throw new StoreError("invalid", `'${this.print(by)}' cannot be added: it refers to '${this.print(missing)}', which is not valid`)
    }
    if (added.length > 0) await this.stores.infos.putMany(added)
  }

  /**
   * The paths and all they refer to, directly or not, with what is known of them. Throws `absent` if one is not there.
   * C++ Nix: computeFSClosure
   */
  async closure(roots: Iterable<StorePath>): Promise<Map<StorePath, StoredPath>> {
    const closure = new Map<StorePath, StoredPath>()
    for (let next = sortPaths(roots); next.length > 0; ) {
      const infos = await this.queryMany(next)
      const references = new Set<StorePath>()
      for (const [i, path] of next.entries()) {
        const info = infos[i] ?? this.#absent(path)
        closure.set(path, info)
        for (const reference of info.references) references.add(reference)
      }
      next = [...references].filter((path) => !closure.has(path))
    }
    return closure
  }

  /** All paths, in no order, in batches. */
  async *paths(): AsyncGenerator<readonly StorePath[]> {
    for await (const infos of this.stores.infos.list()) yield infos.map(({ path }) => path)
  }
}

/** Two paths with the same hash part and different names are different paths; a store has at most one of them. */
function ownInfo(path: StorePath, info: StoredPath | null): StoredPath | null {
  return info?.path === path ? info : null
}
