// Runs step generators with their frames on the heap: an explicit stack of suspended generators.

import { NixError, Pending } from "../error.ts"
import type { Runtime } from "../runtime.ts"
import { CallRequest, ForceRequest, type Step } from "../step.ts"
import { stepCallCell, stepForce } from "./stepper.ts"

type Frame = Step<unknown>

/** A computation on the heap that can be run piece by piece. */
export class Stack {
  private readonly rt: Runtime
  private readonly frames: Frame[]
  private answer: unknown = undefined
  private failed = false
  private error: unknown = undefined
  done = false
  value: unknown = undefined

  constructor(rt: Runtime, root: Frame) {
    this.rt = rt
    this.frames = [root]
  }

  /**
   * Goes on for at most `turns` turns. Returns true when done (`value` is set); throws what the root throws.
   * With `canWait`, Pending is thrown to the caller while the frames stay: call `run` again when it is settled.
   */
  run(turns: number, canWait: boolean): boolean {
    const { rt, frames } = this
    for (let left = turns; left > 0; left--) {
      const top = frames[frames.length - 1]
      if (top === undefined) throw new RangeError("the stack is empty")
      let r: IteratorResult<unknown, unknown>
      try {
        if (this.failed) {
          this.failed = false
          r = top.throw(this.error)
        } else r = top.next(this.answer)
      } catch (e) {
        frames.pop()
        if (frames.length === 0) throw e
        this.failed = true
        this.error = e
        continue
      }
      if (r.done === true) {
        frames.pop()
        if (frames.length === 0) {
          this.done = true
          this.value = r.value
          return true
        }
        this.answer = r.value
        continue
      }
      const request = r.value
      this.answer = undefined
      if (request instanceof Pending) {
        // Only generators that can ask again yield it (see stepper.ts).
        if (canWait) throw request
        this.failed = true
        this.error = request
        continue
      }
      if (request instanceof ForceRequest) frames.push(stepForce(rt, request.cell, request.pos))
      else if (request instanceof CallRequest) frames.push(stepCallCell(rt, request.fun, request.args, request.pos))
      else frames.push(request as Frame)
      if (frames.length > 30_000_000) throw new NixError("stack-overflow", "stack overflow (the evaluation nests too deeply)", 0)
    }
    return false
  }
}

/** Runs a step to its end, on the heap, wherever the native stack is now. */
export function runStepper<T>(rt: Runtime, step: Step<T>): T {
  const stack = new Stack(rt, step as Frame)
  while (!stack.run(Number.MAX_SAFE_INTEGER, false));
  // The value is what `step` returned.
  return stack.value as T
}
