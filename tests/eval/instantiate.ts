// Runs one expression as `nix-instantiate --eval --strict -` would, in memory: for tests that are data.

import { forceDeep, stepDeep } from "../../engine/eval/deep.ts"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import type { Host } from "../../engine/eval/host.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import type { Value } from "../../engine/eval/value.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

/** How to run: closures that move into the stepper when deep, or the stepper alone. */
export const runs = ["auto", "stepper"] as const

/** What came of it, as text: the printed value, or the message of the Nix error. */
export type Outcome = { readonly out: string } | { readonly error: string }

/** The text of a byte string. */
export function text(byteString: string): string {
  return Buffer.from(byteString, "latin1").toString("utf8")
}

/** What an expression is evaluated with; by default the default settings, an empty host, and standard input as its place. */
export interface Surroundings {
  readonly settings?: Partial<Settings>
  readonly host?: Host
  readonly origin?: "stdin" | "string"
}

/** Evaluates in a new evaluator and gives the value to `show`. */
export function evaluate(nix: string, around: Surroundings, show: (ev: Evaluator, value: Value) => string): Outcome {
  const ev = new Evaluator(around.host ?? new MemoryHost(), around.settings)
  try {
    const value = ev.evaluate(bytes(nix), { kind: around.origin ?? "stdin" }, "/base/pwd")
    return { out: text(show(ev, value)) }
  } catch (e) {
    if (e instanceof NixError) return { error: text(e.message) }
    throw e
  }
}

/** `nix-instantiate --eval --strict`. */
export function instantiate(nix: string, around: Surroundings = {}): Outcome {
  return evaluate(nix, around, (ev, value) => printAmbiguous(ev.rt, deep(ev, value)))
}

/** Forces a value deeply, the way the evaluator is set to run. */
export function deep(ev: Evaluator, value: Value): Value {
  return ev.rt.settings.run === "stepper" ? ev.run(stepDeep(ev.rt, value)) : forceDeep(ev.rt, value)
}
