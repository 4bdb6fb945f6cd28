// Builds of the built program that is killed without warning at random moments: its watchers come back and see every event once, in
// its order; every build ends, with the same outputs as if nothing had happened; nothing of a killed one goes on. One skipped test
// where there is no bubblewrap.
import { spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { create } from "@bufbuild/protobuf"
import { ConnectError, createClient } from "@connectrpc/connect"
import { createConnectTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { b3, digestFromBytes } from "../../engine/castore/digest.ts"
import { RpcBlobStore } from "../../engine/castore/rpc-blob-store.ts"
import { RpcDirectoryStore } from "../../engine/castore/rpc-directory-store.ts"
import { entryMessage } from "../../engine/castore/rpc-message.ts"
import { TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { type BuildEvent, BuildService, JobSchema } from "../../engine/proto/gen/gateway_build_pb.ts"
import { freePort, type Program, startProgram } from "../gateway/program.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-killed-builds-`))
const isHere = spawnSync("bwrap", ["--version"]).status === 0 && fs.existsSync("/bin/busybox")
const mark = `mark-${process.pid}-${Date.now()}`
let running: Program | undefined

beforeAll(initHashes)
afterAll(() => {
  running?.child.kill("SIGKILL")
  fs.rmSync(folder, { recursive: true, force: true })
})

/** Processes of this machine that have the mark in their arguments. */
function marked(): string[] {
  return fs.readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return fs.readFileSync(`/proc/${name}/cmdline`, "latin1").includes(mark)
    } catch {
      return false // it has just ended
    }
  })
}

/** The lines that the builder writes. */
const lines = Array.from({ length: 6 }, (_, i) => `line ${i}\n`)

if (!isHere) test.skip("builds under kills: bubblewrap or busybox-static is missing", () => {})
else
  test("a gateway killed at random moments loses no build, no output and no line", { timeout: 600_000 }, async () => {
    const seed = randomInt(2 ** 30)
    console.log(`seed ${seed}`)
    const store = `${folder}/store`
    const port = await freePort()
    running = await startProgram(store, port, ["--jobs", "2"])
    expect(running.errors()).toBe("")
    const transport = createConnectTransport({ baseUrl: running.url, httpVersion: "1.1" })
    const client = createClient(BuildService, transport)
    const blobs = new RpcBlobStore(transport)
    const ingest = new TreeIngest(blobs, new RpcDirectoryStore(transport))
    await ingest.file("busybox", true, new Uint8Array(fs.readFileSync("/bin/busybox")))
    ingest.symlink("sleep", "busybox")
    const tools = await ingest.finish()

    const jobOf = (name: string) =>
      create(JobSchema, {
        request: {
          inputs: [entryMessage(tools, "tools")],
          commandArgs: [
            "/bin/sh",
            "-ec",
            `${lines.map((line) => `echo "${line.trim()}"; /nix/store/tools/sleep 0.15`).join("\n")}\necho ${name} > $out`,
            mark,
          ],
          workingDir: "build",
          scratchPaths: ["build", "nix/store"],
          inputsDir: "nix/store",
          outputs: [`nix/store/00000000000000000000000000000000-${name}`],
          environmentVars: [{ key: "out", value: Buffer.from(`/nix/store/00000000000000000000000000000000-${name}`) }],
          constraints: { system: process.arch === "arm64" ? "aarch64-linux" : "x86_64-linux", provideBinSh: true },
        },
      })

    let started = 0
    /** Watches a build to its end, whatever happens to the gateway. */
    const follow = async (name: string): Promise<BuildEvent[]> => {
      const events: BuildEvent[] = []
      let build: string | undefined
      while (events.at(-1)?.event.case !== "done" && events.at(-1)?.event.case !== "failed") {
        const what = build === undefined ? ({ case: "job", value: jobOf(name) } as const) : ({ case: "build", value: build } as const)
        try {
          for await (const event of client.build({ what, fromEvent: BigInt(events.length) })) {
            expect(Number(event.number)).toBe(events.length)
            events.push(event)
            if (event.event.case === "started") started++
            if (event.event.case === "accepted") build = event.event.value.build
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ConnectError)
          await sleep(50)
        }
      }
      return events
    }

    const startedSince = async (before: number): Promise<void> => {
      while (started <= before) await sleep(20)
    }

    const names = Array.from({ length: 10 }, (_, i) => `build-${i}`)
    const followed = Promise.all(names.map(follow))
    let kills = 0
    for (; kills < 8; kills++) {
      // Every other time at the latest when something runs that can be lost.
      const before = started
      if (kills % 2 === 1) await Promise.race([followed, startedSince(before)])
      await sleep(150 + ((seed >>> kills) % 11) * 60)
      running.child.kill("SIGKILL")
      await running.ended
      // The sandboxes die with their gateway, but for one that bubblewrap was just making: that may wait for ever to be begun, and goes
      // when the next gateway comes.
      for (let turn = 0; turn < 100 && marked().length > 0; turn++) await sleep(100)
      const left = marked()
      expect(left.length).toBeLessThanOrEqual(2)
      running = await startProgram(store, port, ["--jobs", "2"])
      await expect.poll(() => marked().filter((pid) => left.includes(pid))).toEqual([])
    }
    const all = await followed
    let again = 0
    for (const [i, events] of all.entries()) {
      const last = events.at(-1)!.event
      expect(last.case).toBe("done")
      const entry = last.case === "done" ? last.value.outputs[0]!.entry!.entry : undefined
      expect(entry?.case === "file" && digestFromBytes(new Uint8Array(entry.value.digest))).toBe(b3(Buffer.from(`${names[i]}\n`)))
      // Each attempt wrote its lines from the first on; the last one all of them.
      const attempts: string[] = []
      for (const { event } of events) {
        if (event.case === "started") attempts.push("")
        if (event.case === "log") attempts[attempts.length - 1] += Buffer.from(event.value.data).toString()
      }
      again += attempts.length - 1
      for (const attempt of attempts) expect(lines.join("").startsWith(attempt)).toBe(true)
      expect(attempts.at(-1)).toBe(lines.join(""))
    }
    console.log(`${kills} kills; ${again} attempts were begun again`)
    expect(again).toBeGreaterThan(0)
    // What was built is not built again, and whoever comes late gets all of it.
    expect((await follow("build-0")).length).toBe(all[0]!.length)
    expect(marked()).toEqual([])
    expect(fs.readdirSync(`${store}/build/sandbox/work`)).toEqual([])
    running.child.kill("SIGTERM")
    expect(await running.ended).toBe(0)
  })
