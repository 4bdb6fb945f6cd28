// Views: what can be shown of a cell without forcing it, with the places of what can be opened.

import { Attrs } from "../eval/attrs.ts"
import { displayContextElem, sortedContext } from "../eval/context.ts"
import { NixError, stopOf } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { errorData, renderError } from "../eval/report.ts"
import { printG } from "../eval/text/float.ts"
import {
  BLACKHOLE,
  type Cell,
  FAILED,
  isList,
  Lambda,
  NixFloat,
  NixPath,
  NixString,
  PrimOpApp,
  type PrimOpValue,
  peek,
  Thunk,
  textOf,
  type Value,
} from "../eval/value.ts"
import type { Expr } from "../lang/expr.ts"
import { originName } from "../lang/source.ts"
import type { Child, ForcedView, Page, PlaceView, ProblemView, Ref, RunTrace, ValueView } from "./protocol.ts"
import { NoSuchNode } from "./run.ts"
import { fromBytes, toBytes } from "./text.ts"

const CUT = 1000
const PREVIEW = 5
/** Bytes of an expression's text. */
const SNIPPET = 80

/** Shows a cell; nothing is forced. `deep` adds a preview of the first children. */
export function viewCell(evaluator: Evaluator, ref: Ref, cell: Cell, deep = true): ValueView {
  const v = peek(cell)
  if (v === undefined) {
    const thunk = cell as Thunk
    if (thunk.code === FAILED) return { kind: "failed", ref, problem: problemOf(evaluator, thunk.content) }
    return { kind: "unforced", ref, forcing: thunk.code === BLACKHOLE }
  }
  return viewValue(evaluator, ref, v, deep)
}

function viewValue(evaluator: Evaluator, ref: Ref, v: Value, deep: boolean): ValueView {
  if (typeof v === "number" || typeof v === "bigint") return { kind: "int", text: String(v) }
  if (typeof v === "boolean") return { kind: "bool", value: v }
  if (v === null) return { kind: "null" }
  if (typeof v === "string" || v instanceof NixString) {
    const text = typeof v === "string" ? v : v.text
    const context = typeof v === "string" ? [] : sortedContext(v.context).map((e) => fromBytes(displayContextElem(e)))
    return { kind: "string", ref, text: fromBytes(text.slice(0, CUT)), length: text.length, context }
  }
  if (v instanceof NixFloat) return { kind: "float", text: printG(v.value, v.nan) }
  if (v instanceof NixPath) return { kind: "path", path: fromBytes(v.path) }
  if (isList(v))
    return {
      kind: "list",
      ref,
      id: idOf(evaluator, v),
      length: v.length,
      preview: deep ? v.slice(0, PREVIEW).map((c, i) => viewCell(evaluator, [...ref, i], c, false)) : [],
    }
  if (v instanceof Attrs)
    return {
      kind: "attrs",
      ref,
      id: idOf(evaluator, v),
      size: v.size,
      derivation: derivationName(v),
      preview: deep
        ? v
            .sortedNames()
            .slice(0, PREVIEW)
            .map((n, i) => [fromBytes(n), viewCell(evaluator, [...ref, stepTo(n, i)], v.get(n) as Cell, false)] as const)
        : [],
    }
  if (v instanceof Lambda) {
    const expr = v.code.expr
    const doc = expr.doc
    const source = doc === null ? undefined : evaluator.rt.sources.of(doc[0])
    return {
      kind: "function",
      ref,
      id: idOf(evaluator, v),
      arg: expr.arg === null ? null : fromBytes(expr.arg),
      ellipsis: expr.formals?.ellipsis ?? false,
      applied: 0,
      name: expr.name === null ? null : fromBytes(expr.name),
      formals: expr.formals === null ? null : expr.formals.list.map((f) => ({ name: fromBytes(f.name), hasDefault: f.fallback !== null })),
      at: placeOf(evaluator, expr.pos),
      doc: doc === null || source === undefined ? null : fromBytes(source.text.slice(doc[0] - source.base, doc[1] - source.base)),
    }
  }
  const op: PrimOpValue["op"] = (v as PrimOpValue | PrimOpApp).op
  return {
    kind: "function",
    ref,
    id: idOf(evaluator, v),
    arg: null,
    ellipsis: false,
    applied: v instanceof PrimOpApp ? v.args.length : 0,
    name: op.name,
    formals: null,
    at: null,
    doc: op.doc,
  }
}

/** Numbers values in the order in which they are first looked at; from a random one, since a page may also know those of an earlier worker. */
class Ids {
  readonly #ids = new WeakMap<object, number>()
  #last = Math.floor(Math.random() * 2 ** 50)

  of(value: object): number {
    let id = this.#ids.get(value)
    if (id === undefined) {
      id = ++this.#last
      this.#ids.set(value, id)
    }
    return id
  }
}
// By evaluator, so that it is gone with it.
const idsOf = new WeakMap<Evaluator, Ids>()

function idOf(evaluator: Evaluator, value: object): number {
  let ids = idsOf.get(evaluator)
  if (ids === undefined) {
    ids = new Ids()
    idsOf.set(evaluator, ids)
  }
  return ids.of(value)
}

/** The name of a set that is known to be a derivation, "" if its name is not evaluated; null for other sets. */
function derivationName(set: Attrs): string | null {
  const known = (name: string): string | undefined => {
    const cell = set.get(name)
    const value = cell === undefined ? undefined : peek(cell)
    return value === undefined ? undefined : textOf(value)
  }
  return known("type") === "derivation" ? fromBytes(known("name") ?? "") : null
}

