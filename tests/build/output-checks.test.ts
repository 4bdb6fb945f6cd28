// What derivations want of their outputs, held for an endpoint that has Snix's own services only and knows nothing of derivations: a
// gateway with bubblewrap whose other services are not to be reached. One skipped test where bubblewrap is missing.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Building, instantiate, missing, tabOf } from "./building.ts"

const checked = (attrs: string, script = "echo $low > $out"): string =>
  `{ it = let deep = sh "deep" { } "head=0123456789; echo $head$head > $out"; low = sh "low" { inherit deep; } "echo $deep > $out"; other = sh "other" { } "echo > $out"; in sh "it" { inherit low; ${attrs} } ''${script}''; }`

const wrong: readonly (readonly [name: string, set: string, message: RegExp])[] = [
  [
    "allowedReferences",
    checked("allowedReferences = [ other ];"),
    /^output '\S+-it' is not allowed to refer to the following paths:\n {2}\S+-low$/,
  ],
  ["disallowedReferences", checked("disallowedReferences = [ low ];"), /^output '\S+-it' is not allowed to refer to .*:\n {2}\S+-low$/],
  ["allowedRequisites", checked("allowedRequisites = [ low ];"), /^output '\S+-it' is not allowed to refer to .*:\n {2}\S+-deep$/],
  ["disallowedRequisites", checked("disallowedRequisites = [ deep ];"), /^output '\S+-it' is not allowed to refer to .*:\n {2}\S+-deep$/],
  [
    "maxSize",
    checked("__structuredAttrs = true; outputChecks.out.maxSize = 100;", 'echo > ${builtins.placeholder "out"}'),
    /^path '\S+-it' is too large at \d+ bytes; limit is 100 bytes$/,
  ],
  [
    "maxClosureSize",
    checked("__structuredAttrs = true; outputChecks.out.maxClosureSize = 300;", 'echo ${low} > ${builtins.placeholder "out"}'),
    /^closure of path '\S+-it' is too large at \d+ bytes; limit is 300 bytes$/,
  ],
  [
    "an output that is none",
    checked(`allowedReferences = [ "lib" ];`),
    /^derivation '\S+-it\.drv' output check for 'out' contains output name 'lib', but this is not a valid output of this derivation\. \(Valid outputs are \[out\]\.\)$/,
  ],
]

if (missing !== undefined) test.skip(`output checks: ${missing}`, () => {})
else
  describe("output checks at an endpoint with Snix's services only", { timeout: 300_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
    })
    afterAll(() => building?.remove())

    /** A tab whose endpoint does not answer to the gateway's own service. */
    const plainTab = () =>
      tabOf(
        building.endpoint({
          fetch: async (input, init) =>
            String(input instanceof Request ? input.url : input).includes("thunkpad.gateway.v1.BuildService")
              ? new Response("", { status: 404 })
              : fetch(input, init),
        }),
      )

    test.each(wrong)("%s", async (_, set, message) => {
      const tab = plainTab()
      const [drvPath] = await instantiate(tab, set, ["it"])
      const { failures } = await tab.scheduler.build([{ drvPath: drvPath!, outputs: "all" }])
      expect(failures.get(drvPath!)).toMatchObject({ reason: "output-rejected", message: expect.stringMatching(message) })
      expect(tab.news.find((one) => one.kind === "started")).toMatchObject({ executor: "snix" })
      for (const path of (await tab.store.derivation(drvPath!)).outputs.values())
        if (path.kind === "inputAddressed") expect(await tab.store.query(path.path)).toBeNull()
    })

    test("what keeps to them is in the store", async () => {
      const tab = plainTab()
      const set = checked(
        `outputs = [ "out" "dev" ]; allowedReferences = [ low "out" "dev" ]; allowedRequisites = [ low deep "out" "dev" ]; disallowedReferences = [ other ];`,
        "echo $low $out $dev > $out; echo > $dev",
      )
      const [drvPath] = await instantiate(tab, set, ["it"])
      const { outputs, failures } = await tab.scheduler.build([{ drvPath: drvPath!, outputs: "all" }])
      expect([...failures]).toEqual([])
      expect(outputs.get(drvPath!)!.get("out")!.references).toHaveLength(3)
    })
  })
