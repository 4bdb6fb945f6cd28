// A web server with a folder or a map of files, that can be told to misbehave and takes PUT; and a folder as the place of an export.
import * as fs from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { dirname } from "node:path"
import type { CacheSink } from "../../engine/store/cache-export.ts"

/** What a request gets instead of the file; undefined for the file. */
export type Trouble = (
  request: IncomingMessage,
  path: string,
) => { status?: number; body?: Uint8Array; cutAt?: number; stallAt?: number } | undefined

export interface CacheServer {
  readonly url: string
  /** "METHOD path" of all requests so far. */
  readonly requests: string[]
  trouble: Trouble
  close(): Promise<void>
}

/** Serves `files` (a folder, or contents by path). */
export async function serveCache(files: string | Map<string, Uint8Array>): Promise<CacheServer> {
  const read = (path: string): Uint8Array | undefined => {
    if (typeof files !== "string") return files.get(path)
    const file = `${files}/${path}`
    return fs.existsSync(file) && fs.statSync(file).isFile() ? fs.readFileSync(file) : undefined
  }
  const requests: string[] = []
  const http = createServer((request, response) => void answer(request, response))
  const server: CacheServer = {
    url: "",
    requests,
    trouble: () => undefined,
    close: () =>
      new Promise((resolve) => {
        http.closeAllConnections()
        http.close(() => resolve())
      }),
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname).slice(1)
    requests.push(`${request.method} ${path}`)
    const body: Uint8Array[] = []
    for await (const chunk of request) body.push(chunk)
    const trouble = server.trouble(request, path)
    if (trouble?.status !== undefined) {
      response.writeHead(trouble.status).end()
      return
    }
    if (request.method === "PUT") {
      if (typeof files === "string") {
        fs.mkdirSync(dirname(`${files}/${path}`), { recursive: true })
        fs.writeFileSync(`${files}/${path}`, Buffer.concat(body))
      } else files.set(path, Buffer.concat(body))
      response.writeHead(201).end()
      return
    }
    const bytes = trouble?.body ?? read(path)
    if (bytes === undefined) {
      response.writeHead(404).end()
      return
    }
    if (trouble?.cutAt !== undefined) {
      response.writeHead(200, { "content-length": bytes.length })
      response.write(bytes.subarray(0, trouble.cutAt), () => response.destroy())
      return
    }
    if (trouble?.stallAt !== undefined) {
      response.writeHead(200, { "content-length": bytes.length })
      response.write(bytes.subarray(0, trouble.stallAt))
      return
    }
    response.writeHead(200, { "content-length": bytes.length })
    response.end(request.method === "HEAD" ? undefined : bytes)
  }
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  return Object.assign(server, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` })
}

/** A map of files as the place of an export. */
export function mapSink(files: Map<string, Uint8Array>): CacheSink {
  return {
    has: async (path) => files.has(path),
    put: async (path, contents) => {
      const pieces: Uint8Array[] = []
      for await (const chunk of contents instanceof Uint8Array ? [contents] : contents) pieces.push(chunk.slice())
      files.set(path, Buffer.concat(pieces))
    },
  }
}

/** A folder as the place of an export. */
export function folderSink(folder: string): CacheSink {
  return {
    has: async (path) => fs.existsSync(`${folder}/${path}`),
    put: async (path, contents) => {
      fs.mkdirSync(dirname(`${folder}/${path}`), { recursive: true })
      const file = fs.openSync(`${folder}/${path}`, "w")
      for await (const chunk of contents instanceof Uint8Array ? [contents] : contents) fs.writeSync(file, chunk)
      fs.closeSync(file)
    },
  }
}
