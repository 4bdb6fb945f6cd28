// Budgets of an evaluation: steps and time, by every way of running.
import { expect, test } from "vitest"
import { Stopped } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { defaultSettings, type Settings } from "../../engine/eval/runtime.ts"
import { MemoryHost } from "./memory-host.ts"

/** A clock that is a second later at each look. */
class Clock extends MemoryHost {
  private seconds = 0
  override now(): number {
    return this.seconds++
  }
}

/** Evaluates a text with a budget; the value, or why it was stopped, and the steps that were counted. */
function evaluate(text: string, settings: Partial<Settings>): readonly [outcome: unknown, steps: number] {
  const evaluator = new Evaluator(new Clock(), { ...defaultSettings, ...settings })
  let outcome: unknown
  try {
    outcome = evaluator.evaluate(text, { kind: "string" }, "/pwd")
  } catch (e) {
    if (!(e instanceof Stopped)) throw e
    outcome = e.reason
  }
  return [outcome, evaluator.rt.stepsTaken()]
}

const sum = (n: number): string => `let f = n: if n == 0 then 0 else 1 + f (n - 1); in f ${n}`

for (const run of ["closures", "stepper"] as const) {
  test(`steps are function calls, and the budget is exact (${run})`, () => {
    // n + 1 calls.
    expect(evaluate(sum(99), { run, maxSteps: 100 })).toEqual([99, 100])
    expect(evaluate(sum(100), { run, maxSteps: 100 })).toEqual(["steps", 101])
    expect(evaluate(sum(0), { run, maxSteps: 0 })[0]).toBe("steps")
  })

  test(`a budget beyond one look is exact as well (${run})`, () => {
    const loop = "builtins.foldl' (a: i: a + i) 0 (builtins.genList (i: 1) 50000)"
    // foldl' calls its function once for each argument.
    const [, needed] = evaluate(loop, { run })
    expect(evaluate(loop, { run, maxSteps: needed })).toEqual([50_000, needed])
    expect(evaluate(loop, { run, maxSteps: needed - 1 })[0]).toBe("steps")
  })

  test(`an evaluation ends with its time (${run})`, () => {
    expect(evaluate(sum(5000), { run, maxSeconds: 10 })[0]).toBe(5000)
    // The clock is looked at every 20,000 calls: this program would make a million.
    const [outcome, steps] = evaluate("builtins.foldl' (a: i: a + i) 0 (builtins.genList (i: 1) 1000000)", { run, maxSeconds: 1.5 })
    expect(outcome).toBe("time")
    expect(steps).toBeLessThan(100_000)
  })
}
