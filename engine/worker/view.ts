// Views: what can be shown of a cell without forcing it, with handles for what can be opened.

import { Attrs } from "../eval/attrs.ts"
import { displayContextElem, sortedContext } from "../eval/context.ts"
import { NixError, Stopped } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { errorData, renderError } from "../eval/report.ts"
import { printG } from "../eval/text/float.ts"
import {
  type Cell,
  FAILED,
  isList,
  Lambda,
  NixFloat,
  NixPath,
  NixString,
  type PrimOpApp,
  type PrimOpValue,
  peek,
  type Thunk,
  type Value,
} from "../eval/value.ts"
import type { Page, PlaceView, ProblemView, Ref, ValueView } from "./protocol.ts"
import { fromBytes } from "./text.ts"

const CUT = 1000
const PREVIEW = 5

/** The cells of one run by number. */
export class Handles {
  private readonly cells: Cell[] = []
  private readonly refs = new Map<object, Ref>()

  ref(cell: Cell): Ref {
    if (typeof cell === "object" && cell !== null) {
      const known = this.refs.get(cell)
      if (known !== undefined) return known
      this.refs.set(cell, this.cells.length)
    }
    return this.cells.push(cell) - 1
  }

  /** The cell of a handle; a RangeError for a handle this run never gave out. */
  cell(ref: Ref): Cell {
    if (!Number.isInteger(ref) || ref < 0 || ref >= this.cells.length) throw new RangeError(`no such handle: ${ref}`)
    return this.cells[ref] as Cell
  }
}

/** Shows a cell; nothing is forced. `deep` adds a preview of the first children. */
export function viewCell(evaluator: Evaluator, handles: Handles, cell: Cell, deep = true): ValueView {
  const v = peek(cell)
  if (v === undefined) {
    const thunk = cell as Thunk
    if (thunk.code === FAILED) return { kind: "failed", problem: problemOf(evaluator, thunk.value) }
    return { kind: "unforced", ref: handles.ref(cell) }
  }
  return viewValue(evaluator, handles, cell, v, deep)
}

function viewValue(evaluator: Evaluator, handles: Handles, cell: Cell, v: Value, deep: boolean): ValueView {
  if (typeof v === "number" || typeof v === "bigint") return { kind: "int", text: String(v) }
  if (typeof v === "boolean") return { kind: "bool", value: v }
  if (v === null) return { kind: "null" }
  if (typeof v === "string" || v instanceof NixString) {
    const text = typeof v === "string" ? v : v.text
    const context = typeof v === "string" ? [] : sortedContext(v.context).map((e) => fromBytes(displayContextElem(e)))
    return { kind: "string", ref: handles.ref(cell), text: fromBytes(text.slice(0, CUT)), length: text.length, context }
  }
  if (v instanceof NixFloat) return { kind: "float", text: printG(v.value, v.nan) }
  if (v instanceof NixPath) return { kind: "path", path: fromBytes(v.path) }
  if (isList(v))
    return {
      kind: "list",
      ref: handles.ref(cell),
      length: v.length,
      preview: deep ? v.slice(0, PREVIEW).map((c) => viewCell(evaluator, handles, c, false)) : [],
    }
  if (v instanceof Attrs)
    return {
      kind: "attrs",
      ref: handles.ref(cell),
      size: v.size,
      preview: deep
        ? v
            .sortedNames()
            .slice(0, PREVIEW)
            .map((n) => [fromBytes(n), viewCell(evaluator, handles, v.get(n) as Cell, false)] as const)
        : [],
    }
  if (v instanceof Lambda) {
    const expr = v.code.expr
    const doc = expr.doc
    const source = doc === null ? undefined : evaluator.rt.sources.of(doc[0])
    return {
      kind: "function",
      ref: handles.ref(cell),
      name: expr.name === null ? null : fromBytes(expr.name),
      formals: expr.formals === null ? null : expr.formals.list.map((f) => ({ name: fromBytes(f.name), hasDefault: f.fallback !== null })),
      at: placeOf(evaluator, expr.pos),
      doc: doc === null || source === undefined ? null : fromBytes(source.text.slice(doc[0] - source.base, doc[1] - source.base)),
    }
  }
  const op: PrimOpValue["op"] = (v as PrimOpValue | PrimOpApp).op
  return { kind: "function", ref: handles.ref(cell), name: op.name, formals: null, at: null, doc: op.doc }
}

/** A page of the children of a list or set; forces nothing. */
export function childrenOf(evaluator: Evaluator, handles: Handles, ref: Ref, from: number, count: number): Page {
  const v = peek(handles.cell(ref))
  if (v !== undefined && isList(v)) {
    const end = Math.min(v.length, from + count)
    const children = []
    for (let i = from; i < end; i++) children.push({ label: String(i), view: viewCell(evaluator, handles, v[i] as Cell) })
    return { children, next: end < v.length ? end : null }
  }
  if (v instanceof Attrs) {
    const names = v.sortedNames()
    const end = Math.min(names.length, from + count)
    const children = names.slice(from, end).map((n) => ({ label: fromBytes(n), view: viewCell(evaluator, handles, v.get(n) as Cell) }))
    return { children, next: end < names.length ? end : null }
  }
  return { children: [], next: null }
}

export function placeOf(evaluator: Evaluator, pos: number): PlaceView | null {
  const place = evaluator.rt.sources.place(pos)
  if (!place) return null
  return { file: fromBytes(evaluator.rt.sources.print(pos).replace(/:\d+:\d+$/, "")), line: place.line, column: place.column }
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
  if (e instanceof Stopped) return { code: e.reason, message: e.message, at: null, trace: [], report: `error: ${e.message}` }
  const message = e instanceof Error ? `${e.name}: ${e.message}` : String(e)
  return { code: "engine-fault", message, at: null, trace: [], report: `fault in the engine: ${message}` }
}
