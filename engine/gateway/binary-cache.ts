// A Nix binary cache over castore, as Snix's nar-bridge is one: narinfos are written from path infos, archives from trees.
//
//   GET HEAD /nix-cache-info
//   GET HEAD /HASH.narinfo                    signed by the gateway's key; its URL is the tree itself (castore/nar-hint.ts)
//   GET HEAD /nar/snix-castore/ENTRY?narsize=N
//   GET HEAD PUT /nar/NARHASH.nar             `nix copy --to URL?compression=none`: the archive is read into castore …
//   PUT      /HASH.narinfo                    … and the narinfo that follows refers to it by its NAR hash
//
// Compressed archives are refused: whoever puts one remembers its name and asks for the very same file again.
// What is put is checked (admission.ts). Snix: nar-bridge/src/{lib,narinfo,nar}.rs

import { ingestNar } from "../castore/archive-nar.ts"
import { StoreError } from "../castore/error.ts"
import { narHintUrl, parseEntryText } from "../castore/nar-hint.ts"
import type { Node } from "../castore/node.ts"
import { narSize, renderNarFrom } from "../castore/render-nar.ts"
import { FormatError } from "../formats/error.ts"
import { printNix32 } from "../formats/hash/nix32.ts"
import { parseNarInfo, printNarInfo } from "../formats/narinfo/nar-info.ts"
import { signPathInfo } from "../formats/narinfo/path-info.ts"
import type { SecretKey } from "../formats/narinfo/signature.ts"
import { defaultStoreDir, hashPart } from "../formats/store-path/store-path.ts"
import { sniffCompression } from "../store/decompress.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import type { Stores } from "../store/stores.ts"
import { checkAdmission, type HashedTree } from "./admission.ts"
import { HttpFault, immutable, type Request, type Response, readBody, sendRange, sendText } from "./http-answer.ts"
import type { Limits } from "./limits.ts"

export interface BinaryCacheOptions {
  readonly stores: Stores
  readonly limits: Limits
  readonly writable: boolean
  readonly signingKey: SecretKey | undefined
  readonly priority: number
}

/** How many archives that were put wait for their narinfo (nar-bridge: 1000). */
const waitingTrees = 1000

export class BinaryCache {
  readonly #options: BinaryCacheOptions
  /** Archives that were put, by NAR hash; the oldest first. */
  readonly #trees = new Map<string, HashedTree>()
  /** Hash parts of paths by NAR hash, for those who ask for an archive by it. */
  #index: Promise<Map<string, string>> | undefined

  constructor(options: BinaryCacheOptions) {
    this.#options = options
  }

  /** Answers a request for `path` (without the slash before it). Throws HttpFault and StoreError. */
  async answer(path: string, query: URLSearchParams, request: Request, response: Response): Promise<void> {
    const reading = request.method === "GET" || request.method === "HEAD"
    const putting = request.method === "PUT"
    if (!reading && !putting) throw new HttpFault(405, "method not allowed")
    if (putting && !this.#options.writable) throw new HttpFault(405, "nothing can be written here")
    if (path === "nix-cache-info" && reading) return this.#sendCacheInfo(response)
    const narinfo = /^([0-9a-df-np-sv-z]{32})\.narinfo$/.exec(path)
    if (narinfo !== null) {
      if (putting) return this.#putNarInfo(narinfo[1]!, request, response)
      return this.#sendNarInfo(narinfo[1]!, response)
    }
    const tree = /^nar\/(?:snix|tvix)-castore\/([^/]+)$/.exec(path)
    if (tree !== null && reading) return this.#sendNar(parseEntryText(tree[1]!), query.get("narsize"), request, response)
    const archive = /^nar\/([0-9a-df-np-sv-z]{52})\.nar(\.[a-z0-9]+)?$/.exec(path)
    if (archive !== null && putting) {
      if (archive[2] !== undefined) throw compressed()
      return this.#putNar(archive[1]!, request, response)
    }
    if (archive !== null && archive[2] === undefined) return this.#sendNarByHash(archive[1]!, request, response)
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

  async #sendNarByHash(narHash: string, request: Request, response: Response): Promise<void> {
    const tree = this.#trees.get(narHash) ?? (await this.#treeByHash(narHash))
    if (tree === undefined) throw new HttpFault(404, "not found")
    await this.#sendNar(tree.node, String(tree.size), request, response)
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

  async #putNar(name: string, request: Request, response: Response): Promise<void> {
    const { stores, limits } = this.#options
    const body = uncompressed(readBody(request, limits.blobBytes))
    const nar = await asBadRequest(ingestNar(body, stores, { limits: { bytes: limits.blobBytes, entries: limits.directories * 8 } }))
    const narHash = printNix32(nar.narSha256)
    if (narHash !== name) throw new HttpFault(400, "the archive does not have the hash that its name says")
    this.#trees.delete(narHash)
    this.#trees.set(narHash, { node: nar.node, size: nar.narSize, sha256: nar.narSha256 })
    for (const [oldest] of this.#trees) {
      if (this.#trees.size <= waitingTrees) break
      this.#trees.delete(oldest)
    }
    sendText(response, 200, "")
  }

  async #putNarInfo(part: string, request: Request, response: Response): Promise<void> {
    const { stores, limits } = this.#options
    const chunks: Uint8Array[] = []
    for await (const chunk of readBody(request, limits.narinfoBytes)) chunks.push(chunk)
    const { info } = await asBadRequest((async () => parseNarInfo(Buffer.concat(chunks).toString("latin1"), `${part}.narinfo`))())
    if (hashPart(info.path) !== part) throw new HttpFault(400, `the narinfo is that of ${info.path}`)
    if (info.narHash.algo !== "sha256") throw new HttpFault(400, "the NAR hash is not one by sha256")
    const tree = this.#trees.get(printNix32(info.narHash.bytes)) ?? (await this.#storedTree(part))
    if (tree === undefined) throw new HttpFault(400, "the archive with this NAR hash has to be put first")
    const { url: _url, compression: _compression, fileHash: _hash, fileSize: _size, ...rest } = info
    const stored: StoredPath = { ...rest, node: tree.node, registrationTime: 0, ultimate: false }
    await checkAdmission(stores, stored, tree)
    await stores.infos.putMany([stored])
    ;(await this.#index)?.set(printNix32(stored.narHash.bytes), part)
    sendText(response, 200, "")
  }

  /** The tree of a path that is here already: its narinfo may come again, with more signatures. */
  async #storedTree(part: string): Promise<HashedTree | undefined> {
    const info = await this.#options.stores.infos.get(part)
    return info === null ? undefined : { node: info.node, size: info.narSize, sha256: info.narHash.bytes }
  }
}

/** Faults in what was sent are the client's. */
async function asBadRequest<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof FormatError) throw new HttpFault(400, error.message, { cause: error })
    if (error instanceof StoreError && error.code === "damaged") throw new HttpFault(400, error.message, { cause: error })
    throw error
  }
}

function compressed(): HttpFault {
  return new HttpFault(415, "archives are taken uncompressed: add '?compression=none' to the URL of this cache")
}

/** Passes chunks on; refuses what begins like a compressed file (Nix gives those by gzip no other name). */
async function* uncompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of chunks) {
    if (first && sniffCompression(chunk) !== "none") throw compressed()
    first = false
    yield chunk
  }
}
