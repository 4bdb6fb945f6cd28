// The repl of the page: inputs in order, values that can be looked into, everything again after a stop.
import { expect, test } from "vitest"
import type { EngineRepl } from "../../engine/worker/client.ts"
import { localEngine } from "../app/local-engine.ts"

async function texts(repl: EngineRepl, input: string): Promise<string> {
  const { texts: said } = await repl.input(input)
  return said.map(({ text }) => text).join("")
}

test("answers as nix repl does, with names that stay", async () => {
  const repl = localEngine().openRepl({})
  expect(await texts(repl, "x = 20")).toBe("")
  expect(await texts(repl, "x + 1")).toBe("21\n")
  expect(await texts(repl, ":t x")).toBe("an integer\n")
  expect(await texts(repl, "y")).toContain("error: undefined variable 'y'")
  expect(await texts(repl, ":l /nothing")).toContain("error:")
  expect(await repl.names()).toEqual([{ name: "x", input: 0 }])
})

test("an input that goes on asks for more, and is not taken", async () => {
  const repl = localEngine().openRepl({})
  expect(await repl.input("{ a = 1;")).toMatchObject({ state: "more", value: null })
  expect(await repl.input("{ a = 1;\n}")).toMatchObject({ state: "done", value: { ref: [0], view: { kind: "attrs", size: 1 } } })
})

test("a value can be opened like any other", async () => {
  const engine = localEngine()
  const repl = engine.openRepl({})
  const { value } = await repl.input('{ a = throw "no"; b.c = 2; }')
  expect(value?.view).toMatchObject({ kind: "attrs", size: 2 })
  const page = await engine.children(repl.run, [0], 0)
  expect(page.children.map(({ label }) => label)).toEqual(["a", "b"])
  expect((await engine.force(repl.run, [0, "b", "c"])).view).toEqual({ kind: "int", text: "2" })
  expect((await engine.force(repl.run, [0, "a"])).view).toMatchObject({ kind: "failed" })
})

test("after a stop names and values are there again", async () => {
  const engine = localEngine()
  const repl = engine.openRepl({ files: { "/lib.nix": "{ seven = 7; }" } })
  await repl.input("a = 1")
  await repl.input(":l /lib.nix")
  await repl.input("[ a seven ]")
  await repl.input("a = 2")
  engine.stop()
  expect((await engine.force(repl.run, [2, 1])).view).toEqual({ kind: "int", text: "7" })
  expect(await texts(repl, "a + seven")).toBe("9\n")
  expect(await repl.names()).toEqual([
    { name: "a", input: 3 },
    { name: "seven", input: 1 },
  ])
})

test("completes names, attributes and commands", async () => {
  const repl = localEngine().openRepl({})
  await repl.input("colours = { red = 1; rose = 2; blue = 3; }")
  expect(await repl.words("1 + colours.r")).toEqual({ from: 4, words: ["colours.red", "colours.rose"] })
  expect((await repl.words("col")).words).toEqual(["colours"])
  expect((await repl.words(":lo")).words).toContain(":load")
})

test("what it sees and may is changed, and its earlier inputs with it", async () => {
  const repl = localEngine().openRepl({ files: { "/lib.nix": "{ seven = 7; }" } })
  await repl.input(":l /lib.nix")
  expect(await repl.input("seven")).toMatchObject({ wantsNetwork: false, value: { view: { text: "7" } } })
  expect(await repl.input('builtins.fetchurl "https://example.org/x"')).toMatchObject({ wantsNetwork: true, value: null })
  await repl.change({ files: { "/lib.nix": "{ seven = 8; }" } })
  expect(await texts(repl, "seven")).toBe("8\n")
})
