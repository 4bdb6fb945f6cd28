// Values to strings and paths: interpolation, `toString`, derivation attributes. A set is peeled: its
// `__toString` is called, else its `outPath` is taken, until something else than a set comes out.
// C++ Nix: eval.cc coerceToString, coerceToPath, copyPathToStore; eval-inline.hh peelToStringOutPath.
// Each exists natively and as a generator (`step…`); both have the same order of effects and frames.

import { resolveSymlinks, typeOfFile } from "./access.ts"
import { Attrs } from "./attrs.ts"
import type { Text } from "./builtin.ts"
import { callFunction, tooDeep } from "./call.ts"
import { type Context, ContextUnion } from "./context.ts"
import { NixError } from "./error.ts"
import { force } from "./force.ts"
import { canonPath, lastName } from "./path.ts"
import { showValue } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { showType } from "./show-type.ts"
import { importSource } from "./source-import.ts"
import { call, need, type Step } from "./step.ts"
import { runStepper } from "./stepper/trampoline.ts"
import { formatFixed } from "./text/float.ts"
import { type Cell, isList, NixFloat, NixPath, NixString, peek, type Value } from "./value.ts"

/** How far coercion goes. */
export interface CoerceOptions {
  /** Numbers, Booleans, null and lists too. */
  readonly more: boolean
  /** Paths are copied to the store and become their store path. */
  readonly copy: boolean
  /** Paths lose a trailing slash (only the first part of an interpolated path can have one). */
  readonly canonical: boolean
}

/** `"${e}"`, concatStringsSep. */
export const interpolate: CoerceOptions = { more: false, copy: true, canonical: true }
/** baseNameOf, search paths: strings and paths as they are. */
export const asText: CoerceOptions = { more: false, copy: false, canonical: true }
/** toString. */
export const toText: CoerceOptions = { more: true, copy: false, canonical: true }
/** Derivation attributes. */
export const forDerivation: CoerceOptions = { more: true, copy: true, canonical: true }

const elementFrame = "while evaluating one element of the list"
const callFrame = "while calling the `__toString` attribute"
const resultFrame = "while using the result of the `__toString` attribute"

/** Native stack of one level, by our own count. */
const LEVEL = 400

function outPathFrame(cell: Cell): string {
  return `while ${peek(cell) === undefined ? "evaluating" : "using"} the \`outPath\` attribute`
}

/** "cannot coerce … to a string". */
function cannotCoerce(rt: Runtime, v: Value, pos: number, frame: string): NixError {
  return new NixError("type", `cannot coerce ${showType(v)} to a string: ${showValue(rt, v)}`, 0).frame(pos, frame)
}

/** The text of a value that is neither a set nor a list, or undefined if it has none. */
function scalarText(rt: Runtime, v: Value, opts: CoerceOptions): Text | undefined {
  if (typeof v === "string") return { text: v, context: null }
  if (v instanceof NixString) return v
  if (v instanceof NixPath) {
    if (opts.copy) return copyPathToStore(rt, v.path)
    return { text: opts.canonical ? canonPath(v.path) : v.path, context: null }
  }
  if (!opts.more) return undefined
  if (typeof v === "number" || typeof v === "bigint") return { text: v.toString(), context: null }
  if (v === true) return { text: "1", context: null }
  if (v === false || v === null) return { text: "", context: null }
  if (v instanceof NixFloat) return { text: formatFixed(v.value, v.nan), context: null }
  return undefined
}

/** True after list elements that get no space behind them: empty lists. */
function isEmptyList(cell: Cell): boolean {
  const v = peek(cell)
  return isList(v) && v.length === 0
}

/** The text of a string cell that is known already, without making a Text of a plain one; undefined if it takes more than a look. */
function known(rt: Runtime, cell: Cell): string | Text | undefined {
  const v = rt.depth > rt.maxDepth ? undefined : peek(cell)
  return typeof v === "string" || v instanceof NixString ? v : undefined
}

/** The text of a derivation's `outPath` that is known already: the set is one of many that are, so no functions are made for it. */
function knownOutPath(rt: Runtime, set: Attrs): Text | undefined {
  if (rt.depth + 1 > rt.maxDepth || set.has("__toString")) return undefined
  const outPath = set.get("outPath")
  const v = outPath === undefined ? undefined : peek(outPath)
  return v instanceof NixString ? v : undefined
}

/**
 * The text of a cell, with the context it brings.
 * @param pos where it is needed; @param frame the words of the trace frame for what cannot be coerced
 */
