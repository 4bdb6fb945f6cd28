// A store in a folder as binary caches see it: objects that can be exported, and a place where objects are substituted to.

import * as fs from "node:fs"
import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { type Hash, hashEquals, printHash } from "../formats/hash/hash.ts"
import type { NarHandler } from "../formats/nar/grammar.ts"
import { ModuloHasher } from "../formats/nar/hash.ts"
import { NarReader } from "../formats/nar/reader.ts"
import { isContentAddressed, type PathInfo, sortPaths } from "../formats/narinfo/path-info.ts"
import { makeFixedOutputPath, makeTextPath } from "../formats/store-path/compute.ts"
import type { ContentAddress } from "../formats/store-path/content-address.ts"
import { hashPart, namePart, type StorePath } from "../formats/store-path/store-path.ts"
import type { ExportSource } from "../store/cache-export.ts"
import { formatFault } from "../store/format-fault.ts"
import type { NarClaim, NarOptions } from "../store/store.ts"
import type { SubstituteTarget } from "../store/substitute.ts"
import { raw } from "./host.ts"
import type { NewObject, ObjectInfo, StoreFolder } from "./store-folder.ts"

export class StoreObjects implements ExportSource, SubstituteTarget<PathInfo> {
  readonly storeDir: string
  readonly #folder: StoreFolder

  constructor(folder: StoreFolder) {
    this.#folder = folder
    this.storeDir = folder.storeDir
  }

  print(path: StorePath): string {
    return this.#folder.print(path)
  }

