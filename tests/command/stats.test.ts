// `--stats` and the budgets of the command line.
import { beforeAll, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"

beforeAll(initHashes)

const sum = (n: number): string => `let f = n: if n == 0 then 0 else 1 + f (n - 1); in f ${n}`

test("--stats tells on standard error what an evaluation took, phase by phase", async () => {
  const { status, out, err } = await runCommand(instantiate, ["--eval", "--stats", "-E", sum(99)])
  expect([status, out]).toEqual([0, "99\n"])
  const stats = JSON.parse(err)
  // A hundred calls, and one value printed.
  expect(stats.steps).toBe(101)
  expect(stats.bytes).toBeGreaterThan(0)
  expect(stats.symbols).toBeGreaterThan(0)
  const { parse, evaluate, print, total } = stats.milliseconds
  expect(parse + evaluate + print).toBeLessThanOrEqual(total + 0.2)
  expect(Math.min(parse, evaluate, print)).toBeGreaterThanOrEqual(0)
})

test("--stats comes after an error as well", async () => {
  const { status, err } = await runCommand(instantiate, ["--eval", "--stats", "-E", 'throw "no"'])
  expect(status).toBe(1)
  const lines = err.trim().split("\n")
  expect(lines.slice(0, -1).join("\n")).toContain("error: no")
  expect(JSON.parse(lines.at(-1) as string).steps).toBe(0)
})

test.each(["auto", "closures", "stepper"])("--max-steps stops where it says, run by %s", async (run) => {
  const evaluate = (max: number) => runCommand(instantiate, ["--eval", "--run", run, "--max-steps", String(max), "-E", sum(99)])
  expect(await evaluate(101)).toEqual({ status: 0, out: "99\n", err: "" })
  expect(await evaluate(100)).toEqual({ status: 1, out: "", err: "error: evaluation took more than 100 steps\n" })
})
