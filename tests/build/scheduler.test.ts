// Graphs of derivations built over the wire on a gateway with bubblewrap: what is told on the way, what is in the store afterwards,
// what fails and what that costs the rest. One skipped test where bubblewrap is missing.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { BuildFault } from "../../engine/build/build-fault.ts"
import { failureText } from "../../engine/build/eval-builder.ts"
import { b3 } from "../../engine/castore/digest.ts"
import { StoreError } from "../../engine/castore/error.ts"
import type { FileNode } from "../../engine/castore/node.ts"
import { printHash } from "../../engine/formats/hash/hash.ts"
import { Building, instantiate, missing, tabOf, textOf } from "./building.ts"

const graph = `rec {
  fixed = sh "fixed" { outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "fixed\\n"; } "echo fixed > $out";
  low = sh "low" { inherit fixed; outputs = [ "out" "dev" ]; } "echo $dev > $out; mkdir $dev; cat $fixed > $dev/fixed; echo low is built";
  parallel = map (n: sh "parallel-\${toString n}" { inherit low n; } "sleep 4; cat $low > $out; echo $n >> $out") [ 1 2 3 ];
  top = sh "top" { inherit parallel; inherit (low) dev; } "mkdir $out; cat $parallel > $out/all; ln -s $dev $out/dev; echo $out > $out/self";
  failing = sh "failing" { inherit low; } "echo before; echo why >&2; exit 7";
  above = sh "above" { inherit failing; } "echo > $out";
  other = sh "other" { } "sleep 1; echo other > $out";
  both = sh "both" { inherit above other; } "echo > $out";
  wrong = sh "wrong" { outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "other"; } "echo right > $out";
  slow = sh "slow" { } "echo begun; sleep 60; echo > $out";
  afterSlow = sh "after-slow" { inherit slow; } "echo > $out";
  floating = sh "floating" { __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; outputs = [ "out" "lib" ]; } "mkdir $out; echo $out $lib > $out/names; echo lib > $lib";
  deferred = sh "deferred" { inherit floating; } "cat $floating/names > $out";
}`

