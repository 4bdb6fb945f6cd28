// Values as JSON text: builtins.toJSON, `--json`, structured attributes (C++ Nix: value-to-json.cc, written
// by nlohmann::json). Compact, keys sorted bytewise; a set with `__toString` or `outPath` becomes what that
// gives. It exists natively and as a generator (`step…`), with the same order of effects and frames.
// Odd: broken UTF-8 is found when C++ Nix writes the finished tree, so every other error comes before it.

import { printDouble } from "../formats/json/double.ts"
import { invalidUtf8At } from "../formats/json/utf8.ts"
import { Attrs } from "./attrs.ts"
import type { Text } from "./builtin.ts"
import { callFunction, tooDeep } from "./call.ts"
import { copyPathToStore } from "./coerce.ts"
import { ContextUnion } from "./context.ts"
import { NixError, Pending } from "./error.ts"
import { force } from "./force.ts"
import { lookAhead } from "./look-ahead.ts"
import { positionOf, showValue } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { showType } from "./show-type.ts"
import { call, need, type Step } from "./step.ts"
import { runStepper } from "./stepper/trampoline.ts"
import { printAttrName } from "./text/escape.ts"
import { type Cell, isList, NixFloat, NixPath, NixString, peek, type Value } from "./value.ts"

export interface JsonOptions {
  /** Force everything; else an unforced value is an error. */
  readonly strict: boolean
  /** Paths are copied to the store and become their store path. */
  readonly copy: boolean
  /** Where the value is needed. */
  readonly pos?: number
}

/** JSON text (bytes) of a cell, with the context of all strings and paths in it. */
export function toJson(rt: Runtime, cell: Cell, options: JsonOptions): Text {
  const job = new Job(options.strict)
  return job.finish(write(rt, job, cell, options.pos ?? 0, options.copy))
}

/** The same as a generator, for any depth. */
export function* stepToJson(rt: Runtime, cell: Cell, options: JsonOptions): Step<Text> {
  const job = new Job(options.strict)
  return job.finish((yield stepWrite(rt, job, cell, options.pos ?? 0, options.copy)) as string)
}

/** A JSON string of bytes (C++ Nix: nlohmann dump_escaped, without ensure_ascii). */
function jsonString(bytes: string): string {
  return `"${/["\\\x00-\x1f]/.test(bytes) ? bytes.replace(/["\\\x00-\x1f]/g, escaped) : bytes}"`
}

const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
}

