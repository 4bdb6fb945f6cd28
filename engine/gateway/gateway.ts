// The remote endpoint: one Node process, one port. Over HTTP/1.1 and HTTP/2 (both without TLS; a proxy before it adds that) it
// speaks Connect, gRPC-web and gRPC, and has a binary cache, castore's files and a fetch proxy beside.
//
//   POST /PACKAGE.SERVICE/METHOD            the services (rpc-routes.ts), of builds too (build/)
//   GET  /nix-cache-info /HASH.narinfo …    a binary cache for Nix (binary-cache.ts)
//   GET  /castore/…                         blobs and directories by digest (castore-files.ts)
//   GET  /fetch?url=…                       the fetch proxy (fetch-proxy.ts)
//   GET  /status                            what the asker's token may use and has used (account.ts)

import { setMaxListeners } from "node:events"
import * as http from "node:http"
import * as http2 from "node:http2"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { cors } from "@connectrpc/connect"
import { printKey, publicKeyOf, type SecretKey } from "../formats/narinfo/signature.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { Stores } from "../store/stores.ts"
import { Access, type AccessRules, type Refusal } from "./access.ts"
import { type Account, Accounts } from "./account.ts"
import { isLoopback } from "./address.ts"
import { BinaryCache } from "./binary-cache.ts"
import type { Builds } from "./build/builds.ts"
import { sendCastoreFile } from "./castore-files.ts"
import { exposedFetchHeaders, FetchProxy } from "./fetch-proxy.ts"
import type { FetchRules } from "./guarded-fetch.ts"
import { describeFault, HttpFault, isGone, type Request, type Response, sendText } from "./http-answer.ts"
import { defaultLimits, type Limits } from "./limits.ts"
import { MemoryPackedArchives, type PackedArchives } from "./packed-archives.ts"
import { rpcHandler } from "./rpc-routes.ts"
import { Uploads } from "./uploads.ts"

export interface GatewayOptions {
  readonly stores: Stores
  readonly access: AccessRules
  /** Those of the rules' tokens, closed with the gateway; made if they are not given. */
  readonly accounts?: Accounts
  /** Where it is kept what the binary cache was given compressed; in memory if nothing is said. */
  readonly archives?: PackedArchives
  readonly limits?: Partial<Limits>
  /** Whether clients may write; true by default. */
  readonly writable?: boolean
  /** Signs what the binary cache serves. */
  readonly signingKey?: SecretKey
  /** Of the binary cache: caches with lower numbers are asked first. */
  readonly priority?: number
  /** Without it there is no fetch proxy. */
  readonly fetch?: FetchRules
  /** Opened already, and closed with the gateway. Without it nothing is built here. */
  readonly builds?: Builds
  /** Told of faults that are ours. */
  readonly onFault?: (error: unknown) => void
  /** Told of every request that is not refused, with its path without the query. */
  readonly onRequest?: (method: string, path: string) => void
}

/** Where a gateway listens. */
export interface ListenAddress {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

export class Gateway {
  readonly #access: Access
  readonly #accounts: Accounts
  readonly #limits: Limits
  readonly #uploads: Uploads
  readonly #rpc: ReturnType<typeof rpcHandler>
  readonly #cache: BinaryCache
  readonly #proxy: FetchProxy | undefined
  readonly #stores: Stores
  readonly #builds: Builds | undefined
  readonly #onFault: (error: unknown) => void
  readonly #onRequest: (method: string, path: string) => void
  readonly #shutdown = new AbortController()
  readonly #sockets = new Set<Socket>()
  readonly #http1: http.Server
  readonly #http2: http2.Http2Server
  readonly #listener: Server
  #requests = 0

  constructor(options: GatewayOptions) {
    const { stores, signingKey, writable = true } = options
    // Every call listens to it while it runs, however many there are.
    setMaxListeners(0, this.#shutdown.signal)
    this.#stores = stores
    this.#accounts = options.accounts ?? new Accounts({ tokens: options.access.tokens })
    this.#access = new Access(options.access, this.#accounts)
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#uploads = new Uploads(stores.blobs, this.#limits)
    this.#builds = options.builds
    this.#onFault = options.onFault ?? (() => {})
    this.#onRequest = options.onRequest ?? (() => {})
    this.#proxy = options.fetch === undefined ? undefined : new FetchProxy(options.fetch)
    const archives = options.archives ?? new MemoryPackedArchives()
    const logOf = (derivation: StorePath): Uint8Array | undefined => options.builds?.logOf(derivation)
    this.#cache = new BinaryCache({ stores, archives, limits: this.#limits, writable, signingKey, priority: options.priority ?? 39, logOf })
    this.#rpc = rpcHandler({
      stores,
      limits: this.#limits,
      uploads: this.#uploads,
      writable,
      builds: options.builds,
      publicKey: signingKey === undefined ? "" : printKey(publicKeyOf(signingKey)),
      fetchProxy: this.#proxy !== undefined,
      shutdown: this.#shutdown.signal,
      onFault: this.#onFault,
    })
    const listener = (request: Request, response: Response): void => void this.#answer(request, response)
    // Slow uploads are legitimate; slow headers are not.
    this.#http1 = http.createServer({ requestTimeout: 0, headersTimeout: 20_000 }, listener)
    this.#http2 = http2.createServer({ maxSessionMemory: 64 }, listener)
    this.#http2.on("sessionError", () => {}) // a client's fault, and its session is over
    this.#listener = createServer((socket) => this.#welcome(socket))
  }

