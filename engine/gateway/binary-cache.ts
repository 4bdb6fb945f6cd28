// A Nix binary cache over castore, as Snix's nar-bridge is one: narinfos are written from path infos, archives from trees.
//
//   GET HEAD /nix-cache-info
//   GET HEAD /HASH.narinfo                    signed by the gateway's key; its URL is the tree itself (castore/nar-hint.ts)
//   GET HEAD /nar/snix-castore/ENTRY?narsize=N
//   GET HEAD PUT /nar/FILEHASH.nar[.xz …]     `nix copy --to URL`: the archive is read into castore (archive-upload.ts) …
//   PUT      /HASH.narinfo                    … and the narinfo that follows refers to it
//   GET HEAD /HASH.ls                         what the archive has in it, and where; put ones are not needed
//   GET HEAD /log/NAME.drv                    what the builder wrote, of the last build of that derivation here (`nix log --store URL`)
//
// What is put is checked (admission.ts). Snix: nar-bridge/src/{lib,narinfo,nar}.rs

import { narHintUrl, parseEntryText } from "../castore/nar-hint.ts"
import type { Node } from "../castore/node.ts"
import { narSize, renderNarFrom } from "../castore/render-nar.ts"
import { FormatError } from "../formats/error.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import { printNix32 } from "../formats/hash/nix32.ts"
import { printJson } from "../formats/json/write.ts"
import { lsToJson } from "../formats/nar/listing.ts"
import { type NarInfo, parseNarInfo, printNarInfo } from "../formats/narinfo/nar-info.ts"
import { signPathInfo } from "../formats/narinfo/path-info.ts"
import type { SecretKey } from "../formats/narinfo/signature.ts"
import { defaultStoreDir, hashPart, parseBaseName, type StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import type { Stores } from "../store/stores.ts"
import type { Account } from "./account.ts"
import { checkAdmission, checkReferences, type HashedTree } from "./admission.ts"
import { type ArchiveName, archiveName, asBadRequest, takeArchive } from "./archive-upload.ts"
import { HttpFault, immutable, type Request, type Response, readBody, sendBytes, sendRange, sendText } from "./http-answer.ts"
import type { Limits } from "./limits.ts"
import type { PackedArchive, PackedArchives } from "./packed-archives.ts"
import { listTree } from "./tree-listing.ts"

export interface BinaryCacheOptions {
  readonly stores: Stores
  /** Compressed archives that were put. */
  readonly archives: PackedArchives
  readonly limits: Limits
  readonly writable: boolean
  readonly signingKey: SecretKey | undefined
  readonly priority: number
  /** The log of the last build of a derivation that has ended. */
  readonly logOf: (derivation: StorePath) => Uint8Array | undefined
}

/** How many archives that were put uncompressed wait for their narinfo (nar-bridge: 1000). */
const waitingTrees = 1000

export class BinaryCache {
  readonly #options: BinaryCacheOptions
  /** Archives that were put uncompressed, by NAR hash; the oldest first. */
  readonly #trees = new Map<string, HashedTree>()
  /** Hash parts of paths by NAR hash, for those who ask for an archive by it. */
  #index: Promise<Map<string, string>> | undefined

  constructor(options: BinaryCacheOptions) {
    this.#options = options
  }

  /** Answers a request for `path` (without the slash before it). Throws HttpFault and StoreError. */
  async answer(path: string, query: URLSearchParams, request: Request, response: Response, account: Account): Promise<void> {
    const reading = request.method === "GET" || request.method === "HEAD"
    const putting = request.method === "PUT"
    if (!reading && !putting) throw new HttpFault(405, "method not allowed")
    if (putting && !this.#options.writable) throw new HttpFault(405, "nothing can be written here")
    if (path === "nix-cache-info" && reading) return this.#sendCacheInfo(response)
    const narinfo = /^([0-9a-df-np-sv-z]{32})\.narinfo$/.exec(path)
    if (narinfo !== null) {
      if (putting) return this.#putNarInfo(narinfo[1]!, request, response, account)
      return this.#sendNarInfo(narinfo[1]!, response)
    }
    const listing = /^([0-9a-df-np-sv-z]{32})\.ls$/.exec(path)
    if (listing !== null) return putting ? this.#takeListing(request, response, account) : this.#sendListing(listing[1]!, response)
    if (path.startsWith("log/") && reading) return this.#sendLog(path.slice(4), response)
    const tree = /^nar\/(?:snix|tvix)-castore\/([^/]+)$/.exec(path)
    if (tree !== null && reading) return this.#sendNar(parseEntryText(tree[1]!), query.get("narsize"), request, response)
    const archive = archiveName(path)
    if (archive !== undefined && putting) return this.#putArchive(archive, request, response, account)
    if (archive !== undefined) return this.#sendArchive(archive, request, response)
    throw new HttpFault(putting ? 405 : 404, putting ? "this cannot be written" : "not found")
  }

  #sendCacheInfo(response: Response): void {
    const text = `StoreDir: ${defaultStoreDir}\nWantMassQuery: 1\nPriority: ${this.#options.priority}\n`
    sendText(response, 200, text, { "content-type": "text/x-nix-cache-info" })
  }

  async #sendNarInfo(part: string, response: Response): Promise<void> {
    const info = await this.#options.stores.infos.get(part)
    if (info === null) throw new HttpFault(404, "not found")
    sendText(response, 200, this.#narInfo(info), { "content-type": "text/x-nix-narinfo" })
  }

  async #sendListing(part: string, response: Response): Promise<void> {
    const { infos, directories } = this.#options.stores
    const info = await infos.get(part)
    if (info === null) throw new HttpFault(404, "not found")
    const text = printJson(lsToJson(await listTree(directories, info.node)))
    sendBytes(response, 200, Buffer.from(text, "latin1"), { "content-type": "application/json" })
  }

  /** Nix puts one beside each narinfo if it is told to; we have it from the tree. */
  async #takeListing(request: Request, response: Response, account: Account): Promise<void> {
    for await (const _ of readBody(request, this.#options.limits.blobBytes, account));
    sendText(response, 200, "")
  }

  #sendLog(name: string, response: Response): void {
    const log = this.#options.logOf(asBaseName(name))
    if (log === undefined) throw new HttpFault(404, "not found")
    // The derivation may be built again.
    sendBytes(response, 200, log, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache" })
  }

  /** The text of a narinfo, with the gateway's signature. */
  #narInfo(info: StoredPath): string {
    const { signingKey } = this.#options
    const signed = signingKey !== undefined && !info.signatures.some(({ keyName }) => keyName === signingKey.name)
    const { narHash, narSize: size } = info
    const download = { url: narHintUrl(info.node, size), compression: "none", fileHash: narHash, fileSize: size } as const
    return printNarInfo({ ...(signed ? signPathInfo(info, signingKey) : info), ...download })
  }

  async #sendNar(node: Node, size: string | null, request: Request, response: Response): Promise<void> {
    const { stores } = this.#options
    if (size === null || !/^\d{1,15}$/.test(size)) throw new HttpFault(400, "the parameter 'narsize' is missing")
    const actual = await narSize(stores.directories, node)
    if (actual !== Number(size)) throw new HttpFault(400, `the archive has ${actual} bytes, not ${size}`)
    if (node.kind === "file" && (await stores.blobs.missing([node.digest])).size > 0) throw new HttpFault(404, "the file is absent")
    const thing = {
      size: actual,
      type: "application/x-nix-nar",
      stream: (from: number) => renderNarFrom(stores, node, from),
    }
    await sendRange(request, response, thing, { "cache-control": immutable })
  }

  async #sendArchive({ name, hash, compression }: ArchiveName, request: Request, response: Response): Promise<void> {
    const packed = await this.#options.archives.get(name)
    if (packed !== null) return this.#sendPacked(packed, request, response)
    const tree = compression === undefined ? (this.#trees.get(hash) ?? (await this.#treeByHash(hash))) : undefined
    if (tree === undefined) throw new HttpFault(404, "not found")
    await this.#sendNar(tree.node, String(tree.size), request, response)
  }

  async #sendPacked({ blob, size }: PackedArchive, request: Request, response: Response): Promise<void> {
    const reader = await this.#options.stores.blobs.open(blob)
    if (reader === null) throw new HttpFault(404, "not found")
    const thing = { size, type: "application/x-nix-nar", stream: (from: number) => reader.stream(from) }
    await sendRange(request, response, thing, { "cache-control": immutable })
  }

  async #treeByHash(narHash: string): Promise<HashedTree | undefined> {
    this.#index ??= this.#buildIndex()
    const part = (await this.#index).get(narHash)
    return part === undefined ? undefined : this.#storedTree(part)
  }

  async #buildIndex(): Promise<Map<string, string>> {
    const index = new Map<string, string>()
    for await (const infos of this.#options.stores.infos.list()) {
      for (const { path, narHash } of infos) index.set(printNix32(narHash.bytes), hashPart(path))
    }
    return index
  }

  async #putArchive(name: ArchiveName, request: Request, response: Response, account: Account): Promise<void> {
    const { stores, limits, archives } = this.#options
    const taken = await takeArchive(name, readBody(request, limits.blobBytes, account), stores, limits)
    if ("blob" in taken) await archives.put(taken)
    else this.#keepTree(name.hash, taken)
    sendText(response, 200, "")
  }

  #keepTree(narHash: string, tree: HashedTree): void {
    this.#trees.delete(narHash)
    this.#trees.set(narHash, tree)
    for (const [oldest] of this.#trees) {
      if (this.#trees.size <= waitingTrees) break
      this.#trees.delete(oldest)
    }
  }

  async #putNarInfo(part: string, request: Request, response: Response, account: Account): Promise<void> {
    const { stores, limits } = this.#options
    const chunks: Uint8Array[] = []
    for await (const chunk of readBody(request, limits.narinfoBytes, account)) chunks.push(chunk)
    const { info } = await asBadRequest((async () => parseNarInfo(Buffer.concat(chunks).toString("latin1"), `${part}.narinfo`))())
    if (hashPart(info.path) !== part) throw new HttpFault(400, `the narinfo is that of ${info.path}`)
    if (info.narHash.algo !== "sha256") throw new HttpFault(400, "the NAR hash is not one by sha256")
    const tree = await this.#archiveOf(info, part)
    const { url: _url, compression: _compression, fileHash: _hash, fileSize: _size, ...rest } = info
    const stored: StoredPath = { ...rest, node: tree.node, registrationTime: 0, ultimate: false }
    await checkAdmission(stores, stored, tree)
    await checkReferences(stores, stored)
    await stores.infos.putMany([stored])
    ;(await this.#index)?.set(printNix32(stored.narHash.bytes), part)
    sendText(response, 200, "")
  }

  /** The archive that a narinfo names, which was put before it and is what the narinfo says. Throws HttpFault 400 otherwise. */
  async #archiveOf(info: NarInfo, part: string): Promise<HashedTree> {
    const name = archiveName(info.url)
    const packed = name === undefined ? null : await this.#options.archives.get(name.name)
    const { compression = "bzip2", fileHash, fileSize } = info
    if (packed === null && compression !== "none") throw new HttpFault(400, `the archive '${info.url}' has to be put first`)
    const tree = packed?.tree ?? this.#trees.get(printNix32(info.narHash.bytes)) ?? (await this.#storedTree(part))
    if (tree === undefined) throw new HttpFault(400, "the archive with this NAR hash has to be put first")
    if (packed !== null && packed.compression !== compression)
      throw new HttpFault(400, `the archive '${info.url}' is compressed by ${packed.compression}, not by ${compression}`)
    const size = packed?.size ?? tree.size
    if (fileSize !== 0 && fileSize !== size) throw new HttpFault(400, `the archive '${info.url}' has ${size} bytes, not ${fileSize}`)
    // An uncompressed file is the archive itself.
    const hash = { algo: "sha256", bytes: packed?.sha256 ?? info.narHash.bytes } as const
    if (fileHash !== undefined && !hashEquals(fileHash, hash)) {
      const [actual, said] = [printHash(hash, "nix32"), printHash(fileHash, "nix32")]
      throw new HttpFault(400, `the archive '${info.url}' has the hash ${actual}, not ${said}`)
    }
    return tree
  }

  /** The tree of a path that is here already: its narinfo may come again, with more signatures. */
  async #storedTree(part: string): Promise<HashedTree | undefined> {
    const info = await this.#options.stores.infos.get(part)
    return info === null ? undefined : { node: info.node, size: info.narSize, sha256: info.narHash.bytes }
  }
}

/** Throws HttpFault 404. */
function asBaseName(name: string): StorePath {
  try {
    return parseBaseName(name)
  } catch (error) {
    if (error instanceof FormatError) throw new HttpFault(404, "not found", { cause: error })
    throw error
  }
}
