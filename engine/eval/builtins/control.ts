// Builtins that steer evaluation: errors, order, tracing.

import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { asText, interpolate, stepCoerce } from "../coerce.ts"
import { forceDeep, stepDeep } from "../deep.ts"
import { isCatchable, NixError } from "../error.ts"
import { force } from "../force.ts"
import { showCell } from "../print-value.ts"
import { renderError } from "../report.ts"
import type { Runtime } from "../runtime.ts"
import { need } from "../step.ts"
import { logOnce } from "../trace.ts"
import { textOf, type Value } from "../value.ts"

const abort = builtin({
  name: "abort",
  global: true,
  args: [["s", "lazy"]],
  doc: "Ends the evaluation with the error message `s`. Unlike the error of `throw`, this one cannot be caught by `builtins.tryEval`.",
  see: "primops.cc primop_abort",
  examples: [{ nix: 'abort "no way"', fails: "evaluation aborted with the following error message: 'no way'" }],
  *step(rt, cell) {
    const frame = "while evaluating the error message passed to builtins.abort"
    const { text } = (yield stepCoerce(rt, cell, 0, frame, interpolate)) as Text
    throw new NixError("abort", `evaluation aborted with the following error message: '${text}'`, 0)
  },
})

const throwError = builtin({
  name: "throw",
  global: true,
  args: [["s", "lazy"]],
  doc: "Fails with the error message `s`. `builtins.tryEval` catches this error.",
  see: "primops.cc primop_throw",
  examples: [
    { nix: 'throw "not for this platform"', fails: "not for this platform" },
    { nix: '(builtins.tryEval (throw "x")).success', gives: "false" },
  ],
  *step(rt, cell) {
    const frame = "while evaluating the error message passed to builtin.throw"
    const { text } = (yield stepCoerce(rt, cell, 0, frame, interpolate)) as Text
    throw new NixError("throw", text, 0)
  },
})

const addErrorContext = builtin({
  name: "addErrorContext",
  args: [
    ["context", "lazy"],
    ["value", "lazy"],
  ],
  frame: false,
  doc: "Returns `value`. If evaluating it fails, the text `context` is added to the trace of the error. Attributes and elements of the value are not covered.",
  see: "primops.cc prim_addErrorContext",
  examples: [{ nix: 'builtins.addErrorContext "while asking the oracle" 42', gives: "42" }],
  *step(rt, context, value) {
    try {
      return (yield need(value, 0)) as Value
    } catch (e) {
      if (!(e instanceof NixError)) throw e
      const frame = "while evaluating the error message passed to builtins.addErrorContext"
      const { text } = (yield stepCoerce(rt, context, 0, frame, asText)) as Text
      throw e.frameAlways(0, text)
    }
  },
})

/** What tryEval gives for an error that it catches; throws all others on. */
function caught(rt: Runtime, e: unknown): Value {
  if (!isCatchable(e)) throw e
  return Attrs.record(rt.shapes, { success: false, value: false })
}

const tryEval = builtin({
  name: "tryEval",
  args: [["e", "lazy"]],
  doc: `Evaluates \`e\` and returns \`{ success = true; value = e; }\`, or \`{ success = false; value = false; }\` if that fails
with \`throw\` or a failed \`assert\`. Other errors are not caught, nor are those of attributes and elements, which are evaluated later.`,
  see: "primops.cc prim_tryEval",
  examples: [
    { nix: "builtins.tryEval (1 + 1)", gives: "{ success = true; value = 2; }" },
    { nix: 'builtins.tryEval (throw "x")', gives: "{ success = false; value = false; }" },
    { nix: '(builtins.tryEval { a = throw "x"; }).success', gives: "true" },
  ],
  run(rt, cell) {
    const { stack, depth, current } = rt
    try {
      force(rt, cell, 0)
    } catch (e) {
      const result = caught(rt, e)
      rt.stack = stack
      rt.depth = depth
      rt.current = current
      return result
    }
    return Attrs.record(rt.shapes, { success: true, value: cell })
  },
  *step(rt, cell) {
    const { stack, depth, current } = rt
    try {
      yield need(cell, 0)
    } catch (e) {
      const result = caught(rt, e)
      rt.stack = stack
      rt.depth = depth
      rt.current = current
      return result
    }
    return Attrs.record(rt.shapes, { success: true, value: cell })
  },
})

