// The built library in a page: depth, printing once, places that outlive the worker, two engines.
import { beforeAll, describe, expect, test } from "vitest"
import { builtSite } from "./built-site.ts"
import { type EnginePage, openEngine, type PageGlobals } from "./engine-page.ts"

const site = builtSite()
let page: EnginePage

beforeAll(async () => {
  page = await openEngine(site.browser, site.url)
})

/** Evaluates in the page's engine; the value's text, or the code of what went wrong. */
async function value(expr: string, options = {}): Promise<string> {
  const { view } = await page.evaluate({ expr, options })
  if (view.kind === "failed") return `${view.problem.code}: ${view.problem.message}`
  return "text" in view ? view.text : view.kind
}

describe("nesting 9,900 deep in a worker", () => {
  const programs: Record<string, string> = {
    "plain calls": "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 9900",
    // Each level is several of Nix's calls where a builtin stands between.
    map: "let f = n: if n == 0 then 0 else 1 + builtins.head (map (x: f (n - 1)) [ 0 ]); in f 3300",
    "foldl'": "let f = n: if n == 0 then 0 else builtins.foldl' (a: b: a + f (n - 1)) 1 [ 0 ]; in f 3200",
    filter: "let f = n: if n == 0 then 0 else builtins.length (builtins.filter (x: f (n - 1) >= 0) [ 0 ]); in f 1900",
    sort: "let f = n: if n == 0 then 0 else 1 + builtins.head (builtins.sort (a: b: f (n - 1) < 0) [ (n - 1) (n - 1) ]); in f 1900",
    selection: "let f = n: { v = if n == 0 then 0 else 1 + (f (n - 1)).v; }; in (f 9900).v",
    interpolation: 'let f = n: if n == 0 then "" else "${f (n - 1)}a"; in builtins.stringLength (f 9900)',
  }
  const expected: Record<string, string> = {
    "plain calls": "9900",
    map: "3300",
    "foldl'": "3200",
    filter: "1",
    sort: "1900",
    selection: "9900",
    interpolation: "9900",
  }
  for (const [name, program] of Object.entries(programs))
    test(name, async () => {
      expect(await value(program)).toBe(expected[name])
    })
})

test("deeper than max-call-depth is Nix's error, and depth has no other bound", async () => {
  const sum = (n: number) => `let f = n: if n == 0 then 0 else 1 + f (n - 1); in f ${n}`
  expect(await value(sum(10_100))).toBe("stack-overflow: stack overflow; max-call-depth exceeded")
  expect(await value(sum(300_000), { maxCallDepth: 1_000_000 })).toBe("300000")
})

test("a trace is printed exactly once, when its value is first needed", async () => {
  const outcome = await page.page.evaluate(async () => {
    const { engine } = globalThis as unknown as PageGlobals
    const first = await engine.evaluate({ expr: 'let x = builtins.trace "once" 1; in { a = x; b = x; }' })
    const a = await engine.force(first.run, ["a"])
    const b = await engine.force(first.run, ["b"])
    return [first.log, a.log, b.log]
  })
  expect(outcome).toEqual([[], ["trace: once"], []])
})

test("looking at children forces none of them", async () => {
  const kinds = await page.page.evaluate(async () => {
    const { engine } = globalThis as unknown as PageGlobals
    const { run } = await engine.evaluate({ expr: '{ a = 1 + 1; b = throw "no"; c = 3; d = x: x; }' })
    const before = (await engine.children(run, [], 0)).children.map((c) => c.view.kind)
    await engine.force(run, ["b"])
    const after = (await engine.children(run, [], 0)).children.map((c) => c.view.kind)
    return { before, after }
  })
  expect(kinds).toEqual({ before: ["unforced", "unforced", "int", "unforced"], after: ["unforced", "failed", "int", "unforced"] })
})

test("pages of children follow one another to the end", async () => {
  const seen = await page.page.evaluate(async () => {
    const { engine } = globalThis as unknown as PageGlobals
    const { run } = await engine.evaluate({ expr: "builtins.genList (x: x) 250" })
    const labels: string[] = []
    for (let from: number | null = 0; from !== null; ) {
      const next = await engine.children(run, [], from)
      labels.push(...next.children.map((c) => c.label))
      from = next.next
    }
    return labels
  })
  expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => String(i)))
})

