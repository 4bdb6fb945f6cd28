// Closures of attribute sets and `let`.

import type { AttrsExpr } from "../../lang/attrs-expr.ts"
import type { LetExpr } from "../../lang/expr.ts"
import { printIdentifier } from "../../lang/identifier.ts"
import { Attrs } from "../attrs.ts"
import { NixError } from "../error.ts"
import { force, forceAttrs, forcePlainString } from "../force.ts"
import { posBytes } from "../print-place.ts"
import { COST, type Runtime } from "../runtime.ts"
import { Memo, Shape } from "../shape.ts"
import type { Cell, Env, Run } from "../value.ts"
import { codeOf, type Maker, makeCell, makerOf } from "./child.ts"
import { compilePart } from "./compile.ts"

export const overridesFrame = "while evaluating the `__overrides` attribute"
export const dynamicNameFrame = "while evaluating the name of a dynamic attribute"

/** The environment of a static attribute: the set's own, the outer one, the one of the `inherit (e)` sources. */
const OWN = 0
const OUTER = 1
const SOURCES = 2

/** What is known of a set before it runs. Shared with the stepper. */
export interface AttrsPlan {
  readonly shape: Shape
  readonly positions: readonly number[]
  /** How the cells of the static attributes are made, and in which environments; null if all are OWN. */
  readonly members: readonly Maker[]
  readonly where: readonly number[] | null
  readonly from: readonly Maker[]
  /** Positions of all attributes by the shape that the computed names make. */
  readonly dynamic: Memo<Shape, readonly number[]>
}

const none: readonly Maker[] = []
/** Of sets without computed names; never written. */
const nothing = new Memo<Shape, readonly number[]>()

export function planOf(expr: AttrsExpr): AttrsPlan {
  // Only this function writes `plan`.
  const known = expr.plan as AttrsPlan | null
  if (known !== null) return known
  const sorted = expr.attrs
  const hasOverrides = expr.recursive && expr.find("__overrides") !== undefined
  const plan: AttrsPlan = {
    shape: new Shape(sorted.map((a) => a.name)),
    positions: sorted.map((a) => a.pos),
    // With __overrides every binding must be a thunk of its own, because its slot may be replaced.
    members: sorted.map((a) => (hasOverrides && a.kind !== "inherited" ? codeOf(a.expr) : makerOf(a.expr))),
    where: sorted.every((a) => a.kind === "plain")
      ? null
      : sorted.map((a) => (a.kind === "plain" ? OWN : a.kind === "inherited" ? OUTER : SOURCES)),
    from: expr.inheritFrom.length === 0 ? none : expr.inheritFrom.map(makerOf),
    dynamic: expr.dynamic.length === 0 ? nothing : new Memo(),
  }
  expr.plan = plan
  return plan
}

/** Makes the cells of a recursive set or `let` in its new environment `inner` (slots 1…). */
export function fillRecursive(rt: Runtime, plan: AttrsPlan, env: Env, inner: Env): void {
  const { members, where } = plan
  const sources = plan.from.length === 0 ? null : inheritEnv(rt, plan, inner)
  for (let i = 0; i < members.length; i++) {
    const at = where === null || where[i] === OWN ? inner : where[i] === OUTER ? env : (sources as Env)
    inner[i + 1] = makeCell(rt, members[i] as Maker, at)
  }
}

function inheritEnv(rt: Runtime, plan: AttrsPlan, up: Env): Env {
  const env: Env = [up]
  for (const maker of plan.from) env.push(makeCell(rt, maker, up))
  return env
}

/** A new environment with room for a plan's members. */
export function newEnv(plan: AttrsPlan, up: Env): Env {
  const env = new Array(plan.members.length + 1) as unknown as Env
  env[0] = up
  return env
}

/** The cells of a set that is not recursive. */
export function fillPlain(rt: Runtime, plan: AttrsPlan, env: Env): Cell[] {
  const { members, where } = plan
  const n = members.length
  const cells: Cell[] = new Array(n)
  const sources = plan.from.length === 0 ? null : inheritEnv(rt, plan, env)
  for (let i = 0; i < n; i++) {
    cells[i] = makeCell(rt, members[i] as Maker, where !== null && where[i] === SOURCES ? (sources as Env) : env)
  }
  if ((rt.credit -= COST.set + n * COST.slot) < 0) rt.spend(cells)
  return cells
}