export function coerceToString(rt: Runtime, cell: Cell, pos: number, frame: string, opts: CoerceOptions): Text {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  if (typeof cell === "string") return { text: cell, context: null }
  const stack = rt.stack
  if (stack > rt.stackLimit) return runStepper(rt, stepCoerce(rt, cell, pos, frame, opts))
  rt.depth = depth + 1
  rt.stack = stack + LEVEL
  const v = force(rt, cell, pos)
  let text = scalarText(rt, v, opts)
  if (text === undefined) {
    if (v instanceof Attrs) {
      const inner = opts.canonical ? opts : { ...opts, canonical: true }
      text =
        knownOutPath(rt, v) ??
        peel(
          rt,
          v,
          pos,
          (rt, peeled) => {
            if (peeled instanceof Attrs) throw cannotCoerce(rt, peeled, pos, frame)
            return coerceToString(rt, peeled, pos, frame, inner)
          },
          (rt, peeled) => stepPeeled(rt, peeled, pos, frame, inner),
        )
    } else if (opts.more && isList(v)) {
      let joined = ""
      const context = new ContextUnion()
      for (let i = 0; i < v.length; i++) {
        const item = v[i] as Cell
        let t = known(rt, item)
        try {
          t ??= coerceToString(rt, item, pos, elementFrame, opts)
        } catch (e) {
          if (e instanceof NixError) e.frame(pos, frame)
          throw e
        }
        if (typeof t === "string") joined += t
        else {
          joined += t.text
          context.add(t.context)
        }
        if (i < v.length - 1 && !isEmptyList(item)) joined += " "
      }
      rt.chargeText(joined.length)
      text = { text: joined, context: context.value }
    } else throw cannotCoerce(rt, v, pos, frame)
  }
  rt.depth = depth
  rt.stack = stack
  return text
}

/** The same as a generator, for any depth. */
export function* stepCoerce(rt: Runtime, cell: Cell, pos: number, frame: string, opts: CoerceOptions): Step<Text> {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = (yield need(cell, pos)) as Value
  let text = scalarText(rt, v, opts)
  if (text === undefined) {
    if (v instanceof Attrs) {
      const inner = opts.canonical ? opts : { ...opts, canonical: true }
      text = (yield stepPeel(rt, v, pos, (rt, peeled) => stepPeeled(rt, peeled, pos, frame, inner))) as Text
    } else if (opts.more && isList(v)) {
      let joined = ""
      const context = new ContextUnion()
      for (let i = 0; i < v.length; i++) {
        const item = v[i] as Cell
        let t: Text
        try {
          t = (yield stepCoerce(rt, item, pos, elementFrame, opts)) as Text
        } catch (e) {
          if (e instanceof NixError) e.frame(pos, frame)
          throw e
        }
        joined += t.text
        context.add(t.context)
        if (i < v.length - 1 && !isEmptyList(item)) joined += " "
      }
      rt.chargeText(joined.length)
      text = { text: joined, context: context.value }
    } else throw cannotCoerce(rt, v, pos, frame)
  }
  rt.depth = depth
  return text
}

/** The end of a peeled set. */
function stepPeeled(rt: Runtime, peeled: Value, pos: number, frame: string, opts: CoerceOptions): Step<Text> {
  if (peeled instanceof Attrs) throw cannotCoerce(rt, peeled, pos, frame)
  return stepCoerce(rt, peeled, pos, frame, opts)
}

/** What is done with a peeled value, natively and as a generator. */
type Finish<T> = (rt: Runtime, v: Value) => T
type StepFinish<T> = (rt: Runtime, v: Value) => Step<T>

/**
 * Peels a set by `__toString` and `outPath` and hands what comes out (a set only if it has neither) to
 * `finish`, inside the frames of the way there.
 */
export function peel<T>(rt: Runtime, v: Value, pos: number, finish: Finish<T>, stepFinish: StepFinish<T>): T {
  if (!(v instanceof Attrs)) return finish(rt, v)
  const convert = v.get("__toString")
  if (convert !== undefined) {
    const at = v.posOf("__toString")
    let result: Value
    try {
      result = callFunction(rt, force(rt, convert, at), [v], at)
    } catch (e) {
      if (e instanceof NixError) e.frame(at, callFrame)
      throw e
    }
    try {
      return deeper(rt, result, pos, at, finish, stepFinish)
    } catch (e) {
      if (e instanceof NixError) e.frame(at, resultFrame)
      throw e
    }
  }
  const outPath = v.get("outPath")
  if (outPath !== undefined) {
    const at = v.posOf("outPath")
    try {
      return deeper(rt, force(rt, outPath, at), pos, at, finish, stepFinish)
    } catch (e) {
      if (e instanceof NixError) e.frame(at, outPathFrame(outPath))
      throw e
    }
  }
  return finish(rt, v)
}