test("after a stop, places of old runs are evaluated again when asked for", async () => {
  const outcome = await page.page.evaluate(async () => {
    const { engine } = globalThis as unknown as PageGlobals
    const files = { "/lib.nix": "{ deep = [ 1 { x = 40 + 2; } ]; }" }
    const { run } = await engine.evaluate({ expr: '(import /lib.nix) // { other = throw "never asked for"; }', files })
    await engine.force(run, ["deep"])
    const endless = engine.evaluate({
      expr: "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
    })
    const rejected = endless.then(
      () => "answered",
      (e: Error) => e.name,
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    engine.stop()
    const answer = await rejected
    const { children } = await engine.children(run, ["deep", 1], 0)
    const forced = await engine.force(run, ["deep", 1, "x"])
    const top = await engine.children(run, [], 0)
    return { answer, labels: children.map((c) => c.label), forced: forced.view, kinds: top.children.map((c) => c.view.kind) }
  })
  expect(outcome).toEqual({ answer: "EngineStopped", labels: ["x"], forced: { kind: "int", text: "42" }, kinds: ["list", "unforced"] })
})

test("a released run is forgotten, a closed engine answers no more", async () => {
  const outcome = await page.page.evaluate(async () => {
    const { createEngine } = globalThis as unknown as PageGlobals
    const engine = createEngine()
    const { run } = await engine.evaluate({ expr: "{ a = 1; }" })
    await engine.release(run)
    const name = (e: Error) => e.name
    const released = await engine.children(run, [], 0).catch(name)
    engine.close()
    return [released, await engine.evaluate({ expr: "1" }).catch(name)]
  })
  expect(outcome).toEqual(["RangeError", "EngineStopped"])
})

test("two engines work side by side, and stopping one leaves the other alone", async () => {
  const outcome = await page.page.evaluate(async () => {
    const { createEngine } = globalThis as unknown as PageGlobals
    const [one, two] = [createEngine(), createEngine()]
    const endless = one.evaluate({ expr: "let f = x: f x; in f 1", options: { maxCallDepth: 1e9 } }).catch((e: Error) => e.name)
    const before = await two.evaluate({ expr: "1 + 1" })
    one.stop()
    const [stopped, after, again] = [await endless, await two.evaluate({ expr: "{ a = 5; }" }), await one.evaluate({ expr: "2 + 2" })]
    const child = await two.force(after.run, ["a"])
    one.close()
    two.close()
    return [before.view, stopped, child.view, again.view]
  })
  const int = (text: string) => ({ kind: "int", text })
  expect(outcome).toEqual([int("2"), "EngineStopped", int("5"), int("4")])
})

test("values are printed as by the command line", async () => {
  const printed = await page.page.evaluate(async () => {
    const { engine } = globalThis as unknown as PageGlobals
    const { run } = await engine.evaluate({ expr: '{ a = [ 1 2.5 "x\\n" ]; b = null; }' })
    const texts: Record<string, unknown> = {}
    for (const form of ["nix", "json", "xml", "raw"] as const) {
      const answer = await engine.print(run, form === "raw" ? ["a", 2] : [], form)
      texts[form] = "text" in answer ? answer.text : answer.problem.message
    }
    return texts
  })
  expect(printed).toEqual({
    nix: '{ a = [ 1 2.5 "x\\n" ]; b = null; }\n',
    json: '{"a":[1,2.5,"x\\n"],"b":null}\n',
    xml:
      "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <attrs>\n    <attr name=\"a\">\n      <list>\n        <int value=\"1\" />\n" +
      '        <float value="2.5" />\n        <string value="x&#xA;" />\n      </list>\n    </attr>\n    <attr name="b">\n      <null />\n    </attr>\n  </attrs>\n</expr>\n',
    raw: "x\n",
  })
})

test("nothing of all this was a fault of the page", () => {
  expect(page.faults).toEqual([])
})
