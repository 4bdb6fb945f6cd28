// Builds by a real Nix daemon, with its sandbox on: the same outputs as those of nix-store. One skipped test where Nix is missing.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { type ProtocolVersion, protocolVersion } from "../../engine/formats/wire/value.ts"
import { buildJob } from "../../engine/gateway/build/build-job.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import type { DaemonPlace } from "../../engine/gateway/build/daemon-connection.ts"
import { type BuildLimits, defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { NixDaemonExecutor } from "../../engine/gateway/build/nix-daemon.ts"
import { type BuildEvent, BuildEvent_Failed_Reason as Reason } from "../../engine/proto/gen/gateway_build_pb.ts"
import { memoryStore } from "../store/memory-store.ts"
import { NativeGraph, nativeConfig, whyNotNative } from "./native-graph.ts"

const missing = whyNotNative()
const systems = [process.arch === "arm64" ? "aarch64-linux" : "x86_64-linux"]

if (missing !== undefined) test.skip(`builds by a Nix daemon: ${missing}`, () => {})
else
  describe("builds by a Nix daemon", { timeout: 300_000 }, () => {
    const { stores } = memoryStore()
    let native: NativeGraph
    let count = 0

    beforeAll(async () => {
      await initHashes()
      native = new NativeGraph(stores)
      await native.open()
    })
    afterAll(() => native.close())

    /** A daemon as a child, over a store of its own. */
    function program(store: string, config = ""): DaemonPlace {
      const argv = [
        "env",
        `NIX_CONFIG=${nativeConfig}${config}`,
        `HOME=${native.folder}`,
        "nix-daemon",
        "--stdio",
        "--store",
        `${native.folder}/${store}`,
      ]
      return { kind: "program", argv }
    }

    async function buildsBy(place: DaemonPlace, limits: Partial<BuildLimits> = {}, newest?: ProtocolVersion): Promise<Builds> {
      const executor = new NixDaemonExecutor({
        stores,
        place,
        limits: { ...defaultBuildLimits, ...limits },
        systems,
        features: ["kvm"],
        jobs: 2,
        newest,
      })
      const folder = `${native.folder}/journal-${count++}`
      const builds = new Builds({ stores, folder, executors: [executor], policy: { attempts: 2, retryDelay: 10 } })
      await builds.open()
      return builds
    }

    async function build(
      builds: Builds,
      path: StorePath,
    ): Promise<{ end: BuildEvent["event"]; log: string; attempts: number; machines: string[] }> {
      let end: BuildEvent["event"] = { case: undefined }
      let log = ""
      const machines: string[] = []
      const submitted = await builds.submit(await native.jobOf(path), false)
      for await (const { event } of submitted.watch(0, new AbortController().signal)) {
        end = event
        if (event.case === "placed") machines.push(event.value.machine)
        if (event.case === "log") log += Buffer.from(event.value.data).toString("latin1")
      }
      return { end, log, attempts: submitted.attempts, machines }
    }

    test("the example graph is what nix-store makes of it", async () => {
      const drvs = await native.instantiate("top")
      await native.nix("nix-store", "--store", native.root, "--realise", printStorePath(drvs.at(-1)!))
      const builds = await buildsBy(program("daemon"))
      expect(builds.describe().map(({ unavailable }) => unavailable)).toEqual([""])
      const differences: string[] = []
      let logs = ""
      for (const path of drvs) {
        const { end, log } = await build(builds, path)
        expect([end.case, end.case === "failed" ? end.value.message : ""]).toEqual(["done", ""])
        differences.push(...(await native.differences(path)))
        logs += log
      }
      expect(differences).toEqual([])
      expect(logs).toContain("log of low\n")
      await builds.close()
    })

    test("what it does not build itself is built by its builders", async () => {
      const worker = `${native.folder}/worker`
      const config = `max-jobs = 0\nbuilders = ${worker} ${systems[0]} - 2 1 - -\nbuilders-use-substitutes = false\n`
      const builds = await buildsBy(program("coordinator", config))
      const drvs = await native.instantiate("low")
      for (const path of drvs) {
        const { end, machines } = await build(builds, path)
        expect([end.case, end.case === "failed" ? end.value.message : "", machines]).toEqual(["done", "", [worker]])
      }
      const [output] = native.outputsOf(drvs.at(-1)!).values()
      expect(fs.existsSync(`${worker}${printStorePath(output!)}`)).toBe(true)
      await builds.close()
    })

    test("what fails on another machine is told with that machine's reason", async () => {
      const config = `max-jobs = 0\nbuilders = ${native.folder}/worker ${systems[0]} - 2 1 - -\nbuilders-use-substitutes = false\n`
      const builds = await buildsBy(program("coordinator", config))
      const ends: Record<string, unknown> = {}
      for (const attribute of ["failing", "wrongHash", "refers"]) {
        const drvs = await native.instantiate(attribute)
        for (const path of drvs.slice(0, -1)) expect((await build(builds, path)).end.case).toBe("done")
        const { end, attempts } = await build(builds, drvs.at(-1)!)
        ends[attribute] = end.case === "failed" && [end.value.reason, end.value.exitCode, attempts, end.value.message]
      }
      expect(ends).toEqual({
        failing: [Reason.BUILDER, 7, 1, expect.stringContaining("failed with exit code 7")],
        wrongHash: [Reason.OUTPUT_REJECTED, undefined, 1, expect.stringMatching(/^hash mismatch in fixed-output derivation/)],
        refers: [Reason.OUTPUT_REJECTED, undefined, 1, expect.stringContaining("is not allowed to refer to")],
      })
      await builds.close()
    })

    test("a derivation alone is enough, where those that it needs are not known", async () => {
      const drvs = await native.instantiate("parallelOne")
      for (const path of drvs) await stores.infos.deleteMany([path.slice(0, 32)])
      const builds = await buildsBy(program("alone"))
      expect((await build(builds, drvs.at(-1)!)).end.case).toBe("done")
      expect(fs.existsSync(`${native.folder}/alone${printStorePath(drvs[0]!)}`)).toBe(false)
      await builds.close()
    })

    // The daemon takes the gateway for one of its time: of Nix 2.7, of the first release with frames.
    test.each([33, 23])("an older protocol, 1.%i, is enough", async (minor) => {
      const drvs = await native.instantiate("top")
      await native.nix("nix-store", "--store", native.root, "--realise", printStorePath(drvs.at(-1)!))
      const builds = await buildsBy(program(`older-${minor}`), {}, protocolVersion(1, minor))
      expect(builds.describe().map(({ unavailable }) => unavailable)).toEqual([""])
      const differences: string[] = []
      for (const path of drvs) {
        const { end } = await build(builds, path)
        expect([end.case, end.case === "failed" ? end.value.message : ""]).toEqual(["done", ""])
        differences.push(...(await native.differences(path)))
      }
      expect(differences).toEqual([])
      const [failing] = (await native.instantiate("failing")).slice(-1)
      const { end } = await build(builds, failing!)
      expect(end.case === "failed" && [end.value.reason, end.value.exitCode]).toEqual([Reason.BUILDER, 7])
      await builds.close()
    })

    test("one without frames is told to be too old", async () => {
      const builds = await buildsBy(program("oldest"), {}, protocolVersion(1, 22))
      expect(builds.describe()[0]!.unavailable).toMatch(/too old/)
      await builds.close()
    })

    test("a socket serves as well", async () => {
      const socket = `${native.folder}/socket`
      const env = {
        ...process.env,
        HOME: native.folder,
        NIX_CONFIG: nativeConfig,
        NIX_DAEMON_SOCKET_PATH: socket,
        NIX_REMOTE: `${native.folder}/by-socket`,
      }
      const daemon = spawn("nix-daemon", [], { env, stdio: "ignore" })
      try {
        await expect.poll(() => fs.existsSync(socket)).toBe(true)
        const builds = await buildsBy({ kind: "socket", path: socket })
        expect(builds.describe().map(({ unavailable }) => unavailable)).toEqual([""])
        const drvs = await native.instantiate("low")
        for (const path of drvs) expect((await build(builds, path)).end.case).toBe("done")
        await builds.close()
      } finally {
        daemon.kill("SIGKILL")
      }
    })

    test.each([
      ["failing", Reason.BUILDER, /failed with exit code 7/],
      ["wrongHash", Reason.OUTPUT_REJECTED, /hash mismatch in fixed-output derivation/],
      ["refers", Reason.OUTPUT_REJECTED, /not allowed to refer to/],
    ])("%s fails, once", async (attribute, reason, message) => {
      const builds = await buildsBy(program("failures"))
      const drvs = await native.instantiate(attribute)
      for (const path of drvs.slice(0, -1)) expect((await build(builds, path)).end.case).toBe("done")
      const { end, log, attempts } = await build(builds, drvs.at(-1)!)
      if (end.case !== "failed") throw new Error(`it ended as ${end.case}`)
      expect([end.value.reason, attempts]).toEqual([reason, 1])
      expect(end.value.message).toMatch(message)
      if (attribute === "failing") expect([log, end.value.exitCode]).toEqual(["before\n", 7])
      await builds.close()
    })

    test("one that is too slow, or not wanted any more, is stopped there", async () => {
      const drvs = await native.instantiate("slow")
      const path = drvs.at(-1)!
      const impatient = await buildsBy(program("slow"), { time: 1500 })
      const late = (await build(impatient, path)).end
      expect(late.case === "failed" && late.value.reason).toBe(Reason.TIMEOUT)
      await impatient.close()
      const builds = await buildsBy(program("slow"))
      const running = await builds.submit(await native.jobOf(path), false)
      await expect.poll(() => running.events).toBeGreaterThan(2)
      running.cancel()
      await expect.poll(() => running.state).toBe("failed")
      await builds.close()
      const isLeft = () =>
        fs.readdirSync("/proc").some((name) => {
          try {
            return /^\d+$/.test(name) && fs.readFileSync(`/proc/${name}/cmdline`, "latin1").includes("sleep\0" + "98765")
          } catch {
            return false // it has just ended
          }
        })
      await expect.poll(isLeft).toBe(false)
    })

    test("a daemon that is not there, and one that goes away, are no builder's fault", async () => {
      const absent = await buildsBy({ kind: "socket", path: `${native.folder}/nothing` })
      expect(absent.describe()[0]!.unavailable).toMatch(/cannot be reached/)
      await absent.close()
      const [path] = (await native.instantiate("failing")).slice(-1)
      // It greets as a daemon does, and then it ends.
      const place: DaemonPlace = { kind: "program", argv: ["sh", "-c", `head -c 16 > /dev/null; exit 1`] }
      const gone = new NixDaemonExecutor({ stores, place, limits: defaultBuildLimits, systems, features: [], jobs: 1 })
      const watch = { log: () => {}, signal: new AbortController().signal }
      const job = buildJob(b3(new Uint8Array(0)), (await native.jobOf(path!)).request!)
      await expect(gone.build(job, watch)).rejects.toMatchObject({ reason: "infrastructure" })
    })
  })
