// The worker's calls about builds, as the page makes them: an endpoint tested, a plan with what would be sent, a build, the same again to
// compare, evaluation that needs a build. One skipped test where bubblewrap is missing.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { BuildNews } from "../../engine/build/build-news.ts"
import { memoryStorage } from "../../engine/castore/storage.ts"
import type { EvaluateRequest } from "../../engine/worker/protocol.ts"
import { WorkerSession } from "../../engine/worker/session.ts"
import { storeOn } from "../../engine/worker/tab-store.ts"
import { localEngine } from "../app/local-engine.ts"
import { Building, missing, prelude, toolFiles } from "./building.ts"

function files(): NonNullable<EvaluateRequest["files"]> {
  const all: Record<string, NonNullable<EvaluateRequest["files"]>[string]> = {}
  for (const [path, file] of Object.entries(toolFiles())) {
    if (typeof file === "string") all[path] = file
    else all[path] = "symlink" in file ? { symlink: file.symlink } : { program: new Uint8Array(Buffer.from(file.text, "latin1")) }
  }
  return all
}

if (missing !== undefined) test.skip(`the desk of builds: ${missing}`, () => {})
else
  describe("the desk of builds", { timeout: 300_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
    })
    afterAll(() => building?.remove())

    async function setUp() {
      const session = new WorkerSession(async () => storeOn(memoryStorage("in a test")))
      const news: BuildNews[] = []
      let runs = 0
      await session.builds.listen((one) => news.push(one))
      const settings = { endpoint: { url: building.url } }
      const evaluate = async (expr: string, more: Partial<EvaluateRequest> = {}): Promise<string> => {
        await session.open(++runs, { expr: `${prelude} ${expr}`, files: files(), ...more })
        const printed = await session.print(runs, [], "raw")
        return "text" in printed ? printed.text : `${printed.problem.code}: ${printed.problem.message}`
      }
      return { session, news, settings, evaluate }
    }

    test("an endpoint tells what it can; one that is not there is a problem", async () => {
      const { session, settings } = await setUp()
      const report = await session.builds.test(settings.endpoint)
      expect(report).toMatchObject({
        value: { executors: [{ name: "bubblewrap", systems: ["x86_64-linux", "i686-linux"], unavailable: "" }] },
      })
      expect(await session.builds.test({ url: "nonsense" })).toMatchObject({ problem: { code: "invalid" } })
      expect(await session.builds.test({ url: "http://127.0.0.1:1" })).toMatchObject({ problem: { code: "unreachable" } })
    })

    test("planned with what would be sent, built, and built again to compare", async () => {
      const { session, settings, evaluate, news } = await setUp()
      const drvPath = await evaluate(
        `(sh "top" { low = sh "low" { } "echo low > $out"; } "cat $low > $out; cat /proc/sys/kernel/random/uuid >> $out").drvPath`,
      )
      const planned = await session.builds.plan(1, [{ drvPath }], settings)
      if (!("value" in planned)) throw new Error(planned.problem.message)
      expect(planned.value.rows.map(({ name, action }) => `${name}: ${action}`)).toEqual(["top: build", "low: build"])
      expect(planned.value.objects.map(({ path }) => path.slice(44))).toEqual(["tools"])
      expect(planned.value.missingBytes).toBe(planned.value.bytes)
      expect(planned.value.bytes).toBeGreaterThan(100_000)
      const built = await session.builds.build(2, [{ drvPath }], settings)
      if (!("value" in built)) throw new Error(built.problem.message)
      expect(built.value.failures).toEqual({})
      const out = built.value.outputs[drvPath]!["out"]!
      const bytes = await session.read(out, 0, 4)
      expect("value" in bytes && Buffer.from(bytes.value).toString()).toBe("low\n")
      const sent = await session.builds.plan(3, [{ drvPath }], settings)
      expect("value" in sent && sent.value.rows.map(({ action }) => action)).toEqual(["none"])
      const again = await session.builds.build(4, [{ drvPath }], settings, { again: [drvPath] })
      expect(again).toMatchObject({ value: { failures: {} } })
      const last = news.findLast(({ kind }) => kind === "done")
      expect(last).toMatchObject({ drvPath, differs: ["out"] })
      expect(await session.builds.list(settings.endpoint)).toMatchObject({
        value: expect.arrayContaining([{ state: "done" }].map((one) => expect.objectContaining(one))),
      })
    })

    test("evaluation has built what it needs, where it may", async () => {
      const { evaluate, settings, news } = await setUp()
      const expr = `import (sh "imported" { } "echo '\\"from a build\\"' > $out")`
      expect(await evaluate(expr)).toMatch(/^build-not-allowed: /)
      expect(await evaluate(expr, { builds: settings })).toMatch(/^from a build/)
      expect(news.some((one) => one.kind === "done" && one.drvPath.endsWith("-imported.drv"))).toBe(true)
    })

    test("what was asked for is given up", async () => {
      const { session, settings, evaluate, news } = await setUp()
      const drvPath = await evaluate(`(sh "endless" { } "echo begun; sleep 100").drvPath`)
      const built = session.builds.build(1, [{ drvPath }], settings)
      await expect.poll(() => news.some(({ kind }) => kind === "log")).toBe(true)
      await session.builds.stop(1)
      expect(await built).toMatchObject({ problem: { code: "cancelled" } })
      await expect.poll(async () => (await building.endpoint().list()).filter(({ state }) => state === "running")).toEqual([])
    })
  })

test.skipIf(missing !== undefined)("the page's engine builds, where the store is", async () => {
  const building = await new Building().start()
  try {
    const engine = localEngine()
    const settings = { endpoint: { url: building.url } }
    const { run } = await engine.evaluate({ expr: `(${prelude} sh "paged" { } "echo paged > $out").drvPath`, files: files() })
    const printed = await engine.print(run, [], "raw")
    if ("problem" in printed) throw new Error(printed.problem.message)
    const drvPath = printed.text
    expect((await engine.builds.test(settings.endpoint)).executors?.map(({ name }) => name)).toEqual(["bubblewrap"])
    expect((await engine.builds.plan([{ drvPath }], settings)).rows.map(({ action }) => action)).toEqual(["build"])
    const { outputs } = await engine.builds.build([{ drvPath }], settings)
    expect(Buffer.from(await engine.store.read(outputs[drvPath]!["out"]!)).toString()).toBe("paged\n")
    await expect(engine.builds.build([{ drvPath: "/nix/store/00000000000000000000000000000000-x.drv" }], settings)).rejects.toMatchObject({
      code: "absent",
    })
    await engine.builds.cancel(drvPath)
    engine.close()
  } finally {
    await building.remove()
  }
})
