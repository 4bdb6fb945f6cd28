// The other side of the wire: a local HTTP server with the archives, with every way to answer badly, and a stand-in of the hosting
// services under /forge/HOST/….

import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import { archives, repository } from "./archives.ts"
import { answerForge } from "./forge.ts"

export interface TestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly base: string
  /** What was asked, `METHOD PATH`, in order. */
  readonly asked: string[]
  /** Headers of the requests, in the same order. */
  readonly headers: http.IncomingHttpHeaders[]
  close(): Promise<void>
}

const narHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
const rev = "1234567890123456789012345678901234567890"

/** Where the Link header of /immutable/KIND/… points. */
function immutable(kind: string, base: string): string {
  switch (kind) {
    case "plain":
      return `${base}/plain.tar.gz`
    case "attrs":
      return `${base}/plain.tar.gz?rev=${rev}&revCount=17&lastModified=1234567`
    case "wrong-hash":
      return `${base}/plain.tar.gz?narHash=${encodeURIComponent(narHash)}`
    case "file":
      return `file+${base}/plain.tar.gz`
    case "forge":
      return "github:owner/repo"
    default:
      return "nonsense"
  }
}

/** Answers one request for a path of the server; `base` is the server's own address. */
export function answer(
  files: ReadonlyMap<string, Uint8Array>,
  base: string,
  req: http.IncomingMessage,
  res: http.ServerResponse,
): undefined {
  const url = new URL(req.url ?? "/", base)
  const [kind = "", ...rest] = url.pathname.slice(1).split("/")
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1)
  const body = files.get(decodeURIComponent(name))
  const send = (status: number, headers: http.OutgoingHttpHeaders, bytes: Uint8Array | string = ""): undefined => {
    res.writeHead(status, { "Content-Length": bytes.length, ...headers })
    res.end(bytes)
    return undefined
  }
  switch (kind) {
    case "redirect": {
      const left = Number(rest[0])
      return send(302, { Location: left > 1 ? `/redirect/${left - 1}/${name}` : `/${name}` })
    }
    case "redirect-away":
      return send(301, { Location: `${base}/${name}` })
    case "redirect-nowhere":
      return send(302, {})
    case "redirect-file":
      return send(302, { Location: "file:///etc/hostname" })
    case "loop":
      return send(302, { Location: "/loop" })
    case "status":
      return send(Number(rest[0]), { "Content-Type": "text/plain" }, "no such thing here\n")
    case "short":
      if (body === undefined) break
      res.writeHead(200, { "Content-Length": body.length })
      res.write(body.slice(0, body.length - 10))
      setTimeout(() => res.destroy(), 20)
      return undefined
    case "drop":
      req.socket.destroy()
      return undefined
    case "cors":
      return send(200, { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Link" }, body ?? "")
    case "etag": {
      const etag = `"${name}-1"`
      if (req.headers["if-none-match"] === etag) return send(304, { ETag: etag })
      return send(200, { ETag: etag }, body ?? "")
    }
    case "encoded":
      return send(200, { "Content-Encoding": "gzip" }, gzipSync(body ?? ""))
    case "immutable":
      return send(200, { Link: `<${immutable(rest[0] ?? "", base)}>; rel="immutable"` }, body ?? "")
    case "slow": {
      if (body === undefined) break
      res.writeHead(200, { "Content-Length": body.length })
      // One piece, and then nothing until the other side gives up.
      res.write(body.slice(0, 100))
      return undefined
    }
    case "endless": {
      res.writeHead(200, {})
      const more = (): void => {
        while (!res.destroyed && res.write(new Uint8Array(65536)));
        if (!res.destroyed) res.once("drain", more)
      }
      more()
      return undefined
    }
    case "forge":
      return answerForge(`/${rest.slice(1).join("/")}${url.search}`, req.headers, send, repository)
  }
  if (body === undefined) return send(404, { "Content-Type": "text/html" }, "<html>not here</html>")
  return send(200, {}, req.method === "HEAD" ? "" : body)
}

/** Starts the server on a free port. */
export async function startServer(): Promise<TestServer> {
  const asked: string[] = []
  const headers: http.IncomingHttpHeaders[] = []
  const files = archives()
  files.set("hello.txt", new TextEncoder().encode("hello\n"))
  let base = ""
  const server = http.createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`)
    headers.push(req.headers)
    answer(files, base, req, res)
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    base,
    asked,
    headers,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