  async queryMany(paths: readonly StorePath[]): Promise<(PathInfo | null)[]> {
    return paths.map((path) => (this.#folder.has(path) ? this.#described(this.#folder.info(path)) : null))
  }

  importing<T>(work: (store: SubstituteTarget<PathInfo>) => Promise<T>): Promise<T> {
    return work(this)
  }

  async closure(roots: Iterable<StorePath>): Promise<Map<StorePath, PathInfo>> {
    const closure = new Map<StorePath, PathInfo>()
    for (const path of this.#folder.closure(roots)) {
      const info = this.#described(this.#folder.info(path))
      closure.set(path, { ...info, ca: this.#addressOf(info) })
    }
    return closure
  }

  #described(info: ObjectInfo): PathInfo {
    const { storeDir } = this
    return { ...info, storeDir, deriver: undefined, registrationTime: 0, ultimate: false, signatures: [], ca: undefined }
  }

  /** The content address that the path follows from, if it is that of a text or of a tree: it is not registered. */
  #addressOf({ path, narHash, references }: PathInfo): ContentAddress | undefined {
    const self = references.includes(path)
    const nar = { method: "nar", hash: narHash } as const
    if (!self && makeFixedOutputPath(namePart(path), nar, { others: references, self }, this.storeDir) === path) return nar
    const isFile = fs.lstatSync(raw(this.#folder.real(this.print(path)))).isFile()
    if (self || !isFile) return undefined
    const contents = this.#folder.readText(path)
    if (makeTextPath(namePart(path), contents, references, this.storeDir) !== path) return undefined
    return { method: "text", hash: { algo: "sha256", bytes: new Hasher("sha256").update(contents).digest() } }
  }

  /** By way of a file, because archives can be larger than memory and a folder is read at once. */
  async *nar(path: StorePath, { signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const temporary = this.#folder.temporary()
    const written = fs.openSync(raw(temporary), "wx", 0o600)
    try {
      try {
        this.#folder.dump(path, (chunk) => {
          for (let at = 0; at < chunk.length; ) at += fs.writeSync(written, chunk, at)
        })
      } finally {
        fs.closeSync(written)
      }
      for await (const chunk of fs.createReadStream(raw(temporary), {
        highWaterMark: 1 << 20,
        ...(signal === undefined ? {} : { signal }),
      }))
        yield new Uint8Array(chunk)
    } finally {
      fs.rmSync(raw(temporary), { force: true })
    }
  }

  async addNar(claim: NarClaim, chunks: AsyncIterable<Uint8Array>, options: NarOptions = {}): Promise<PathInfo> {
    const folder = this.#folder
    const { path, narHash, narSize } = claim
    const references = sortPaths(claim.references)
    const info = this.#described({ path, narHash, narSize, references })
    if (folder.has(path)) return info
    checkAddress({ ...info, ca: claim.ca })
    const object = folder.begin(path, references)
    try {
      const content = contentHasher(claim)
      await this.#unpack(object, claim, chunks, content)
      if (claim.ca !== undefined) checkHash(this.print(path), claim.ca.hash, content?.finish() ?? narHash)
      await options.ready?.()
      const missing = references.find((reference) => reference !== path && !folder.has(reference))
      if (missing !== undefined)
        throw new StoreError("invalid", `'${this.print(path)}' refers to '${this.print(missing)}', which is not valid`)
      if (!folder.has(path)) object.finish()
      return info
    } finally {
      object.abort()
    }
  }

  /** Puts an object that is damaged, or gone, in its place again: from an archive with the registered hash. */
  async restore(info: ObjectInfo, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const object = this.#folder.begin(info.path, info.references)
    try {
      await this.#unpack(object, info, chunks, undefined)
      this.#folder.remove([info.path])
      object.finish()
    } finally {
      object.abort()
    }
  }

  /** Unpacks an archive; throws `damaged` unless it has the size and the hash that it should have. */
  async #unpack(
    object: NewObject,
    { path, narHash, narSize }: Pick<ObjectInfo, "path" | "narHash" | "narSize">,
    chunks: AsyncIterable<Uint8Array>,
    content: ContentHasher | undefined,
  ): Promise<void> {
    await unpack(chunks, object.handle, narSize, content)
    const got = object.close()
    if (got.narSize !== narSize)
      throw new StoreError("damaged", `the archive of '${this.print(path)}' has ${got.narSize} bytes, not ${narSize}`)
    checkHash(this.print(path), narHash, got.narHash)
  }
}

/** What is hashed for a content address, if it is not the archive's own hash. */
interface ContentHasher {
  /** Takes pieces of the archive. */
  archive?(chunk: Uint8Array): void
  /** Takes pieces of the file that the object is. */
  file?(chunk: Uint8Array): void
  finish(): Hash
}

/** Throws `unsupported` for git: its hash needs all of the tree. */
function contentHasher({ path, ca, references }: NarClaim): ContentHasher | undefined {
  if (ca === undefined) return undefined
  const { algo } = ca.hash
  if (ca.method === "git") throw new StoreError("unsupported", "objects addressed by git cannot be substituted into a folder")
  if (references.includes(path)) {
    const hasher = new ModuloHasher(algo, hashPart(path))
    return { archive: (chunk) => hasher.push(chunk), finish: () => hasher.finish() }
  }
  if (ca.method === "nar" && algo === "sha256") return undefined
  const hasher = new Hasher(algo)
  const update = (chunk: Uint8Array): void => void hasher.update(chunk)
  return { [ca.method === "nar" ? "archive" : "file"]: update, finish: () => ({ algo, bytes: hasher.digest() }) }
}

async function unpack(
  chunks: AsyncIterable<Uint8Array>,
  handle: NarHandler,
  limit: number,
  content: ContentHasher | undefined,
): Promise<void> {
  let size = 0
  let depth = 0
  const reader = new NarReader((event) => {
    if (event.kind === "directory") depth++
    if (content?.file !== undefined && (depth > 0 || event.kind === "symlink"))
      throw new StoreError("damaged", "an object that is addressed as a file is none")
    if (event.kind === "contents") content?.file?.(event.bytes)
    handle(event)
  })
  try {
    for await (const chunk of chunks) {
      size += chunk.length
      if (size > limit) throw new StoreError("damaged", `the archive has more than ${limit} bytes, its size`)
      if (reader.push(chunk).length > 0) throw new StoreError("damaged", "the archive goes on after its end")
      content?.archive?.(chunk)
    }
    reader.finish()
  } catch (error) {
    if (error instanceof FormatError) throw new StoreError("damaged", error.message, { cause: error })
    throw error
  }
}

function checkAddress(info: PathInfo): void {
  if (info.ca !== undefined && !formatFault(() => isContentAddressed(info)))
    throw new StoreError("invalid", `the path '${info.path}' is not that of its content address`)
}

function checkHash(what: string, specified: Hash, got: Hash): void {
  if (hashEquals(specified, got)) return
  const [a, b] = [printHash(specified, "sri"), printHash(got, "sri")]
  throw new StoreError("damaged", `hash mismatch importing path '${what}';\n  specified: ${a}\n  got:       ${b}`)
}
