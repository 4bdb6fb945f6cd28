// Builds whose connection is cut, whose gateway is restarted, whose endpoint lies or is not there: the same outputs, every line of the
// log once, or a clear end. One skipped test where bubblewrap is missing.
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { Gateway } from "../../engine/gateway/gateway.ts"
import { ScriptedExecutor } from "../gateway/scripted-executor.ts"
import { memoryStores } from "../store/eval-io-run.ts"
import { Building, instantiate, missing, tabOf, textOf } from "./building.ts"

const counting = `{ counting = sh "counting" { outputs = [ "out" "doc" ]; } "for n in 1 2 3 4 5 6 7 8; do echo line $n; sleep 0.3; done; echo $doc > $out; echo doc > $doc"; }`
const lines = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `line ${n}\n`).join("")

let building: Building | undefined
afterEach(async () => {
  await building?.remove()
  building = undefined
})

/** Forwards connections to a port until it is told to cut them. */
async function proxy(to: () => number) {
  const sockets = new Set<Socket>()
  const server = http.createServer((request, response) => {
    const { method, headers, url } = request
    const forward = http.request({ host: "127.0.0.1", port: to(), method, headers: { ...headers, host: `127.0.0.1:${to()}` }, path: url })
    forward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
      answer.on("error", () => response.destroy())
    })
    forward.on("error", () => response.destroy())
    response.on("close", () => forward.destroy())
    request.pipe(forward)
  })
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

if (missing !== undefined) test.skip(`interrupted builds: ${missing}`, () => {})
else
  describe("interrupted builds", { timeout: 300_000 }, () => {
    test("the connection is cut again and again: the build runs once, and its log is whole", async () => {
      building = await new Building().start()
      const port = Number(new URL(building.url).port)
      const between = await proxy(() => port)
      building.url = `http://127.0.0.1:${between.port}`
      const tab = tabOf(building.endpoint())
      const [drv] = await instantiate(tab, counting, ["counting"])
      const built = tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      await expect.poll(() => tab.logOf("counting")).toContain("line 1\n")
      let left = 20
      const timer = setInterval(() => (left-- > 0 ? between.cut() : undefined), 400)
      const { outputs, failures } = await built
      clearInterval(timer)
      await between.close()
      expect([...failures.values()].map(String)).toEqual([])
      expect(tab.logOf("counting")).toBe(lines)
      expect(tab.kinds("counting").filter((kind) => kind === "started")).toHaveLength(1)
      expect(tab.kinds("counting")).toContain("retry")
      const out = outputs.get(drv!)!.get("out")!
      expect(await textOf(tab, out.path)).toBe(`/nix/store/${outputs.get(drv!)!.get("doc")!.path}\n`)
      expect(building.builds.list()).toHaveLength(1)
    })

    test("fifty cuts in a build of twenty derivations: the same outputs as without, each built once, all logs whole", async () => {
      building = await new Building().start()
      const port = Number(new URL(building.url).port)
      const between = await proxy(() => port)
      building.url = `http://127.0.0.1:${between.port}`
      const tab = tabOf(building.endpoint())
      const twenty = `let
        node = n: sh "node-${"$"}{toString n}" { below = if n < 4 then [ ] else [ (node (n - 4)) (node (n - 3)) ]; }
          "for i in 1 2 3; do echo ${"$"}{toString n}.$i; sleep 0.5; done; cat /dev/null $below > $out; echo ${"$"}{toString n} >> $out";
      in { all = sh "all" { nodes = map node [ 16 17 18 ]; } "cat $nodes > $out"; }`
      const [drv] = await instantiate(tab, twenty, ["all"])
      let cuts = 0
      const timer = setInterval(() => {
        if (cuts++ < 50) between.cut()
      }, 150)
      const { outputs, failures } = await tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      clearInterval(timer)
      await between.close()
      expect([...failures.values()].map(String)).toEqual([])
      expect(cuts).toBeGreaterThanOrEqual(50)
      const planned = tab.news.flatMap((one) => (one.kind === "planned" ? one.rows : []))
      expect(planned).toHaveLength(20)
      for (const { drvPath, name } of planned) {
        expect(tab.kinds(drvPath).filter((kind) => kind === "started")).toHaveLength(1)
        const n = name.slice("node-".length)
        if (name !== "all") expect(tab.logOf(drvPath)).toBe(`${n}.1\n${n}.2\n${n}.3\n`)
      }
      // Nothing was built twice there.
      expect(building.builds.list()).toHaveLength(20)
      building.url = `http://127.0.0.1:${port}`
      const calm = tabOf(building.endpoint())
      await instantiate(calm, twenty, ["all"])
      const again = await calm.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      const [a, b] = [outputs, again.outputs].map((found) => found.get(drv!)!.get("out")!)
      expect(a!.narHash).toEqual(b!.narHash)
    })

    test("the gateway is restarted in the middle: the build is run again there, and goes on here", async () => {
      building = await new Building().start()
      const tab = tabOf(building.endpoint())
      const [drv] = await instantiate(tab, counting, ["counting"])
      const built = tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      await expect.poll(() => tab.logOf("counting")).toContain("line 3\n")
      await building.stop()
      await building.start()
      const { outputs, failures } = await built
      expect([...failures.values()].map(String)).toEqual([])
      expect(outputs.get(drv!)!.size).toBe(2)
      expect(tab.kinds("counting").filter((kind) => kind === "started")).toHaveLength(2)
      // What the first attempt wrote, then all that the second did.
      expect(tab.logOf("counting").endsWith(lines)).toBe(true)
      expect(tab.logOf("counting").startsWith("line 1\nline 2\nline 3\n")).toBe(true)
    })

    test("an endpoint that has forgotten a build begins it anew", async () => {
      building = await new Building().start()
      const tab = tabOf(building.endpoint())
      const [drv] = await instantiate(tab, counting, ["counting"])
      const built = tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      await expect.poll(() => tab.logOf("counting")).toContain("line 2\n")
      await building.stop()
      fs.rmSync(`${building.folder}/journal`, { recursive: true })
      await building.start()
      const { outputs } = await built
      expect(outputs.get(drv!)!.size).toBe(2)
      expect(tab.kinds("counting")).toContain("anew")
      expect(tab.logOf("counting").endsWith(lines)).toBe(true)
    })

    test("an endpoint that has lost all it had is sent it again", async () => {
      building = await new Building().start()
      const tab = tabOf(building.endpoint())
      const [drv] = await instantiate(tab, counting, ["counting"])
      const built = tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      await expect.poll(() => tab.logOf("counting")).toContain("line 2\n")
      await building.stop()
      fs.rmSync(building.folder, { recursive: true })
      fs.mkdirSync(building.folder)
      Object.assign(building, { stores: memoryStores() })
      await building.start()
      const { outputs, failures } = await built
      expect([...failures.values()].map(String)).toEqual([])
      expect(outputs.get(drv!)!.size).toBe(2)
      expect(tab.logOf("counting").endsWith(lines)).toBe(true)
    })

    test("a connection that is dead without anybody having noticed is made anew", async () => {
      building = await new Building().start()
      let calls = 0
      const tab = tabOf(
        building.endpoint({
          quiet: 300,
          fetch: async (url, init) => {
            const answer = await fetch(url, init)
            // The first stream says what it has, and then nothing for ever.
            if (!String(url).endsWith("/Build") || calls++ > 0) return answer
            const reader = answer.body!.getReader()
            const { value } = await reader.read()
            const start = (out: ReadableStreamDefaultController<Uint8Array>): void => {
              out.enqueue(value!)
              init?.signal?.addEventListener("abort", () => {
                out.error(new DOMException("aborted", "AbortError"))
                void reader.cancel().catch(() => {})
              })
            }
            const body = new ReadableStream({ start })
            return new Response(body, { headers: answer.headers, status: answer.status })
          },
        }),
      )
      const [drv] = await instantiate(tab, counting, ["counting"])
      const { failures } = await tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      expect([...failures.values()].map(String)).toEqual([])
      expect(calls).toBeGreaterThan(1)
      expect(tab.logOf("counting")).toBe(lines)
    })

    test("an endpoint that is not there is given up after a while", async () => {
      building = await new Building().start()
      const tab = tabOf(building.endpoint({ patience: 300, retry: { attempts: 2, delay: 10, longest: 50 } }))
      const [drv] = await instantiate(tab, counting, ["counting"])
      await building.stop()
      const { failures } = await tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
      expect(failures.get(drv!)?.reason).toBe("infrastructure")
      await building.start()
    })
  })

