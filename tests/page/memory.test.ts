// Memory bombs in a worker: each ends in the engine's error, the page lives on, and garbage is not mistaken for memory held.
// The limit is 150 MB here, so that a bomb takes a second; app-run.test.ts runs one to the default limit.
import { beforeAll, describe, expect, test } from "vitest"
import { builtSite } from "./built-site.ts"
import { type EnginePage, openEngine, type PageGlobals } from "./engine-page.ts"

const BOMBS: Record<string, string> = {
  "a list that doubles": "let f = n: l: if n == 0 then l else f (n - 1) (l ++ l); in builtins.length (f 60 [ 1 ])",
  "a string that doubles": 'let f = n: s: if n == 0 then s else f (n - 1) (s + s); in builtins.stringLength (f 60 "abcdefgh")',
  "genericClosure with growing keys":
    'builtins.length (builtins.genericClosure { startSet = [ { key = "0"; } ]; operator = x: [ { key = x.key + "0123456789"; } ]; })',
  "functions that hold one another":
    "builtins.length (builtins.genericClosure { startSet = [ { key = 0; f = x: x; } ]; operator = x: [ { key = x.key + 1; f = y: x.f (y + 1); } ]; })",
  "genList of 10^9": "builtins.length (builtins.genList (x: x) 1000000000)",
  "a tree of sets": "let t = n: if n == 0 then { } else { a = t (n - 1); b = t (n - 1); }; in builtins.deepSeq (t 40) 1",
  "a chain of thunks":
    "let l = builtins.genList (x: x) 3000000; in builtins.length (builtins.foldl' (a: x: [ a { inherit a x; } ]) [ ] (l ++ l ++ l))",
  "lists built through thunks without a depth limit": "let f = n: [ n ] ++ f (n + 1); in builtins.length (f 0)",
  "replaceStrings that blows up":
    'let f = n: s: if n == 0 then s else f (n - 1) (builtins.replaceStrings [ "a" ] [ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ] s); in builtins.stringLength (f 20 "a")',
  "many short strings":
    'builtins.deepSeq (builtins.genList (i: builtins.concatStringsSep "," (builtins.genList (k: toString (i + k)) 1000)) 1000000) 1',
  "toJSON of a graph":
    'let x = builtins.foldl\' (a: _: [ a a ]) "leaf" (builtins.genList (x: x) 60); in builtins.stringLength (builtins.toJSON x)',
}

/** Programs that allocate more than the limit and hold little. */
const GARBAGE: Record<string, string> = {
  "lists dropped at once": "builtins.foldl' (a: i: a + builtins.length (builtins.genList (x: x) 1000)) 0 (builtins.genList (x: x) 30000)",
  "calls and thunks": "let f = n: m: if n < 2 then m else f (n - 1) m + f (n - 2) (m + 0); in f 31 1",
  "sets dropped at once":
    "builtins.foldl' (a: i: (builtins.mapAttrs (n: v: v + 1) { x = a; y = i; z = [ a i ]; }).x) 0 (builtins.genList (x: x) 1200000)",
  "strings dropped at once":
    'builtins.foldl\' (a: i: a + builtins.stringLength (builtins.concatStringsSep "," (map toString (builtins.genList (k: k) 100)))) 0 (builtins.genList (x: x) 30000)',
}

const site = builtSite()

describe("with a limit of 150 MB", () => {
  let page: EnginePage
  beforeAll(async () => {
    page = await openEngine(site.browser, site.url, { maxLiveBytes: 1.5e8 })
  })

  for (const [name, expr] of Object.entries(BOMBS))
    test(`${name} ends in a clear error`, async () => {
      // The depth is raised, so that deep programs meet the memory limit.
      const { run, view } = await page.evaluate({ expr, options: { maxCallDepth: 1e9 } })
      expect(view).toMatchObject({ kind: "failed", problem: { code: "memory" } })
      await page.page.evaluate((r) => (globalThis as unknown as PageGlobals).engine.release(r), run)
      expect((await page.evaluate({ expr: "1 + 1" })).view).toEqual({ kind: "int", text: "2" })
      expect(page.faults).toEqual([])
    })

  for (const [name, expr] of Object.entries(GARBAGE))
    test(`${name} are not held against a program`, async () => {
      const { view } = await page.evaluate({ expr })
      expect(view.kind).toBe("int")
    })
})
