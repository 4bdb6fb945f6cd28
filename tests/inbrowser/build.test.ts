// Builds from a page: evaluation in Chromium that needs a chain of three builds, and a build that was asked for, whose log is live.
import { expect, test } from "vitest"
import { commands } from "vitest/browser"
import type { BuildNews } from "../../engine/build/build-news.ts"
import { openStorage } from "../../engine/castore/storage.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { WorkerSession } from "../../engine/worker/session.ts"
import { storeOn } from "../../engine/worker/tab-store.ts"

declare module "vitest/browser" {
  interface BrowserCommands {
    /** Starts a gateway that builds; gives its URL, "" where that is not possible. */
    startBuildingGateway(origin: string): Promise<string>
  }
}

const prelude = `let sh = name: attrs: script: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-ec" script ]; } // attrs); in `

const chain = `let
  one = import (sh "one" { } "echo 1 > $out");
  two = import (sh "two" { inherit one; } "echo $((one + 1)) > $out");
  three = sh "three" { inherit two; } "read -r x < $0 || true; echo \\"three of $two\\" > $out";
in builtins.readFile three`

test("import from derivation and builds, over the browser's own storage", async ({ skip }) => {
  await initHashes()
  const url = await commands.startBuildingGateway(location.origin)
  if (url === "") skip("bubblewrap or busybox-static is missing")
  const session = new WorkerSession(async () => storeOn(await openStorage()))
  const news: BuildNews[] = []
  await session.builds.listen((one) => news.push(one))
  const settings = { endpoint: { url } }
  const evaluate = async (run: number, expr: string): Promise<string> => {
    await session.open(run, { expr: prelude + expr, builds: settings })
    const printed = await session.print(run, [], "raw")
    return "text" in printed ? printed.text : `${printed.problem.code}: ${printed.problem.message}`
  }
  expect(await evaluate(1, chain)).toBe("three of 2\n")
  expect(news.filter(({ kind }) => kind === "done")).toHaveLength(3)
  // It has no tools, but a clock.
  const script =
    "now() { read -r up rest < /proc/uptime; up=${up%.*}${up#*.}; }; now; echo first; begin=$up; while now; [ $((up - begin)) -lt 60 ]; do :; done; echo second; echo > $out"
  const drvPath = await evaluate(2, `(sh "live" { } ${JSON.stringify(script).replaceAll("${", "\\${")}).drvPath`)
  const built = await session.builds.build(1, [{ drvPath }], settings)
  expect(built).toMatchObject({ value: { failures: {}, outputs: { [drvPath]: { out: expect.stringMatching(/-live$/) } } } })
  const lines = news.flatMap((one) => (one.kind === "log" && one.drvPath === drvPath ? [one.time] : []))
  expect(lines).toHaveLength(2)
  expect(lines[1]! - lines[0]!).toBeGreaterThan(400)
  expect(await commands.stopGateway(url)).toEqual([])
})