test("an endpoint whose outputs are not what it says is not believed", async () => {
  const own = await new Building().start()
  building = own
  await own.stop()
  const { stores } = own
  const executor = new ScriptedExecutor(stores, 1, ["made-up"])
  const builds = new Builds({ stores, folder: `${own.folder}/journal`, executors: [executor] })
  await builds.open()
  // Its store reads, when it hashes, what is not there.
  const truth = Buffer.from("the truth, which is long enough")
  const getMany = stores.blobs.getMany.bind(stores.blobs)
  stores.blobs.getMany = async (digests) =>
    (await getMany(digests)).map((bytes, i) => (digests[i] === b3(truth) ? Buffer.from("a lie that is long, you know it") : bytes))
  own.gateway = new Gateway({ stores, builds, access: { origins: [], hosts: [], tokens: [] } })
  own.url = await own.gateway.listen({ host: "127.0.0.1", port: 0 })
  const tab = tabOf(own.endpoint({ retry: { attempts: 1, delay: 1, longest: 1 } }))
  const [drv] = await instantiate(tab, `{ lie = derivation { name = "lie"; system = "made-up"; builder = "/bin/sh"; }; }`, ["lie"])
  const built = tab.scheduler.build([{ drvPath: drv!, outputs: "all" }])
  ;(await executor.nth(0)).finish(truth.toString())
  const { failures } = await built
  expect(failures.get(drv!)).toMatchObject({ reason: "output-rejected" })
  expect(failures.get(drv!)!.message).toContain("the endpoint says that the archive of")
  const output = (await tab.store.derivation(drv!)).outputs.get("out")!
  expect(output.kind === "inputAddressed" && (await tab.store.isValid(output.path))).toBe(false)
})