function deeper<T>(rt: Runtime, v: Value, pos: number, at: number, finish: Finish<T>, stepFinish: StepFinish<T>): T {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  const stack = rt.stack
  rt.depth = depth + 1
  rt.stack = stack + LEVEL
  const result = stack > rt.stackLimit ? runStepper(rt, stepPeel(rt, v, at, stepFinish)) : peel(rt, v, at, finish, stepFinish)
  rt.depth = depth
  rt.stack = stack
  return result
}

/** The same as a generator; `finish` returns a step. */
export function* stepPeel<T>(rt: Runtime, v: Value, pos: number, finish: StepFinish<T>): Step<T> {
  if (!(v instanceof Attrs)) return (yield finish(rt, v)) as T
  const depth = rt.depth
  const convert = v.get("__toString")
  if (convert !== undefined) {
    const at = v.posOf("__toString")
    let result: Value
    try {
      result = (yield call(convert, [v], at)) as Value
    } catch (e) {
      if (e instanceof NixError) e.frame(at, callFrame)
      throw e
    }
    try {
      if (depth > rt.maxDepth) throw tooDeep(pos)
      rt.depth = depth + 1
      const out = (yield stepPeel(rt, result, at, finish)) as T
      rt.depth = depth
      return out
    } catch (e) {
      if (e instanceof NixError) e.frame(at, resultFrame)
      throw e
    }
  }
  const outPath = v.get("outPath")
  if (outPath !== undefined) {
    const at = v.posOf("outPath")
    try {
      const result = (yield need(outPath, at)) as Value
      if (depth > rt.maxDepth) throw tooDeep(pos)
      rt.depth = depth + 1
      const out = (yield stepPeel(rt, result, at, finish)) as T
      rt.depth = depth
      return out
    } catch (e) {
      if (e instanceof NixError) e.frame(at, outPathFrame(outPath))
      throw e
    }
  }
  return (yield finish(rt, v)) as T
}

/** A path with the context of the string it came from. */
export interface PathText {
  readonly path: string
  readonly context: Context | null
}

function absolute(t: Text, pos: number, frame: string): PathText {
  if (!t.text.startsWith("/")) throw new NixError("eval", `string '${t.text}' doesn't represent an absolute path`, 0).frame(pos, frame)
  return { path: canonPath(t.text), context: t.context }
}

/** A canonical absolute path from a path, a string or a set that stands for one. */
export function coerceToPath(rt: Runtime, cell: Cell, pos: number, frame: string): PathText {
  return peel(
    rt,
    force(rt, cell, pos),
    pos,
    (rt, v) =>
      v instanceof NixPath ? { path: canonPath(v.path), context: null } : absolute(coerceToString(rt, v, pos, frame, asText), pos, frame),
    (rt, v) => stepPathOf(rt, v, pos, frame),
  )
}

/** The same as a generator. */
export function* stepCoerceToPath(rt: Runtime, cell: Cell, pos: number, frame: string): Step<PathText> {
  const v = (yield need(cell, pos)) as Value
  return (yield stepPeel(rt, v, pos, (rt, v) => stepPathOf(rt, v, pos, frame))) as PathText
}

function* stepPathOf(rt: Runtime, v: Value, pos: number, frame: string): Step<PathText> {
  if (v instanceof NixPath) return { path: canonPath(v.path), context: null }
  return absolute((yield stepCoerce(rt, v, pos, frame, asText)) as Text, pos, frame)
}

/** Puts a file or tree into the store; gives its store path, with it as context. */
export function copyPathToStore(rt: Runtime, path: string): Text {
  const known = rt.copied.get(path)
  if (known !== undefined) return known
  const wanted = canonPath(path)
  if (wanted.endsWith(".drv")) throw new NixError("eval", "file names are not allowed to end in '.drv'", 0)
  const from = resolveSymlinks(rt, wanted, "ancestors")
  if (typeOfFile(rt, from) === null) throw new NixError("error", `path '${from}' does not exist`, 0)
  const request = { path: from, name: lastName(wanted) || "source", recursive: true }
  const storePath = importSource(rt.host, request)
  rt.drvs.watched?.sources.set(storePath, request)
  rt.allowedPaths.add(storePath)
  const copied: Text = { text: storePath, context: [rt.contexts.opaque(storePath)] }
  rt.copied.set(path, copied)
  return copied
}
