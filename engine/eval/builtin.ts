// How a builtin is declared: one object with its arguments, documentation, source, examples and code.
// From it come the runtime function (currying, forcing, type errors, trace frames), hover text,
// completion, the reference page, and tests. Nothing about a builtin is written elsewhere.
//
// A builtin that calls back into Nix code or forces more than its declared arguments has a `step`: a
// generator that yields what it needs (see step.ts). It serves the stepper at any depth, and the closures
// too unless there is also a direct `run`, which is then only there because it is measurably faster.

import type { Attrs } from "./attrs.ts"
import type { Context } from "./context.ts"
import type { Runtime } from "./runtime.ts"
import type { Step } from "./step.ts"
import type { Cell, List, NixFloat, Value } from "./value.ts"

/** Text and context of a string argument. */
export interface Text {
  readonly text: string
  readonly context: Context | null
}

/** What each argument kind hands to the code. */
export interface ArgKinds {
  /** Not forced. */
  lazy: Cell
  /** Forced to a value of any type. */
  any: Value
  bool: boolean
  int: number | bigint
  /** An integer or float as it is. */
  number: number | bigint | NixFloat
  /** A string with its context. */
  string: Text
  /** A string that must have no context. */
  plain: string
  attrs: Attrs
  list: List
  /** A function or functor set. */
  function: Value
}

/** Name (for documentation), kind, and the words of Nix's trace frame when they are not the usual ones. */
export type ArgSpec = readonly [name: string, kind: keyof ArgKinds] | readonly [name: string, kind: keyof ArgKinds, frame: string]

type Forced<A extends readonly ArgSpec[]> = { [I in keyof A]: ArgKinds[A[I][1]] }

/** An example of the documentation, run as a test: `gives` is what `nix-instantiate --eval --strict` prints. */
export type Example =
  | { readonly nix: string; readonly gives: string; readonly features?: readonly string[] }
  | { readonly nix: string; readonly fails: string; readonly features?: readonly string[] }

export interface Builtin<A extends readonly ArgSpec[]> {
  /** Name in `builtins`. */
  readonly name: string
  /** In the top scope under its bare name too (else as `__name`). */
  readonly global?: boolean
  readonly args: A
  /** Markdown. */
  readonly doc: string
  /** Who decides: the C++ function, e.g. "primops.cc prim_elemAt". */
  readonly see: string
  readonly examples: readonly Example[]
  /** Uses the host. */
  readonly impure?: boolean
  /** Only there with this experimental feature. */
  readonly feature?: string
  /** Order in which the declared arguments are forced, if not left to right. */
  readonly order?: readonly number[]
  /** False for addErrorContext: no "while calling the … builtin" frame. */
  readonly frame?: boolean
  /** The code; gets the forced arguments in order, then the position of the call. */
  readonly run?: (rt: Runtime, ...args: [...Forced<A>, pos: number]) => Value
  /** The same as a generator (see the head of this file). At least one of both must be there. */
  readonly step?: (rt: Runtime, ...args: [...Forced<A>, pos: number]) => Step<Value>
}

/** A declared builtin with the argument types forgotten. */
export interface PrimOp {
  readonly name: string
  readonly global: boolean
  readonly args: readonly ArgSpec[]
  readonly arity: number
  readonly doc: string
  readonly see: string
  readonly examples: readonly Example[]
  readonly impure: boolean
  readonly feature: string | null
  readonly order: readonly number[]
  /** `order` is left to right. */
  readonly inOrder: boolean
  /** Has a `run`, and one argument or two, forced in either order: can be called the short way. */
  readonly direct: boolean
  readonly frame: boolean
  readonly run: ((rt: Runtime, ...args: never[]) => Value) | null
  readonly step: ((rt: Runtime, ...args: never[]) => Step<Value>) | null
  /** Trace frame text per argument. */
  readonly frames: readonly string[]
}

const ordinals = ["first", "second", "third", "fourth", "fifth"]

/** Declares a builtin; argument types are inferred from `args`. */
export function builtin<const A extends readonly ArgSpec[]>(b: Builtin<A>): PrimOp {
  return {
    name: b.name,
    global: b.global ?? false,
    args: b.args,
    arity: b.args.length,
    doc: b.doc,
    see: b.see,
    examples: b.examples,
    impure: b.impure ?? false,
    feature: b.feature ?? null,
    order: b.order ?? b.args.map((_, i) => i),
    inOrder: b.order === undefined,
    direct: b.run !== undefined && (b.order === undefined || (b.args.length === 2 && b.order[0] === 1 && b.order[1] === 0)),
    frame: b.frame ?? true,
    // The two casts forget the argument types: call.ts passes exactly what `args` declares.
    run: (b.run ?? null) as PrimOp["run"],
    step: (b.step ?? null) as PrimOp["step"],
    frames: b.args.map(
      (arg, i) =>
        arg[2] ??
        (b.args.length === 1
          ? `while evaluating the argument passed to builtins.${b.name}`
          : `while evaluating the ${ordinals[i]} argument passed to builtins.${b.name}`),
    ),
  }
}
