// Flake references as texts and as sets.

import { flakeRefFromAttrs, flakeRefToAttrs, parseFlakeRef as parse, printFlakeRef } from "../../formats/flake/flake-ref.ts"
import type { InputAttr, InputOptions } from "../../formats/flake/input.ts"
import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp } from "../builtin.ts"
import { NixError } from "../error.ts"
import { reading } from "../format-fault.ts"
import type { Runtime } from "../runtime.ts"
import { showType } from "../show-type.ts"
import { need } from "../step.ts"
import { printAttrName } from "../text/escape.ts"
import { type Cell, textOf, type Value } from "../value.ts"

function inputOptions(rt: Runtime): InputOptions {
  return { features: rt.settings.features, warn: (message) => rt.host.log(`warning: ${message}`) }
}

const parseFlakeRef = builtin({
  name: "parseFlakeRef",
  args: [["flake-ref", "plain"]],
  doc: "Returns the attributes of a flake reference given as a URL, such as `github:NixOS/nixpkgs/23.05?dir=lib`.",
  see: "libflake/flake-primops.cc prim_parseFlakeRef",
  feature: "flakes",
  examples: [
    {
      nix: 'builtins.parseFlakeRef "github:NixOS/nixpkgs/23.05?dir=lib"',
      gives: '{ dir = "lib"; owner = "NixOS"; ref = "23.05"; repo = "nixpkgs"; type = "github"; }',
    },
    { nix: 'builtins.parseFlakeRef "nixpkgs"', gives: '{ id = "nixpkgs"; type = "indirect"; }' },
    { nix: 'builtins.parseFlakeRef "./x"', fails: "flake reference './x' is not an absolute path" },
  ],
  run(rt, text) {
    const attrs = reading(() => flakeRefToAttrs(parse(text, inputOptions(rt))))
    return Attrs.ofMap(new Map<string, Cell>(attrs), null)
  },
})

/** A value as attribute of an input (C++ Nix: prim_flakeRefToString). */
function inputAttr(name: string, v: Value): InputAttr {
  if (typeof v === "number" || typeof v === "bigint") {
    if (v < 0) throw new NixError("eval", `negative value given for flake ref attr ${printAttrName(name)}: ${v}`, 0)
    return v
  }
  if (typeof v === "boolean") return v
  const text = textOf(v)
  if (text !== undefined) return text
  throw new NixError(
    "eval",
    `flake reference attribute sets may only contain integers, Booleans, and strings, but attribute '${printAttrName(name)}' is ${showType(v)}`,
    0,
  )
}

const flakeRefToString = builtin({
  name: "flakeRefToString",
  args: [["attrs", "attrs"]],
  doc: "Returns the URL of a flake reference given as a set of attributes.",
  see: "libflake/flake-primops.cc prim_flakeRefToString",
  feature: "flakes",
  examples: [
    {
      nix: 'builtins.flakeRefToString { dir = "lib"; owner = "NixOS"; ref = "23.05"; repo = "nixpkgs"; type = "github"; }',
      gives: '"github:NixOS/nixpkgs/23.05?dir=lib"',
    },
    { nix: "builtins.flakeRefToString { }", fails: "'type' attribute to specify input scheme is required but not provided" },
  ],
  *step(rt, set) {
    const attrs = new Map<string, InputAttr>()
    for (const name of set.symbolNames(rt.symbols)) {
      const v = (yield need(set.get(name) as Cell, set.posOf(name))) as Value
      attrs.set(name, inputAttr(name, v))
    }
    return reading(() => printFlakeRef(flakeRefFromAttrs(attrs, inputOptions(rt))))
  },
})

export const flakeRef: readonly PrimOp[] = [parseFlakeRef, flakeRefToString]