/** The closure of a set. */
export function compileAttrs(expr: AttrsExpr): Run {
  const plan = planOf(expr)
  const pos = expr.pos
  const { shape, positions } = plan
  if (!expr.recursive && expr.dynamic.length === 0) {
    if (plan.members.length === 0) return () => Attrs.empty
    return (rt, env) => Attrs.ofShape(shape, fillPlain(rt, plan, env), positions, pos)
  }
  const names = expr.dynamic.map((d) => compilePart(d.name))
  return (rt, env) => {
    let inner = env
    let set: Attrs
    if (expr.recursive) {
      inner = newEnv(plan, env)
      fillRecursive(rt, plan, env, inner)
      set = Attrs.ofShape(shape, inner.slice(1) as Cell[], positions, pos)
      if ((rt.credit -= COST.set + COST.env + inner.length * 2 * COST.slot) < 0) rt.spend(set)
      const overrides = set.get("__overrides")
      if (overrides !== undefined) set = override(set, inner, forceAttrs(rt, overrides, 0, overridesFrame), plan)
    } else set = Attrs.ofShape(shape, fillPlain(rt, plan, env), positions, pos)
    if (names.length === 0) return set
    // `{ ${name} = value; }`, of which package sets make many.
    if (names.length === 1 && set.size === 0) {
      const d = expr.dynamic[0] as AttrsExpr["dynamic"][number]
      const name = force(rt, (names[0] as Run)(rt, inner), d.pos)
      return name === null ? set : single(rt, expr, forcePlainString(rt, name, d.pos, dynamicNameFrame), inner)
    }
    const dynamic = new DynamicAttrs(rt, expr, set)
    for (let i = 0; i < names.length; i++) {
      const d = expr.dynamic[i] as AttrsExpr["dynamic"][number]
      const name = force(rt, (names[i] as Run)(rt, inner), d.pos)
      if (name === null) continue
      dynamic.add(i, forcePlainString(rt, name, d.pos, dynamicNameFrame), inner)
    }
    return dynamic.finish()
  }
}

/** `__overrides`: its attributes replace or extend the set and the recursive scope. */
export function override(set: Attrs, inner: Env, overrides: Attrs, plan: AttrsPlan): Attrs {
  for (const name of overrides.names()) {
    const i = plan.shape.find(name)
    if (i >= 0) inner[i + 1] = overrides.get(name) as Cell
  }
  return overrides.size === 0 ? set : set.update(overrides)
}

/** A set whose one attribute has a computed name. */
function single(rt: Runtime, expr: AttrsExpr, name: string, env: Env): Attrs {
  const d = expr.dynamic[0] as AttrsExpr["dynamic"][number]
  rt.symbols.id(name)
  rt.credit -= COST.entry
  if (d.value.kind === "lambda") d.value.name = name
  return Attrs.ofShape(rt.shapes.of([name]), [makeCell(rt, makerOf(d.value), env)], [d.pos], expr.pos)
}

/** Adds computed attributes to a set, in order. Shared with the stepper. */
export class DynamicAttrs {
  private readonly rt: Runtime
  private readonly expr: AttrsExpr
  private readonly set: Attrs
  private readonly names: string[] = []
  private readonly cells: Cell[] = []
  private readonly at: number[] = []

  constructor(rt: Runtime, expr: AttrsExpr, set: Attrs) {
    this.rt = rt
    this.expr = expr
    this.set = set
  }

  /** Adds dynamic attribute `i` under its computed name. */
  add(i: number, name: string, env: Env): void {
    const d = this.expr.dynamic[i] as AttrsExpr["dynamic"][number]
    this.rt.symbols.id(name)
    this.rt.credit -= COST.entry
    const known = this.names.indexOf(name)
    if (known >= 0 || this.set.has(name)) {
      const at = posBytes(this.rt.sources, known >= 0 ? (this.at[known] ?? 0) : this.set.posOf(name))
      throw new NixError("eval", `dynamic attribute '${printIdentifier(name)}' already defined at ${at}`, d.pos)
    }
    if (d.value.kind === "lambda") d.value.name = name
    this.names.push(name)
    this.cells.push(makeCell(this.rt, makerOf(d.value), env))
    this.at.push(d.pos)
  }

  finish(): Attrs {
    if (this.names.length === 0) return this.set
    const { set } = this
    if (set.size === 0) return Attrs.ofShape(this.rt.shapes.of(this.names), this.cells, this.at, this.expr.pos)
    this.rt.charge(set.size * (COST.slot + COST.entry))
    set.names()
    const shape = (set.shape as Shape).extend(this.names)
    return Attrs.ofShape(shape, set.cells().concat(this.cells), this.positions(shape), this.expr.pos)
  }

  /** The positions beside all names; one array for all sets that get the same names at the same places. */
  private positions(shape: Shape): readonly number[] {
    const { set, at } = this
    const plan = planOf(this.expr)
    const own = set.positionList() ?? new Array<number>(set.size).fill(0)
    // Not so if __overrides changed it.
    const asWritten = own === plan.positions
    const known = asWritten ? plan.dynamic.get(shape) : undefined
    if (known?.every((pos, i) => i < own.length || pos === at[i - own.length])) return known
    const positions = own.concat(at)
    return asWritten ? plan.dynamic.set(shape, positions) : positions
  }
}

/** The closure of `let … in …`. */
export function compileLet(expr: LetExpr): Run {
  const plan = planOf(expr.attrs)
  const body = compilePart(expr.body)
  const cost = COST.env + plan.members.length * COST.slot
  return (rt, env) => {
    const inner = newEnv(plan, env)
    fillRecursive(rt, plan, env, inner)
    rt.credit -= cost
    return body(rt, inner)
  }
}
