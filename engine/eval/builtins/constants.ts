// The builtins that are no functions.

import { Attrs } from "../attrs.ts"
import type { Runtime } from "../runtime.ts"
import type { Value } from "../value.ts"

/** A constant of the base environment. */
export interface Constant {
  /** Name in `builtins`. */
  readonly name: string
  /** In the top scope under its bare name too (else as `__name`). */
  readonly global: boolean
  /** Absent in pure evaluation. */
  readonly impure: boolean
  /** Markdown. */
  readonly doc: string
  /** Who decides: the C++ function. */
  readonly see: string
  readonly value: (rt: Runtime) => Value
}

const see = "primops.cc createBaseEnv"

/** All constants but `builtins` itself, which is made of everything else (see builtins.ts). */
export const constants: readonly Constant[] = [
  {
    name: "true",
    global: true,
    impure: false,
    doc: "The Boolean value true. A variable like any other: it can be shadowed.",
    see,
    value: () => true,
  },
  {
    name: "false",
    global: true,
    impure: false,
    doc: "The Boolean value false. A variable like any other: it can be shadowed.",
    see,
    value: () => false,
  },
  {
    name: "null",
    global: true,
    impure: false,
    doc: "The only value of type null. A variable like any other: it can be shadowed.",
    see,
    value: () => null,
  },
  {
    name: "currentTime",
    global: false,
    impure: true,
    doc: "Seconds since 1970, the same through the whole evaluation. Not there in pure evaluation.",
    see,
    value: (rt) => Math.floor(rt.host.now()),
  },
  {
    name: "currentSystem",
    global: false,
    impure: true,
    doc: 'The system that is evaluated for, such as `"x86_64-linux"`. Not there in pure evaluation.',
    see,
    value: (rt) => rt.settings.system,
  },
  {
    name: "nixVersion",
    global: false,
    impure: false,
    doc: "The version of Nix whose language this is, as a string.",
    see,
    value: (rt) => rt.settings.nixVersion,
  },
  {
    name: "storeDir",
    global: false,
    impure: false,
    doc: "The directory of the store, usually `/nix/store`, as a string.",
    see,
    value: (rt) => rt.host.storeDir,
  },
  {
    name: "langVersion",
    global: false,
    impure: false,
    doc: "The version of the language, a number that has been 6 for long. To ask for a builtin, write `builtins ? name`.",
    see,
    value: () => 6,
  },
  {
    name: "nixPath",
    global: false,
    impure: false,
    doc: "The search path of `<name>`, a list of sets `{ path; prefix; }`; empty in pure evaluation.",
    see,
    value: (rt) => (rt.settings.pureEval ? [] : rt.settings.nixPath.map(({ path, prefix }) => Attrs.record(rt.shapes, { path, prefix }))),
  },
]
