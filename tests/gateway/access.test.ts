// Who may ask a gateway: hosts, origins, tokens, and what must not be guessed.
import * as http from "node:http"
import * as http2 from "node:http2"
import { createClient } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Access } from "../../engine/gateway/access.ts"
import { isLoopback, isPublic } from "../../engine/gateway/address.ts"
import { Gateway } from "../../engine/gateway/gateway.ts"
import { StoreService } from "../../engine/proto/gen/gateway_pb.ts"
import { type RunningGateway, startGateway } from "./server.ts"

const page = "https://pad.example"
const token = "correct-horse-battery-staple"

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** A request with any headers: fetch does not let one set Host. */
function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, async (response) => {
      let text = ""
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode!, headers: response.headers, text })
    })
    request.on("error", reject)
    request.end()
  })
}

describe("a gateway without a token", () => {
  let running: RunningGateway
  let url: string
  beforeAll(async () => {
    running = await startGateway({ access: { origins: [page], hosts: ["gateway.example"], tokens: [] } })
    url = `${running.url}/nix-cache-info`
  })
  afterAll(() => running.close())

  test.each(["127.0.0.1", "127.0.0.1:1234", "localhost", "LOCALHOST:80", "[::1]:8080", "gateway.example", "gateway.example:99"])(
    "is this machine's own: Host %s",
    async (host) => expect((await ask(url, { host })).status).toBe(200),
  )

  // A page's name that was made to point here; an address of the network, which without a token nobody uses.
  test.each(["rebound.example", "localhost.example", "192.168.1.2", "[fe80::1]", "gateway.example.evil", "127.0.0.1.evil"])(
    "is not another's: Host '%s'",
    async (host) => expect((await ask(url, { host })).status).toBe(421),
  )

  test("answers the pages it was told of, and its own", async () => {
    const allowed = await ask(url, { origin: page })
    expect(allowed.status).toBe(200)
    expect(allowed.headers["access-control-allow-origin"]).toBe(page)
    expect(allowed.headers["access-control-expose-headers"]).toMatch(/Grpc-Status/i)
    expect(allowed.headers["access-control-allow-credentials"]).toBeUndefined()
    expect(allowed.headers.vary).toMatch(/origin/i)
    expect((await ask(url, { origin: running.url })).status).toBe(200)
  })

  test.each([
    "https://evil.example",
    "http://pad.example",
    "https://pad.example:8443",
    "https://pad.example.evil",
    "https://PAD.example",
    "null",
  ])("does not answer others: %s", async (origin) => {
    const answer = await ask(url, { origin })
    expect(answer.status).toBe(403)
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined()
  })

  test("does not answer what pages load without CORS", async () => {
    expect((await ask(url, { "sec-fetch-site": "cross-site" })).status).toBe(403)
    expect((await ask(url, { "sec-fetch-site": "same-site" })).status).toBe(403)
    expect((await ask(url, { "sec-fetch-site": "none" })).status).toBe(200)
  })

  test("answers preflights of its pages alone", async () => {
    const good = await ask(
      `${running.url}/snix.castore.v1.BlobService/Stat`,
      { origin: page, "access-control-request-method": "POST" },
      "OPTIONS",
    )
    expect(good.status).toBe(204)
    expect(good.headers["access-control-allow-origin"]).toBe(page)
    expect(good.headers["access-control-allow-headers"]).toMatch(/Authorization/)
    const bad = await ask(`${running.url}/snix.castore.v1.BlobService/Stat`, { origin: "https://evil.example" }, "OPTIONS")
    expect(bad.status).toBe(403)
    expect(bad.headers["access-control-allow-origin"]).toBeUndefined()
  })

  test("checks the authority of HTTP/2 requests, too", async () => {
    expect((await createClient(StoreService, createGrpcTransport({ baseUrl: running.url })).describe({})).software).toBe("thunkpad")
    const session = http2.connect(running.url)
    const status = await new Promise((resolve) => {
      const stream = session.request({ ":path": "/nix-cache-info", ":authority": "rebound.example" })
      stream.on("response", (headers) => resolve(headers[":status"]))
      stream.end()
    })
    session.destroy()
    expect(status).toBe(421)
  })

  test("listens on the loopback interface alone", async () => {
    const gateway = new Gateway({ stores: running.stores, access: { origins: [], hosts: [], tokens: [] } })
    for (const host of ["0.0.0.0", "::", "192.168.1.2", "example.org"]) {
      await expect(gateway.listen({ host, port: 0 })).rejects.toThrow(/loopback/)
    }
  })
})