function escaped(c: string): string {
  return short[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`
}

/** What one conversion collects. */
class Job {
  readonly strict: boolean
  readonly context = new ContextUnion()
  /** Size of what is written, pieces included. */
  size = 0
  /** The first string that is not UTF-8, in nlohmann's words. */
  #fault: string | null = null

  constructor(strict: boolean) {
    this.strict = strict
  }

  string(bytes: string): string {
    if (this.#fault === null) {
      const at = invalidUtf8At(bytes)
      if (at >= 0) {
        const hex = (i: number) => bytes.charCodeAt(i).toString(16).toUpperCase().padStart(2, "0")
        this.#fault =
          at < bytes.length
            ? `invalid UTF-8 byte at index ${at}: 0x${hex(at)}`
            : `incomplete UTF-8 string; last byte: 0x${hex(bytes.length - 1)}`
      }
    }
    return jsonString(bytes)
  }

  /** The text of a value that is neither set nor list; throws for those that have none. */
  scalar(rt: Runtime, v: Value, copy: boolean, pos: number): string {
    switch (typeof v) {
      case "string":
        this.size += v.length
        return this.string(v)
      case "number":
      case "bigint":
      case "boolean":
        return String(v)
    }
    if (v === null) return "null"
    if (v instanceof NixString) {
      this.context.add(v.context)
      return this.string(v.text)
    }
    if (v instanceof NixFloat) return printDouble(v.value)
    if (v instanceof NixPath) {
      if (!copy) return this.string(v.path)
      const { text, context } = copyPathToStore(rt, v.path)
      this.context.add(context)
      return this.string(text)
    }
    throw cannotConvert(v, pos)
  }

  finish(text: string): Text {
    if (this.#fault !== null) throw new NixError("error", `JSON serialization error: [json.exception.type_error.316] ${this.#fault}`, 0)
    return { text, context: this.context.value }
  }
}

function cannotConvert(cell: Cell, pos: number): NixError {
  return new NixError("type", `cannot convert ${showType(cell)} to JSON`, positionOf(cell) || pos)
}

/** Bytes that a value takes while the text grows: its rope nodes, with comma and name. */
const PIECE = 60

/** Native stack of one level (write, peel and object), by our own count. */
const LEVEL = 900

const callFrame = "while calling the `__toString` attribute"
const resultFrame = "while using the result of the `__toString` attribute"

function outPathFrame(cell: Cell): string {
  return `while ${peek(cell) === undefined ? "evaluating" : "using"} the \`outPath\` attribute`
}

function badToString(rt: Runtime, v: Value, pos: number): NixError {
  const must = v instanceof Attrs ? "must" : "should"
  return new NixError("type", `\`__toString\` ${must} return a string, but got ${showType(v)}: ${showValue(rt, v)}`, pos)
}

function isText(v: Value): boolean {
  return typeof v === "string" || v instanceof NixString || v instanceof NixPath
}

function write(rt: Runtime, job: Job, cell: Cell, pos: number, copy: boolean): string {
  const { depth, stack } = rt
  if (depth > rt.maxDepth) throw tooDeep(pos)
  if (stack > rt.stackLimit) return runStepper(rt, stepWrite(rt, job, cell, pos, copy))
  if (--rt.fuel < 0) rt.refuel()
  job.size += PIECE
  rt.chargeGrowing(job.size)
  rt.depth = depth + 1
  rt.stack = stack + LEVEL
  const v = job.strict ? force(rt, cell, pos) : peek(cell)
  let out: string
  if (v === undefined) throw cannotConvert(cell, pos)
  if (v instanceof Attrs) out = peel(rt, job, v, pos, false, pos, copy)
  else if (isList(v)) {
    out = "["
    for (let i = 0; i < v.length; i++) {
      try {
        out += (i > 0 ? "," : "") + write(rt, job, v[i] as Cell, pos, copy)
      } catch (e) {
        if (e instanceof NixError) e.frame(pos, `while evaluating list element at index ${i}`)
        throw besides(rt, job, e, v.slice(i + 1), copy)
      }
    }
    out += "]"
  } else out = job.scalar(rt, v, copy, pos)
  rt.depth = depth
  rt.stack = stack
  return out
}

/** A set: peeled by `__toString` and `outPath` while it has one of them. `came` tells if by the former; `from` is where the peeling began. */
function peel(rt: Runtime, job: Job, v: Value, pos: number, came: boolean, from: number, copy: boolean): string {
  if (!(v instanceof Attrs)) {
    if (came && !isText(v)) throw badToString(rt, v, pos)
    // Odd, and kept for reproducibility: a path out of `__toString` is not copied.
    return write(rt, job, v, from, copy && !came)
  }
  const { depth, stack } = rt
  if (stack > rt.stackLimit) return runStepper(rt, stepPeel(rt, job, v, pos, came, from, copy))
  const method = v.get("__toString")
  const outPath = v.get("outPath")
  if (method === undefined && outPath === undefined) {
    if (came) throw badToString(rt, v, pos)
    return object(rt, job, v, copy)
  }
  rt.stack = stack + LEVEL
  const at = v.posOf(method !== undefined ? "__toString" : "outPath")
  let inner: Value
  try {
    // Only C++ Nix's words differ between the two ways.
    inner = method !== undefined ? callFunction(rt, force(rt, method, at), [v], at) : force(rt, outPath as Cell, at)
  } catch (e) {
    if (e instanceof NixError) e.frame(at, method !== undefined ? callFrame : outPathFrame(outPath as Cell))
    throw e
  }
  try {
    if (depth > rt.maxDepth) throw tooDeep(pos)
    rt.depth = depth + 1
    const out = peel(rt, job, inner, at, came || method !== undefined, from, copy)
    rt.depth = depth
    rt.stack = stack
    return out
  } catch (e) {
    if (e instanceof NixError) e.frame(at, method !== undefined ? resultFrame : outPathFrame(outPath as Cell))
    throw e
  }
}

/** What was thrown; while something has to wait for long, what comes after it is evaluated as far as that goes. */
function besides(rt: Runtime, job: Job, thrown: unknown, cells: readonly Cell[], copy: boolean): unknown {
  if (!(thrown instanceof Pending && thrown.isLong)) return thrown
  return lookAhead(
    rt,
    thrown,
    cells.map((cell) => () => write(rt, job, cell, 0, copy)),
  )
}

function cellsAfter(set: Attrs, name: string): Cell[] {
  const names = set.sortedNames()
  return names.slice(names.indexOf(name) + 1).map((other) => set.get(other) as Cell)
}

function object(rt: Runtime, job: Job, set: Attrs, copy: boolean): string {
  let out = "{"
  for (const name of set.sortedNames()) {
    const at = set.posOf(name)
    // The key's check for UTF-8 comes before the value's, as the text is written.
    out += `${out.length > 1 ? "," : ""}${job.string(name)}:`
    try {
      out += write(rt, job, set.get(name) as Cell, at, copy)
    } catch (e) {
      if (e instanceof NixError) e.frame(at, `while evaluating attribute '${printAttrName(name)}'`)
      throw e instanceof Pending ? besides(rt, job, e, cellsAfter(set, name), copy) : e
    }
  }
  return `${out}}`
}

function* stepWrite(rt: Runtime, job: Job, cell: Cell, pos: number, copy: boolean): Step<string> {
  const { depth } = rt
  if (depth > rt.maxDepth) throw tooDeep(pos)
  if (--rt.fuel < 0) rt.refuel()
  job.size += PIECE
  rt.chargeGrowing(job.size)
  rt.depth = depth + 1
  const v = job.strict ? ((yield need(cell, pos)) as Value) : peek(cell)
  let out: string
  if (v === undefined) throw cannotConvert(cell, pos)
  if (v instanceof Attrs) out = (yield stepPeel(rt, job, v, pos, false, pos, copy)) as string
  else if (isList(v)) {
    out = "["
    for (let i = 0; i < v.length; i++) {
      try {
        out += (i > 0 ? "," : "") + ((yield stepWrite(rt, job, v[i] as Cell, pos, copy)) as string)
      } catch (e) {
        if (e instanceof NixError) e.frame(pos, `while evaluating list element at index ${i}`)
        throw besides(rt, job, e, v.slice(i + 1), copy)
      }
    }
    out += "]"
  } else out = job.scalar(rt, v, copy, pos)
  rt.depth = depth
  return out
}

function* stepPeel(rt: Runtime, job: Job, v: Value, pos: number, came: boolean, from: number, copy: boolean): Step<string> {
  if (!(v instanceof Attrs)) {
    if (came && !isText(v)) throw badToString(rt, v, pos)
    return (yield stepWrite(rt, job, v, from, copy && !came)) as string
  }
  const { depth } = rt
  const method = v.get("__toString")
  const outPath = v.get("outPath")
  if (method === undefined && outPath === undefined) {
    if (came) throw badToString(rt, v, pos)
    return (yield stepObject(rt, job, v, copy)) as string
  }
  const at = v.posOf(method !== undefined ? "__toString" : "outPath")
  let inner: Value
  try {
    inner = (yield method !== undefined ? call(method, [v], at) : need(outPath as Cell, at)) as Value
  } catch (e) {
    if (e instanceof NixError) e.frame(at, method !== undefined ? callFrame : outPathFrame(outPath as Cell))
    throw e
  }
  try {
    if (depth > rt.maxDepth) throw tooDeep(pos)
    rt.depth = depth + 1
    const out = (yield stepPeel(rt, job, inner, at, came || method !== undefined, from, copy)) as string
    rt.depth = depth
    return out
  } catch (e) {
    if (e instanceof NixError) e.frame(at, method !== undefined ? resultFrame : outPathFrame(outPath as Cell))
    throw e
  }
}

function* stepObject(rt: Runtime, job: Job, set: Attrs, copy: boolean): Step<string> {
  let out = "{"
  for (const name of set.sortedNames()) {
    const at = set.posOf(name)
    out += `${out.length > 1 ? "," : ""}${job.string(name)}:`
    try {
      out += (yield stepWrite(rt, job, set.get(name) as Cell, at, copy)) as string
    } catch (e) {
      if (e instanceof NixError) e.frame(at, `while evaluating attribute '${printAttrName(name)}'`)
      throw e instanceof Pending ? besides(rt, job, e, cellsAfter(set, name), copy) : e
    }
  }
  return `${out}}`
}