/** How a cell came to its value, if that was observed. */
export function forcedOf(evaluator: Evaluator, cell: Cell): ForcedView | null {
  const event = cell instanceof Thunk ? evaluator.rt.observer?.of(cell) : undefined
  if (event === undefined || event.ended === null) return null
  const by = event.by
  return {
    milliseconds: event.ended - event.started,
    by: by === null ? null : { text: snippet(evaluator, by.expr), at: placeOf(evaluator, by.expr.start) },
  }
}

/** The beginning of an expression's text, on one line. */
function snippet(evaluator: Evaluator, expr: Expr): string {
  const source = evaluator.rt.sources.of(expr.start)
  if (source === undefined) return ""
  const text = fromBytes(source.text.slice(expr.start - source.base, Math.min(expr.end - source.base, expr.start - source.base + SNIPPET)))
  return text.replace(/\s+/g, " ")
}

/** What was observed of a run; empty if nothing was. */
export function traceOf(evaluator: Evaluator): RunTrace {
  const { observer } = evaluator.rt
  if (observer === null) return { rows: [], cut: false }
  const rows = observer.events.map((event) => ({
    depth: event.depth,
    kind: event.kind,
    text: snippet(evaluator, event.expr),
    at: placeOf(evaluator, event.expr.start),
    started: event.started,
    milliseconds: (event.ended ?? event.started) - event.started,
    failed: event.failed,
  }))
  return { rows, cut: observer.full }
}

/** Which children are looked at. */
export interface Looking {
  readonly from: number
  readonly count: number
  /** Attributes whose names have it, elements whose index begins with it; "" for all. */
  readonly filter: string
}

/** A page of the children of a list or set; forces nothing. */
export function childrenOf(evaluator: Evaluator, ref: Ref, cell: Cell, { from, count, filter }: Looking): Page {
  const v = peek(cell)
  /** All children by their numbers, or those that were found. */
  const page = (total: number, found: readonly number[] | null, child: (i: number) => Child): Page => {
    const size = found === null ? total : found.length
    const children: Child[] = []
    for (let i = from; i < Math.min(size, from + count); i++) children.push(child(found === null ? i : (found[i] as number)))
    return { children, next: from + count < size ? from + count : null, total: size }
  }
  const look = (label: string, step: string | number, at: PlaceView | null, child: Cell): Child => ({
    label,
    step,
    view: viewCell(evaluator, [...ref, step], child),
    at,
    forced: forcedOf(evaluator, child),
  })
  if (v !== undefined && isList(v)) {
    const element = (i: number): Child => look(String(i), i, null, v[i] as Cell)
    return page(v.length, filter === "" ? null : numbers(v.length, (i) => String(i).startsWith(filter)), element)
  }
  if (!(v instanceof Attrs)) return { children: [], next: null, total: 0 }
  const names = v.sortedNames()
  const attr = (i: number): Child => {
    const name = names[i] as string
    return look(fromBytes(name), stepTo(name, i), placeOf(evaluator, v.posOf(name)), v.get(name) as Cell)
  }
  const wanted = filter.toLowerCase()
  const fits = (i: number): boolean =>
    fromBytes(names[i] as string)
      .toLowerCase()
      .includes(wanted)
  return page(names.length, filter === "" ? null : numbers(names.length, fits), attr)
}

function numbers(below: number, fits: (i: number) => boolean): number[] {
  const found: number[] = []
  for (let i = 0; i < below; i++) if (fits(i)) found.push(i)
  return found
}

/** The step to an attribute: its name, or its index where the name is not UTF-8. */
function stepTo(name: string, index: number): string | number {
  const text = fromBytes(name)
  return toBytes(text) === name ? text : index
}

export function placeOf(evaluator: Evaluator, pos: number): PlaceView | null {
  const place = evaluator.rt.sources.place(pos)
  if (!place) return null
  const { origin } = place.source
  return { file: origin.kind === "file" ? fromBytes(origin.path) : originName(origin), line: place.line, column: place.column }
}

/** Whatever was thrown, as data. A fault of the engine itself is shown as such, never swallowed. */
export function problemOf(evaluator: Evaluator | null, e: unknown): ProblemView {
  if (e instanceof NixError && evaluator !== null) {
    const { sources } = evaluator.rt
    const data = errorData(e, sources)
    return {
      code: e.kind,
      message: fromBytes(e.message),
      at: placeOf(evaluator, e.pos),
      trace: [...e.frames]
        .reverse()
        .map((f) => ({ hint: fromBytes(f.hint), at: placeOf(evaluator, f.pos) }))
        .filter((f) => f.hint !== "" && data !== null),
      report: fromBytes(renderError(e, sources, { showTrace: evaluator.rt.showTrace, color: false })),
    }
  }
  if (e instanceof NoSuchNode) {
    const message = "this value has nothing at the place that is asked for; an earlier one may have had"
    return { code: "absent", message, at: null, trace: [], report: `error: ${message}` }
  }
  const stop = stopOf(e)
  if (stop !== undefined) return { code: stop.reason, message: stop.message, at: null, trace: [], report: `error: ${stop.message}` }
  const message = e instanceof Error ? `${e.name}: ${e.message}` : String(e)
  return { code: "engine-fault", message, at: null, trace: [], report: `fault in the engine: ${message}` }
}