describe("a gateway with tokens", () => {
  let running: RunningGateway
  beforeAll(async () => {
    running = await startGateway({ access: { origins: [page], hosts: [], tokens: ["another-one-of-these-tokens", token] } })
  })
  afterAll(() => running.close())

  test("wants one of them, as a bearer token or as the password of a netrc file", async () => {
    const url = `${running.url}/nix-cache-info`
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, basic(`nix:${token}`), basic(`:${token}`)]) {
      expect((await ask(url, { authorization })).status, authorization).toBe(200)
    }
    for (const authorization of ["", "Bearer", "Bearer ", `Bearer ${token}x`, "Bearer short", basic("nix:wrong"), basic(token), token]) {
      const answer = await ask(url, authorization === "" ? {} : { authorization })
      expect(answer.status, authorization).toBe(401)
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer/)
      expect(answer.text).not.toContain(token)
    }
  })

  test("wants it for every route but preflights, and lets pages read that they need one", async () => {
    for (const path of ["/", "/fetch?url=x", "/castore/blobs/x", "/thunkpad.gateway.v1.StoreService/Describe"]) {
      expect((await ask(running.url + path, { origin: page })).status).toBe(401)
    }
    const refused = await ask(`${running.url}/`, { origin: page })
    expect(refused.headers["access-control-allow-origin"]).toBe(page)
    expect((await ask(`${running.url}/`, { origin: page }, "OPTIONS")).status).toBe(204)
  })

  test("wants it for calls, which then fail as denied", async () => {
    const transport = (authorization: string) =>
      createConnectTransport({
        baseUrl: running.url,
        httpVersion: "1.1",
        interceptors: [
          (next) => (request) => {
            request.header.set("authorization", authorization)
            return next(request)
          },
        ],
      })
    await expect(createClient(StoreService, transport("Bearer wrong")).describe({})).rejects.toMatchObject({ code: 16 })
    expect((await createClient(StoreService, transport(`Bearer ${token}`)).describe({})).software).toBe("thunkpad")
  })
})

test("tokens that can be guessed and origins that no browser sends are refused at the start", () => {
  const rules = { origins: [], hosts: [], tokens: [] }
  expect(() => new Access({ ...rules, tokens: ["short"] })).toThrow(RangeError)
  expect(() => new Access({ ...rules, tokens: ["long enough but with blanks"] })).toThrow(RangeError)
  for (const origin of [
    "*",
    "pad.example",
    "https://pad.example/",
    "https://pad.example/x",
    "HTTPS://pad.example",
    "https://pad.example:443",
    "null",
  ]) {
    expect(() => new Access({ ...rules, origins: [origin] }), origin).toThrow(RangeError)
  }
})

test.each([
  ["8.8.8.8", true],
  ["1.1.1.1", true],
  ["2606:4700:4700::1111", true],
  ["127.0.0.1", false],
  ["127.8.8.8", false],
  ["0.0.0.0", false],
  ["10.1.2.3", false],
  ["172.16.0.1", false],
  ["172.32.0.1", true],
  ["192.168.0.1", false],
  ["169.254.169.254", false],
  ["100.64.0.1", false],
  ["198.18.0.1", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["::ffff:127.0.0.1", false],
  ["::ffff:7f00:1", false],
  ["::FFFF:10.0.0.1", false],
  ["::ffff:8.8.8.8", true],
  ["::127.0.0.1", false],
  ["64:ff9b::7f00:1", false],
  ["fe80::1", false],
  ["fe80::1%eth0", false],
  ["fc00::1", false],
  ["fd12::1", false],
  ["ff02::1", false],
  ["2001:db8::1", false],
  ["2002:7f00:1::", false],
  ["not an address", false],
  ["", false],
])("the address '%s' is public: %s", (address, expected) => {
  expect(isPublic(address)).toBe(expected)
})

test("an address that wraps this machine's is this machine's", () => {
  expect(["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"].map(isLoopback)).toEqual([true, true, true, true, true])
  expect(["10.0.0.1", "::", "localhost", "8.8.8.8"].map(isLoopback)).toEqual([false, false, false, false])
})
