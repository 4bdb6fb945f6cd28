// Ops of attribute sets: the twin of ../closure/attrs.ts.

import type { AttrsExpr } from "../../lang/attrs-expr.ts"

import { Attrs } from "../attrs.ts"
import {
  type AttrsPlan,
  DynamicAttrs,
  dynamicNameFrame,
  fillPlain,
  fillRecursive,
  newEnv,
  override,
  overridesFrame,
  planOf,
} from "../closure/attrs.ts"
import { forceAttrs, forcePlainString } from "../force.ts"
import { COST } from "../runtime.ts"
import type { Cell, Env, Value } from "../value.ts"
import { compilePart } from "./compile.ts"
import { forceCell } from "./force.ts"
import type { Frame, Machine, Op } from "./machine.ts"

/** What is known of a set before it runs. */
interface Plan {
  readonly expr: AttrsExpr
  readonly attrs: AttrsPlan
  /** Computed names. */
  readonly names: readonly Op[]
}

export function compileAttrs(expr: AttrsExpr): Op {
  const attrs = planOf(expr)
  const { shape, positions } = attrs
  const pos = expr.pos
  if (!expr.recursive && expr.dynamic.length === 0) {
    if (attrs.members.length === 0) return () => Attrs.empty
    return (m, env) => Attrs.ofShape(shape, fillPlain(m.rt, attrs, env), positions, pos)
  }
  const plan: Plan = { expr, attrs, names: expr.dynamic.map((d) => compilePart(d.name)) }
  if (!expr.recursive) return (m, env) => addDynamic(m, plan, env, Attrs.ofShape(shape, fillPlain(m.rt, attrs, env), positions, pos))
  return (m, env) => {
    const inner = newEnv(attrs, env)
    fillRecursive(m.rt, attrs, env, inner)
    const set = Attrs.ofShape(shape, inner.slice(1) as Cell[], positions, pos)
    if ((m.rt.credit -= COST.set + COST.env + inner.length * 2 * COST.slot) < 0) m.rt.spend(set)
    const overrides = set.get("__overrides")
    if (overrides === undefined) return addDynamic(m, plan, inner, set)
    const v = forceCell(m, overrides, 0)
    if (v !== undefined) return afterOverrides(m, plan, inner, set, v)
    m.save(new OverridesFrame(plan, inner, set))
    return undefined
  }
}

function afterOverrides(m: Machine, plan: Plan, inner: Env, set: Attrs, overrides: Value): Value | undefined {
  return addDynamic(m, plan, inner, override(set, inner, forceAttrs(m.rt, overrides, 0, overridesFrame), plan.attrs))
}

function addDynamic(m: Machine, plan: Plan, inner: Env, set: Attrs): Value | undefined {
  return plan.names.length === 0 ? set : goOn(m, plan, inner, new DynamicAttrs(m.rt, plan.expr, set), 0)
}

/** Adds the attributes with computed names from the `from`th on. */
function goOn(m: Machine, plan: Plan, inner: Env, dynamic: DynamicAttrs, from: number): Value | undefined {
  const names = plan.names
  for (let i = from; i < names.length; i++) {
    const name = (names[i] as Op)(m, inner)
    if (name === undefined) {
      m.save(new NameFrame(plan, inner, dynamic, i))
      return undefined
    }
    add(m, plan, inner, dynamic, i, name)
  }
  return dynamic.finish()
}

/** Adds one; null means none. */
function add(m: Machine, plan: Plan, inner: Env, dynamic: DynamicAttrs, i: number, name: Value): void {
  if (name === null) return
  const d = plan.expr.dynamic[i] as AttrsExpr["dynamic"][number]
  dynamic.add(i, forcePlainString(m.rt, name, d.pos, dynamicNameFrame), inner)
}

/** `__overrides` is being forced. */
class OverridesFrame implements Frame {
  up: Frame | null = null
  private readonly plan: Plan
  private readonly inner: Env
  private readonly set: Attrs

  constructor(plan: Plan, inner: Env, set: Attrs) {
    this.plan = plan
    this.inner = inner
    this.set = set
  }

  resume(m: Machine, value: unknown): unknown {
    return afterOverrides(m, this.plan, this.inner, this.set, value as Value)
  }

  fail(_m: Machine, error: unknown): unknown {
    return error
  }
}

/** The name of dynamic attribute `i` is being evaluated. */
class NameFrame implements Frame {
  up: Frame | null = null
  private readonly plan: Plan
  private readonly inner: Env
  private readonly dynamic: DynamicAttrs
  private readonly i: number

  constructor(plan: Plan, inner: Env, dynamic: DynamicAttrs, i: number) {
    this.plan = plan
    this.inner = inner
    this.dynamic = dynamic
    this.i = i
  }

  resume(m: Machine, value: unknown): unknown {
    add(m, this.plan, this.inner, this.dynamic, this.i, value as Value)
    return goOn(m, this.plan, this.inner, this.dynamic, this.i + 1)
  }

  fail(_m: Machine, error: unknown): unknown {
    return error
  }
}
