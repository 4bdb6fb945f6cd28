// The fetch proxy: what it passes on, and what it must not reach. Servers of this machine are allowed by their port, as an owner
// of a mirror would; everything else here is refused.
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { defaultFetchRules } from "../../engine/gateway/guarded-fetch.ts"
import { randomBytes, sameBytes } from "../castore/contract.ts"
import { type RunningGateway, startGateway } from "./server.ts"

let origin: http.Server
let other: http.Server
let allowed: string
let forbidden: string
let running: RunningGateway
const seen: http.IncomingHttpHeaders[] = []
const body = randomBytes(2_000_000, 1)
const page = "https://pad.example"

function listen(handler: http.RequestListener): Promise<http.Server> {
  const server = http.createServer(handler)
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)))
}

function addressOf(server: http.Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  other = await listen((_, response) => response.end("secret"))
  forbidden = addressOf(other)
  origin = await listen((request, response) => {
    seen.push(request.headers)
    const url = new URL(request.url!, "http://x")
    const redirect = url.searchParams.get("to")
    if (redirect !== null) return void response.writeHead(302, { location: redirect, "set-cookie": "a=b" }).end()
    if (url.pathname === "/loop") return void response.writeHead(302, { location: "/loop" }).end()
    if (url.pathname === "/page") {
      response.setHeader("content-type", "text/html")
      response.setHeader("set-cookie", "session=1")
      response.setHeader("access-control-allow-origin", "*")
      response.setHeader("etag", '"tag"')
      response.setHeader("link", '<https://example.org/x>; rel="immutable"')
      return void response.end("<script>alert(1)</script>")
    }
    if (url.pathname === "/missing") return void response.writeHead(404).end("nothing here")
    if (url.pathname === "/silent") return
    if (url.pathname === "/endless") {
      response.writeHead(200)
      const more = (): void => {
        while (response.write(body));
        response.once("drain", more)
      }
      return more()
    }
    if (url.pathname === "/cut") {
      response.writeHead(200, { "content-length": "1000" })
      response.write("short", () => response.destroy())
      return
    }
    if (request.headers.range === "bytes=10-19") {
      return void response
        .writeHead(206, { "content-range": `bytes 10-19/${body.length}`, "content-length": "10" })
        .end(body.subarray(10, 20))
    }
    response.writeHead(200, { "content-length": String(body.length) })
    response.end(request.method === "HEAD" ? undefined : body)
  })
  allowed = addressOf(origin)
  running = await startGateway({
    access: { origins: [page], hosts: [], tokens: [] },
    fetch: {
      ...defaultFetchRules,
      hosts: ["example.org", "*.example.net", "localhost"],
      privateServers: [allowed],
      bytes: 5_000_000,
      silence: 300,
    },
  })
})

afterAll(async () => {
  await running.close()
  for (const server of [origin, other]) {
    server.closeAllConnections()
    server.close()
  }
})

function proxied(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${running.url}/fetch?url=${encodeURIComponent(url)}`, init)
}

describe("what may be fetched", () => {
  test("comes as it is", async () => {
    const response = await proxied(`http://${allowed}/file`)
    expect(response.status).toBe(200)
    expect(response.headers.get("content-length")).toBe(String(body.length))
    expect(sameBytes(new Uint8Array(await response.arrayBuffer()), body)).toBe(true)
  })

  test("comes in ranges, and as headers alone", async () => {
    const range = await proxied(`http://${allowed}/file`, { headers: { range: "bytes=10-19" } })
    expect([range.status, range.headers.get("content-range")]).toEqual([206, `bytes 10-19/${body.length}`])
    expect(sameBytes(new Uint8Array(await range.arrayBuffer()), body.slice(10, 20))).toBe(true)
    const head = await proxied(`http://${allowed}/file`, { method: "HEAD" })
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, String(body.length), ""])
  })

  test("comes without what could harm, and nothing of the user goes there", async () => {
    seen.length = 0
    const response = await proxied(`http://${allowed}/page`, {
      headers: {
        cookie: "mine=1",
        authorization: "Basic bWluZTptaW5l",
        referer: "https://pad.example/secret",
        "x-mine": "1",
        origin: page,
      },
    })
    expect(await response.text()).toBe("<script>alert(1)</script>")
    expect(response.headers.get("content-security-policy")).toMatch(/sandbox/)
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
    expect(response.headers.get("content-disposition")).toBe("attachment")
    expect(response.headers.get("set-cookie")).toBeNull()
    expect(response.headers.get("access-control-allow-origin")).toBe(page)
    expect(response.headers.get("etag")).toBe('"tag"')
    expect(response.headers.get("link")).toMatch(/immutable/)
    expect(response.headers.get("access-control-expose-headers")).toMatch(/link/i)
    expect(Object.keys(seen[0]!).sort()).toEqual(["accept", "accept-encoding", "connection", "host", "user-agent"])
  })

  test("tells the address after redirects, and errors as they are", async () => {
    const response = await proxied(`http://user:secret@${allowed}/?to=/file`)
    expect(response.headers.get("x-thunkpad-final-url")).toBe(`http://${allowed}/file`)
    await response.body?.cancel()
    const missing = await proxied(`http://${allowed}/missing`)
    expect([missing.status, await missing.text()]).toEqual([404, "nothing here"])
  })
})

