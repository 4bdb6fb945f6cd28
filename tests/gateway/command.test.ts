// `thunkpad gateway` in this process: its flags, what it refuses, and what a folder keeps.
import * as fs from "node:fs"
import * as os from "node:os"
import { createConnectTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { RpcBlobStore } from "../../engine/castore/rpc-blob-store.ts"
import { gateway } from "../../engine/cli/gateway.ts"
import { Session } from "../../engine/cli/session.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-command-`))
fs.writeFileSync(`${folder}/wrong-tokens`, "some-token-0123456789 bytes=1\n")

beforeAll(initHashes)
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** Runs the command while `use` has its URL and public key. */
async function whileRunning(argv: readonly string[], use: (url: string, key: string) => Promise<void>): Promise<void> {
  let stop = (): void => {}
  const ended = new Promise<void>((resolve) => {
    stop = resolve
  })
  const printed = new Promise<string>((resolve, reject) => {
    const write = (fd: 1 | 2, text: string): void => (fd === 1 ? resolve(text) : reject(new Error(text)))
    const session = new Session({ cwd: folder, env: {}, color: false, write, stdin: () => "" })
    finished = gateway(["--listen", "127.0.0.1:0", ...argv], session, () => ended)
    finished.catch(reject)
  })
  const [url = "", key = ""] = (await printed).split("\n")
  try {
    await use(url, key)
  } finally {
    stop()
    expect(await finished).toBe(0)
  }
}
let finished: Promise<number>

test("a folder keeps what was put there, and its key", async () => {
  const store = `${folder}/store`
  let first = ""
  const blobs = [Buffer.from("small"), Buffer.alloc(3_000_000, 9)]
  await whileRunning(["--store", store], async (url, key) => {
    first = key
    await new RpcBlobStore(createConnectTransport({ baseUrl: url, httpVersion: "1.1" })).putMany(blobs)
  })
  expect(fs.statSync(`${store}/signing-key`).mode & 0o777).toBe(0o600)
  await whileRunning(["--store", store, "--read-only"], async (url, key) => {
    expect(key).toBe(first)
    const client = new RpcBlobStore(createConnectTransport({ baseUrl: url, httpVersion: "1.1" }))
    const digests = await client.putMany(blobs).catch(() => [])
    // They are all there: nothing had to be written.
    expect(digests).toHaveLength(2)
    await expect(client.putMany([Buffer.from("new")])).rejects.toMatchObject({ code: "read-only" })
  })
})

test("tokens, origins and the proxy are as the flags say", async () => {
  const tokens = `${folder}/tokens`
  fs.writeFileSync(tokens, "# two of them\nfirst-token-0123456789\n\n  second-token-0123456789  \n")
  const argv = ["--token-file", tokens, "--origin", "https://a.example", "--origin", "https://b.example", "--no-fetch", "--priority", "7"]
  await whileRunning(argv, async (url) => {
    const ask = (path: string, headers: Record<string, string>) => fetch(url + path, { headers })
    expect((await ask("/nix-cache-info", {})).status).toBe(401)
    for (const token of ["first-token-0123456789", "second-token-0123456789"]) {
      const answer = await ask("/nix-cache-info", { authorization: `Bearer ${token}`, origin: "https://b.example" })
      expect(await answer.text()).toContain("Priority: 7")
    }
    expect((await ask("/nix-cache-info", { origin: "https://c.example" })).status).toBe(403)
    expect((await ask("/fetch?url=https://github.com/", { authorization: "Bearer first-token-0123456789" })).status).toBe(404)
  })
})

test("what tokens have used is told, and outlives the gateway", async () => {
  const tokens = `${folder}/named-tokens`
  fs.writeFileSync(tokens, "named-token-0123456789 name=ci builds=2 # the CI\nother-token-0123456789\n")
  const argv = ["--store", `${folder}/counted`, "--token-file", tokens, "--quota-megabytes", "1", "--jobs", "0"]
  const headers = { authorization: "Bearer named-token-0123456789" }
  const put = async (url: string) => {
    const body = JSON.stringify({ blobs: [Buffer.alloc(700_000).toString("base64")] })
    const type = { "content-type": "application/json" }
    const method = `${url}/thunkpad.gateway.v1.StoreService/PutBlobs`
    return (await fetch(method, { method: "POST", headers: { ...headers, ...type }, body })).status
  }
  await whileRunning(argv, async (url) => expect(await put(url)).toBe(200))
  await whileRunning(argv, async (url) => {
    expect(await (await fetch(`${url}/status`, { headers })).json()).toMatchObject({
      account: "ci",
      bytes: { today: 700_000, total: 700_000 },
      quota: { builds: 2, bytes: 1 << 20 },
    })
    // What Connect makes of RESOURCE_EXHAUSTED.
    expect(await put(url)).toBe(429)
    const other = { authorization: "Bearer other-token-0123456789" }
    expect(await (await fetch(`${url}/status`, { headers: other })).json()).toMatchObject({ bytes: { total: 0 } })
  })
})

test("--help tells of every flag", async () => {
  const { out, status } = await runCommand(gateway, ["--help"])
  expect(status).toBe(0)
  for (const flag of [
    "--listen",
    "--store",
    "--origin",
    "--host",
    "--token-file",
    "--key-file",
    "--priority",
    "--read-only",
    "--fetch-host",
    "--quota-builds",
    "--jobs",
    "--build-queue",
    "--nix-daemon",
    "--build-server",
  ]) {
    expect(out).toContain(`  ${flag} `)
  }
})

test.each([
  ["an address of the network without a token", ["--listen", "0.0.0.0:0"], /loopback/],
  ["no address", ["--listen", "8080"], /address and a port/],
  ["a name", ["--listen", "example.org:80"], /address and a port/],
  ["a port that there is not", ["--listen", "127.0.0.1:99999"], /address and a port/],
  ["a file of tokens without any", ["--token-file", "/dev/null"], /no token/],
  ["a file that is not there", ["--token-file", "/nothing/here"], /cannot read/],
  ["an origin that is none", ["--listen", "127.0.0.1:0", "--origin", "*"], /origin/],
  ["a key that is none", ["--key-file", "/dev/null"], /key is corrupt/],
  ["a priority that is none", ["--priority", "high"], /number/],
  ["two ways to a daemon", ["--nix-daemon", "auto", "--nix-daemon-store", "x"], /two ways/],
  ["a build server that is no URL", ["--build-server", "example.org:1"], /not the URL/],
  ["jobs that are no number", ["--jobs", "many"], /number/],
  ["a quota that is none", ["--quota-builds", "0"], /'--quota-builds' takes a number from 1 on/],
  ["a file of tokens with something else in it", ["--token-file", `${folder}/wrong-tokens`], /wrong-tokens:1: word 2/],
  ["an unknown flag", ["--port", "1"], /unrecognised/],
  ["a flag without its value", ["--store"], /requires 1/],
  ["arguments", ["store"], /no arguments/],
])("refuses %s", async (_, argv, message) => {
  const { status, err } = await runCommand((args, session) => gateway(args, session, async () => {}), argv)
  expect(status).toBe(1)
  expect(err).toMatch(message)
})

test("an address in use is said", async () => {
  await whileRunning([], async (url) => {
    const { err } = await runCommand((args, session) => gateway(args, session, async () => {}), ["--listen", new URL(url).host])
    expect(err).toMatch(/cannot listen .*EADDRINUSE/)
  })
})