  /** Begins to listen; gives the URL. Rejects with RangeError if others than this machine could ask without a token. */
  async listen({ host, port }: ListenAddress): Promise<string> {
    if (!this.#access.guarded && host !== "localhost" && !isLoopback(host)) {
      throw new RangeError(`without a token a gateway listens on the loopback interface only, not on ${host}`)
    }
    await new Promise<void>((resolve, reject) => {
      this.#listener.once("error", reject)
      this.#listener.listen(port, host, () => {
        this.#listener.off("error", reject)
        resolve()
      })
    })
    const { address, port: bound } = this.#listener.address() as AddressInfo // it listens on a port
    return `http://${address.includes(":") ? `[${address}]` : address}:${bound}`
  }

  /** Stops listening and breaks off what is under way. */
  async close(): Promise<void> {
    this.#shutdown.abort()
    this.#uploads.close()
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
    await this.#builds?.close()
    await this.#accounts.close()
  }

  /** Both versions of HTTP on one port: HTTP/2 connections begin with a preface that no request has. */
  #welcome(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on("close", () => this.#sockets.delete(socket))
    socket.on("error", () => {}) // a client's fault, and its connection is over
    socket.setTimeout(20_000, () => socket.destroy())
    socket.once("readable", () => {
      const head = socket.read() as Buffer | null
      if (head === null) return void socket.destroy()
      socket.unshift(head)
      socket.setTimeout(0)
      socket.removeAllListeners("timeout")
      // Nobody sends the preface in pieces; whoever did would get HTTP/1's "bad request".
      const server = head.subarray(0, 3).toString("latin1") === "PRI" ? this.#http2 : this.#http1
      server.emit("connection", socket)
    })
  }

  async #answer(request: Request, response: Response): Promise<void> {
    if (this.#requests >= this.#limits.requests) return sendText(response, 503, "too many requests at once\n", { "retry-after": "1" })
    this.#requests++
    response.once("close", () => this.#requests--)
    try {
      await this.#route(request, response)
    } catch (error) {
      this.#fail(error, response)
      discard(request)
    }
  }

  #fail(error: unknown, response: Response): void {
    const fault = describeFault(error)
    if (fault === undefined) this.#onFault(error)
    if (isGone(response)) return
    if (response.headersSent) {
      // Broken off, so that nobody takes a part for the whole.
      response.destroy()
      return
    }
    sendText(response, fault?.status ?? 500, `${fault?.text ?? "internal error"}\n`)
  }

  async #route(request: Request, response: Response): Promise<void> {
    const authority = "authority" in request ? request.authority : undefined
    const refused = this.#access.refuseSource(request.headers, authority || undefined)
    if (refused !== undefined) return refuse(response, refused)
    const { origin } = request.headers
    // Answers differ by origin, and caches have to know it.
    response.setHeader("vary", "Origin")
    if (origin !== undefined) this.#allowOrigin(origin, response)
    if (request.method === "OPTIONS") return preflight(response)
    const account = this.#access.identify(request.headers)
    if ("reason" in account) return refuse(response, account)
    // Not `new URL`: a path like //x would be taken for a host.
    const [path = "", query = ""] = (request.url ?? "").split(/\?(.*)/s, 2)
    this.#onRequest(request.method ?? "", path)
    if (this.#rpc.paths.has(path)) return this.#rpc.handle(request, response, account)
    const reading = request.method === "GET" || request.method === "HEAD"
    if (path.startsWith("/castore/") && reading) return sendCastoreFile(this.#stores, path.slice(9), request, response)
    if (path === "/fetch" && reading) {
      if (this.#proxy === undefined) throw new HttpFault(404, "this gateway has no fetch proxy")
      return this.#proxy.answer(new URLSearchParams(query).get("url"), request, response)
    }
    if (path === "/status" && reading) return this.#sendStatus(account, response)
    if (path === "/" && reading) return sendText(response, 200, "Thunkpad gateway\n")
    await this.#cache.answer(path.slice(1), new URLSearchParams(query), request, response, account)
  }

  /** What the asker may use and has used, as JSON. */
  #sendStatus(account: Account, response: Response): void {
    const { name, quota, usage } = account
    const builds = this.#builds?.countOf(account) ?? { running: 0, waiting: 0 }
    const status = { account: name, builds, bytes: usage, quota }
    sendText(response, 200, `${JSON.stringify(status, null, 2)}\n`, { "content-type": "application/json", "cache-control": "no-store" })
  }

  #allowOrigin(origin: string, response: Response): void {
    response.setHeader("access-control-allow-origin", origin)
    response.setHeader("access-control-expose-headers", [...cors.exposedHeaders, ...exposedFetchHeaders].join(", "))
  }
}

/** Reads what a client still sends, for a while, so that it gets to the answer. */
function discard(request: Request): void {
  if (request.destroyed || request.complete) return
  request.resume()
  const timer = setTimeout(() => request.destroy(), 5000).unref()
  request.once("close", () => clearTimeout(timer))
}

function preflight(response: Response): void {
  response.statusCode = 204
  response.setHeader("access-control-allow-methods", "GET, HEAD, POST, PUT")
  response.setHeader("access-control-allow-headers", [...cors.allowedHeaders, "Authorization", "Range"].join(", "))
  response.setHeader("access-control-max-age", "7200")
  // Chromium asks for this before a page of the public web may reach this machine.
  response.setHeader("access-control-allow-private-network", "true")
  response.setHeader("content-length", "0")
  response.end()
}

function refuse(response: Response, { status, reason }: Refusal): void {
  const headers: Record<string, string> = status === 401 ? { "www-authenticate": 'Bearer realm="thunkpad"' } : {}
  sendText(response, status, `${reason}\n`, headers)
}
