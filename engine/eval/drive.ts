// Drives a builtin's generator with native calls, for the closures.

import { callFunction } from "./call.ts"
import { force } from "./force.ts"
import type { Runtime } from "./runtime.ts"
import { CallRequest, ForceRequest, type Step } from "./step.ts"
import { runStepper } from "./stepper/trampoline.ts"

/** Runs a step to its end; moves into the stepper when the native stack is nearly used up. */
export function drive<T>(rt: Runtime, step: Step<T>): T {
  const stack = rt.stack
  if (stack > rt.stackLimit) return runStepper(rt, step)
  const depth = rt.depth
  rt.stack = stack + 500
  let r = step.next()
  while (r.done !== true) {
    const request = r.value
    let answer: unknown
    try {
      if (request instanceof ForceRequest) answer = force(rt, request.cell, request.pos)
      else if (request instanceof CallRequest) answer = callFunction(rt, force(rt, request.fun, request.pos), request.args, request.pos)
      else answer = drive(rt, request)
    } catch (e) {
      rt.stack = stack + 500
      rt.depth = depth
      r = step.throw(e)
      continue
    }
    r = step.next(answer)
  }
  rt.stack = stack
  return r.value
}
