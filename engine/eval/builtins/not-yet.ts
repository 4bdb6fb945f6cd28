// Builtins that are declared but not there yet: calling one is an error of kind "not-yet", never a wrong
// value. Whoever adds one moves it out of these lists; tests/eval/builtins.test.ts and tests/fetch/tree.test.ts read them.

import { type ArgSpec, builtin, type PrimOp } from "../builtin.ts"
import { NixError } from "../error.ts"

interface Missing {
  readonly name: string
  readonly global?: boolean
  readonly args: readonly string[]
  readonly feature?: string
  readonly impure?: boolean
  readonly doc: string
  readonly see: string
}

const missing: readonly Missing[] = [
  {
    name: "fetchClosure",
    args: ["args"],
    feature: "fetch-closure",
    impure: true,
    doc: "Fetches a store path with all it refers to from a binary cache.",
    see: "primops/fetchClosure.cc prim_fetchClosure",
  },
  {
    name: "fetchMercurial",
    global: true,
    args: ["args"],
    impure: true,
    doc: "Fetches a Mercurial repository.",
    see: "primops/fetchMercurial.cc prim_fetchMercurial",
  },
  {
    name: "getFlake",
    args: ["args"],
    feature: "flakes",
    impure: true,
    doc: "Fetches a flake and returns its outputs.",
    see: "libflake/flake-primops.cc getFlake",
  },
]

function declare(m: Missing): PrimOp {
  const fails = `'builtins.${m.name}' is not supported yet`
  return builtin({
    name: m.name,
    global: m.global ?? false,
    args: m.args.map((arg): ArgSpec => [arg, "lazy"]),
    doc: `${m.doc} Not supported yet.`,
    see: m.see,
    examples: [
      {
        nix: `builtins.${m.name}${" { }".repeat(m.args.length)}`,
        fails,
        ...(m.feature === undefined ? {} : { features: [m.feature] }),
      },
    ],
    impure: m.impure ?? false,
    ...(m.feature === undefined ? {} : { feature: m.feature }),
    run() {
      throw new NixError("not-yet", fails, 0)
    },
  })
}

export const notYet: readonly PrimOp[] = missing.map(declare)

/** Types of inputs that fetchTree and fetchGit take but engine/fetch cannot fetch yet. */
export const notYetInputs: ReadonlySet<string> = new Set(["git", "hg", "indirect"])