const seq = builtin({
  name: "seq",
  args: [
    ["e1", "any"],
    ["e2", "any"],
  ],
  doc: "Evaluates `e1` (only so far that it is known to be a set, a list, …), then returns `e2`.",
  see: "primops.cc prim_seq",
  examples: [
    { nix: "builtins.seq { } 1", gives: "1" },
    { nix: 'builtins.seq (throw "first") 1', fails: "first" },
  ],
  run: (_rt, _first, second) => second,
})

const deepSeq = builtin({
  name: "deepSeq",
  args: [
    ["e1", "lazy"],
    ["e2", "lazy"],
  ],
  doc: "Evaluates `e1` with everything in it (lists and sets at any depth, not the insides of functions), then returns `e2`.",
  see: "primops.cc prim_deepSeq",
  examples: [
    { nix: "builtins.deepSeq [ 1 { a = 2; } ] 3", gives: "3" },
    { nix: 'builtins.deepSeq { a = [ (throw "deep") ]; } 3', fails: "deep" },
  ],
  run(rt, first, second) {
    forceDeep(rt, first)
    return force(rt, second, 0)
  },
  *step(rt, first, second) {
    yield stepDeep(rt, first)
    return (yield need(second, 0)) as Value
  },
})

/** Prints a value for the user: a string as it is, everything else as far as it is evaluated. */
function printTrace(rt: Runtime, v: Value): void {
  logOnce(rt, `trace: ${textOf(v) ?? showCell(rt, v)}`)
}

const trace = builtin({
  name: "trace",
  args: [
    ["e1", "any"],
    ["e2", "lazy"],
  ],
  doc: "Evaluates `e1` and prints it, then returns `e2`. A string is printed as it is; of other values what is evaluated so far.",
  see: "primops.cc prim_trace",
  examples: [{ nix: 'builtins.trace "here" 1', gives: "1" }],
  run(rt, message, value) {
    printTrace(rt, message)
    return force(rt, value, 0)
  },
  *step(rt, message, value) {
    printTrace(rt, message)
    return (yield need(value, 0)) as Value
  },
})

const traceVerbose = builtin({
  name: "traceVerbose",
  args: [
    ["e1", "lazy"],
    ["e2", "lazy"],
  ],
  doc: "Returns `e2`. With the setting `trace-verbose`, `e1` is evaluated and printed before, as `builtins.trace` does it; without, it is not even evaluated.",
  see: "primops.cc createBaseEnv __traceVerbose",
  examples: [{ nix: 'builtins.traceVerbose (throw "not evaluated") 1', gives: "1" }],
  *step(rt, message, value) {
    if (rt.settings.traceVerbose) printTrace(rt, (yield need(message, 0)) as Value)
    return (yield need(value, 0)) as Value
  },
})

const warn = builtin({
  name: "warn",
  args: [
    ["e1", "string", "while evaluating the first argument; the message passed to builtins.warn"],
    ["e2", "lazy"],
  ],
  doc: "Prints the string `e1` as a warning, then returns `e2`. With the setting `abort-on-warn` it fails instead, so that the trace shows where the warning comes from.",
  see: "primops.cc prim_warn",
  examples: [{ nix: 'builtins.warn "deprecated" 1', gives: "1" }],
  *step(rt, message, value) {
    const report = { message: message.text, pos: 0, frames: [], suggestions: [] }
    logOnce(rt, renderError(report, rt.sources, { prefix: "evaluation warning" }))
    if (rt.settings.abortOnWarn) throw new NixError("eval", "aborting to reveal stack trace of warning, as abort-on-warn is set", 0)
    return (yield need(value, 0)) as Value
  },
})

const breakpoint = builtin({
  name: "break",
  global: true,
  args: [["v", "any"]],
  doc: "Returns `v`. In a debugger, the evaluation pauses here.",
  see: "primops.cc primop_break",
  examples: [{ nix: "break 1", gives: "1" }],
  run: (_rt, v) => v,
})

export const control: readonly PrimOp[] = [abort, addErrorContext, breakpoint, deepSeq, seq, throwError, trace, traceVerbose, tryEval, warn]
