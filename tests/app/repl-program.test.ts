// Inputs of the repl as programs that stand on their own: each is evaluated and gives what the repl gave.
import { expect, test } from "vitest"
import { programOf } from "../../app/repl/repl-program.ts"
import { localEngine } from "./local-engine.ts"

const files = { "/workspace/lib.nix": "{ seven = 7; twice = x: 2 * x; }" }
const home = { base: "/workspace", files }

/** Answers inputs one after another, and gives the program of the last one. */
async function program(...inputs: string[]): Promise<string> {
  const repl = localEngine().openRepl(home)
  for (const input of inputs) await repl.input(input)
  return programOf({ inputs, names: await repl.names() }, inputs.length - 1)
}

async function printed(expr: string): Promise<string> {
  const engine = localEngine()
  const { run } = await engine.evaluate({ ...home, expr })
  const answer = await engine.print(run, [], "nix")
  return "text" in answer ? answer.text.trim() : answer.problem.message
}

test("an expression alone is itself", async () => {
  expect(await program("x = 1", "40 + 2")).toBe("40 + 2\n")
})

test.each([
  [["x = 20", "y = x + 1", "unused = 5", "y * 2"], "42"],
  [["x = 1", "x = 20", "x + 1"], "21"],
  [[":l ./lib.nix", "twice seven"], "14"],
  [[":l lib.nix", "a = seven", "twice a"], "14"],
  [[':a { red = "r"; }', "red + red"], '"rr"'],
  [["x = 3"], "3"],
  [["a.b = 1"], "{ b = 1; }"],
  [["x = 2", ":p { a = x; }"], "{ a = 2; }"],
  [["inc = n: n + 1;", "inc (inc 1)"], "3"],
  [[":?"], "null"],
])("%j", async (inputs, value) => {
  expect(await printed(await program(...inputs))).toBe(value)
})

test("only what is needed is brought", async () => {
  expect(await program("x = 20", "unused = 5", "x + 1")).toBe("let\n  x = 20;\nin\nx + 1\n")
})