if (missing !== undefined) test.skip(`builds of graphs: ${missing}`, () => {})
else
  describe("builds of graphs", { timeout: 300_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
    })
    afterAll(() => building?.remove())

    test("what later builds need is sent while earlier ones are built", async () => {
      const tab = tabOf(building.endpoint())
      const set = `rec { first = sh "first" { } "sleep 8; echo > $out"; source = builtins.toFile "later" "needed by the second only"; second = sh "second" { inherit first source; } "cat $source > $out"; unneeded = sh "unneeded" { s = builtins.toFile "never" "needed by none"; } ""; }`
      const [second] = await instantiate(tab, set, ["second", "unneeded"])
      const drv = await tab.store.derivation(second!)
      const source = [...drv.inputSrcs].find((path) => path.endsWith("-later"))!
      const { node } = await tab.store.require(source)
      const digest = (node as FileNode).digest
      const done = tab.scheduler.build([{ drvPath: second!, outputs: "all" }])
      await vi.waitFor(async () => expect((await building.stores.blobs.missing([digest])).size).toBe(0), { timeout: 60_000 })
      expect(tab.kinds("-first.drv")).not.toContain("done")
      expect((await done).failures.size).toBe(0)
      // Nothing else was sent.
      const never = b3(Buffer.from("needed by none"))
      expect((await building.stores.blobs.missing([never])).size).toBe(1)
    })

    test("the example graph: fixed output, several outputs, side by side; outputs are checked and known with what they refer to", async () => {
      const tab = tabOf(building.endpoint())
      const [top, low] = await instantiate(tab, graph, ["top", "low"])
      const { outputs, failures } = await tab.scheduler.build([{ drvPath: top!, outputs: "all" }])
      expect([...failures]).toEqual([])
      const out = outputs.get(top!)!.get("out")!
      const lowDrv = await tab.store.derivation(low!)
      const dev = [...lowDrv.outputs].map(([name, output]) => [name, output.kind === "inputAddressed" ? output.path : undefined] as const)
      const devPath = new Map(dev).get("dev")!
      expect(out.references).toEqual([devPath, out.path].sort())
      expect(out.deriver).toBe(top)
      expect(await textOf(tab, out.path, "all")).toBe(`/nix/store/${devPath}\n1\n/nix/store/${devPath}\n2\n/nix/store/${devPath}\n3\n`)
      // The gateway has found the same.
      const theirs = await building.stores.infos.get(out.path.slice(0, 32))
      expect(printHash(theirs!.narHash, "sri")).toBe(printHash(out.narHash, "sri"))
      expect(theirs!.references).toEqual(out.references)
      expect(tab.logOf("-low.drv")).toBe("low is built\n")
      expect(tab.kinds("-low.drv").filter((kind) => kind !== "progress" && kind !== "log")).toEqual([
        ...["waiting", "uploading", "building", "started", "built", "fetching", "done"],
      ])
      const planned = tab.news.flatMap((news) => (news.kind === "planned" ? news.rows : []))
      expect(planned.map(({ name, action }) => `${name} ${action}`).sort()).toEqual([
        "fixed build",
        "low build",
        "parallel-1 build",
        "parallel-2 build",
        "parallel-3 build",
        "top build",
      ])
      // Three that sleep, side by side: all have begun before the first is done.
      const times = (kind: "started" | "done"): number[] =>
        tab.news.flatMap((news) => (news.kind === kind && news.drvPath.includes("parallel") ? [news.time] : []))
      expect(times("started")).toHaveLength(3)
      expect(Math.max(...times("started"))).toBeLessThan(Math.min(...times("done")))
      // Nothing is to be done a second time.
      const again = await tab.scheduler.plan([{ drvPath: top!, outputs: "all" }])
      expect([...again.values()].map(({ action }) => action)).toEqual(["none"])
    })

    test("a builder that fails is not tried again; what needs it is not built, the rest is, if wished", async () => {
      const tab = tabOf(building.endpoint())
      const [both, above, failing, other] = await instantiate(tab, graph, ["both", "above", "failing", "other"])
      const { failures, outputs } = await tab.scheduler.build([{ drvPath: both!, outputs: "all" }], { keepGoing: true })
      expect(outputs.size).toBe(0)
      expect(failures.get(failing!)).toMatchObject({ reason: "builder", exitCode: 7 })
      expect(failures.get(failing!)!.lastLines).toEqual(["before", "why"])
      expect(failureText(tab.store, failing!, failures)).toMatch(
        /^Cannot build '\/nix\/store\/.*-failing\.drv'\.\nReason: builder failed with exit code 7\.\nLast 2 log lines:\n> before\n> why$/,
      )
      expect(failures.get(above!)?.reason).toBe("dependency")
      expect(failures.get(both!)?.reason).toBe("dependency")
      expect(failures.has(other!)).toBe(false)
      expect(tab.kinds("-other.drv").at(-1)).toBe("done")
      expect(tab.kinds("-failing.drv").filter((kind) => kind === "started")).toHaveLength(1)
      expect(tab.logOf("-failing.drv")).toBe("before\nwhy\n")
    })

    test("a fixed output with another hash is refused", async () => {
      const tab = tabOf(building.endpoint())
      const [wrong] = await instantiate(tab, graph, ["wrong"])
      const { failures } = await tab.scheduler.build([{ drvPath: wrong!, outputs: "all" }])
      expect(failures.get(wrong!)).toMatchObject({ reason: "output-rejected" })
      expect(failures.get(wrong!)!.message).toContain("hash mismatch in fixed-output derivation")
    })

    test("one derivation is stopped, and with it what needs it; the endpoint stops too", async () => {
      const tab = tabOf(building.endpoint())
      const [after, slow] = await instantiate(tab, graph, ["afterSlow", "slow"])
      const built = tab.scheduler.build([{ drvPath: after!, outputs: "all" }], { keepGoing: true })
      await expect.poll(() => tab.logOf("-slow.drv")).toBe("begun\n")
      tab.scheduler.cancel(slow!)
      const { failures } = await built
      expect(failures.get(slow!)?.reason).toBe("cancelled")
      expect(failures.get(after!)?.reason).toBe("dependency")
      await expect.poll(async () => (await building.endpoint().list()).filter(({ state }) => state === "running")).toEqual([])
    })

    test("two that want the same build it once; it goes on while one of them still wants it", async () => {
      const tab = tabOf(building.endpoint())
      const [slow, other] = await instantiate(tab, graph.replace("sleep 60", "sleep 2"), ["slow", "other"])
      const stop = new AbortController()
      const first = tab.scheduler.build([{ drvPath: slow!, outputs: "all" }], { signal: stop.signal })
      const second = tab.scheduler.build([
        { drvPath: slow!, outputs: "all" },
        { drvPath: other!, outputs: "all" },
      ])
      await expect.poll(() => tab.logOf("-slow.drv")).toBe("begun\n")
      stop.abort()
      await expect(first).rejects.toMatchObject({ code: "cancelled" })
      const { outputs, failures } = await second
      expect([...failures]).toEqual([])
      expect(outputs.size).toBe(2)
      expect(tab.kinds("-slow.drv").filter((kind) => kind === "started")).toHaveLength(1)
    })

    test("what somebody else stops is begun again for who still wants it", async () => {
      const tab = tabOf(building.endpoint())
      const [slow] = await instantiate(tab, graph.replace("echo begun; sleep 60", "echo begins; sleep 1"), ["slow"])
      const built = tab.scheduler.build([{ drvPath: slow!, outputs: "all" }])
      await expect.poll(() => tab.logOf("-slow.drv")).toBe("begins\n")
      const other = building.endpoint()
      for (const { build, state } of await other.list()) if (state === "running") await other.cancel(build)
      const { failures } = await built
      expect([...failures.values()].map(String)).toEqual([])
      expect(tab.kinds("-slow.drv")).toContain("anew")
      expect(tab.logOf("-slow.drv")).toBe("begins\nbegins\n")
    })

    test("outputs addressed by their content, with themselves in them, and what needs them", async () => {
      const tab = tabOf(building.endpoint())
      const [deferred, floating] = await instantiate(tab, graph, ["deferred", "floating"])
      const { outputs, failures } = await tab.scheduler.build([{ drvPath: deferred!, outputs: "all" }])
      expect([...failures.values()].map(String)).toEqual([])
      const out = tab.scheduler.realised.get(`${floating}!out`)!
      const lib = tab.scheduler.realised.get(`${floating}!lib`)!
      const info = await tab.store.require(out)
      expect(info.ca?.method).toBe("nar")
      expect(info.references).toEqual([lib, out].sort())
      expect(await textOf(tab, out, "names")).toBe(`/nix/store/${out} /nix/store/${lib}\n`)
      const made = outputs.get(deferred!)!.get("out")!
      expect(await textOf(tab, made.path)).toBe(`/nix/store/${out} /nix/store/${lib}\n`)
      expect(made.references).toEqual([lib, out].sort())
    })

    test("what a binary cache has is taken from there, and nothing below it; if it then fails, it is built after all", async () => {
      const first = tabOf(building.endpoint())
      const [top] = await instantiate(first, graph, ["top"])
      const built = await first.scheduler.build([{ drvPath: top!, outputs: "all" }])
      const hash = built.outputs.get(top!)!.get("out")!.narHash
      // The gateway's own cache.
      const tab = tabOf(building.endpoint(), { caches: [building.url] })
      await instantiate(tab, graph, ["top"])
      const { outputs } = await tab.scheduler.build([{ drvPath: top!, outputs: "all" }])
      expect(outputs.get(top!)!.get("out")!.narHash).toEqual(hash)
      expect(tab.news.flatMap((one) => (one.kind === "planned" ? one.rows.map(({ name, action }) => `${name} ${action}`) : []))).toEqual([
        "top substitute",
      ])
      expect(tab.kinds("-top.drv").filter((kind) => kind !== "progress")).toEqual(["substituting", "done"])
      const unlucky = tabOf(building.endpoint(), { caches: [building.url] })
      await instantiate(unlucky, graph, ["top"])
      const { substitute } = unlucky.substituter!
      let asked = 0
      unlucky.substituter!.substitute = (paths, options) => {
        if (asked++ === 0) return Promise.reject(new StoreError("damaged", "the archive is bad"))
        return substitute.call(unlucky.substituter, paths, options)
      }
      const rescued = await unlucky.scheduler.build([{ drvPath: top!, outputs: "all" }])
      expect(rescued.outputs.get(top!)!.get("out")!.narHash).toEqual(hash)
      expect(unlucky.news.find(({ kind }) => kind === "warning")).toMatchObject({ message: expect.stringContaining("the archive is bad") })
      expect(unlucky.kinds("-top.drv")).toContain("started")
    })

    test("what cannot be built there says why", async () => {
      const tab = tabOf(building.endpoint())
      const [far] = await instantiate(tab, `{ far = derivation { name = "far"; system = "riscv64-linux"; builder = "/bin/sh"; }; }`, [
        "far",
      ])
      const { failures } = await tab.scheduler.build([{ drvPath: far!, outputs: "all" }])
      expect(failures.get(far!)).toBeInstanceOf(BuildFault)
      expect(failures.get(far!)).toMatchObject({ reason: "input-rejected" })
      expect(failures.get(far!)!.message).toContain("Required system: 'riscv64-linux'")
    })
  })