describe("what must not be fetched", () => {
  test.each([
    ["a host that is not allowed", () => "https://evil.example/", 403],
    ["a host above an allowed one", () => "https://example.net/", 403],
    ["a host that only ends like an allowed one", () => "https://badexample.org/", 403],
    ["this machine by address", () => `http://${forbidden}/`, 403],
    ["this machine by name, though the name is allowed", () => `http://localhost:${forbidden.split(":")[1]}/`, 403],
    ["this machine by other spellings", () => `http://2130706433:${forbidden.split(":")[1]}/`, 403],
    ["this machine by IPv6", () => "http://[::1]/", 403],
    ["this machine by mapped IPv6", () => "http://[::ffff:127.0.0.1]/", 403],
    ["the metadata of a cloud", () => "http://169.254.169.254/latest/meta-data/", 403],
    ["the network", () => "http://192.168.0.1/", 403],
    ["an allowed port of another address", () => `http://127.0.0.2:${allowed.split(":")[1]}/`, 403],
    ["files", () => "file:///etc/passwd", 400],
    ["data", () => "data:,x", 400],
    ["no URL", () => "nonsense", 400],
    ["a redirect to this machine", () => `http://${allowed}/?to=http://${forbidden}/`, 403],
    ["a redirect to this machine by name", () => `http://${allowed}/?to=http://localhost:${forbidden.split(":")[1]}/`, 403],
    ["a redirect to the metadata of a cloud", () => `http://${allowed}/?to=http://169.254.169.254/`, 403],
    ["a redirect to a file", () => `http://${allowed}/?to=file:///etc/passwd`, 400],
    ["a redirect to another host", () => `http://${allowed}/?to=https://evil.example/`, 403],
    ["endless redirects", () => `http://${allowed}/loop`, 502],
    ["a server that says nothing", () => `http://${allowed}/silent`, 504],
  ])("%s", async (_, url, status) => {
    const response = await proxied(url())
    expect([response.status, (await response.text()).includes("secret")]).toEqual([status, false])
  })

  test("all at once, with every address allowed by name", async () => {
    const everything = await startGateway({ fetch: { ...defaultFetchRules, hosts: ["*"] } })
    const ask = async (url: string) => (await fetch(`${everything.url}/fetch?url=${encodeURIComponent(url)}`)).status
    expect(await ask(`http://${forbidden}/`)).toBe(403)
    expect(await ask(`http://localhost:${forbidden.split(":")[1]}/`)).toBe(403)
    expect(await ask("http://0.0.0.0/")).toBe(403)
    await everything.close()
  })

  test("nothing without a URL, and nothing but reading", async () => {
    expect((await fetch(`${running.url}/fetch`)).status).toBe(400)
    expect((await proxied(`http://${allowed}/file`, { method: "PUT", body: "x" })).status).toBe(405)
  })
})

describe("answers that go wrong", () => {
  const outcome = async (path: string): Promise<string> => {
    try {
      const response = await proxied(`http://${allowed}${path}`)
      await response.arrayBuffer()
      return `whole ${response.status}`
    } catch {
      return "broken off"
    }
  }

  test("are broken off when they are too large", async () => {
    expect(await outcome("/endless")).toBe("broken off")
  })

  test("are broken off when the other server breaks off", async () => {
    expect(await outcome("/cut")).toBe("broken off")
  })

  test("are refused when they say that they are too large", async () => {
    const small = await startGateway({ fetch: { ...defaultFetchRules, privateServers: [allowed], bytes: 1000 } })
    expect((await fetch(`${small.url}/fetch?url=http://${allowed}/file`)).status).toBe(502)
    await small.close()
  })

  test("leave the gateway as it was", async () => {
    expect(running.faults).toEqual([])
    expect(await outcome("/file")).toBe("whole 200")
  })
})
