// Builtins on versions and package names.

import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp } from "../builtin.ts"
import { compareVersions as compare, parseDrvName as parse, splitVersion as split } from "../version.ts"

const parseDrvName = builtin({
  name: "parseDrvName",
  args: [["s", "plain", "while evaluating the first argument passed to builtins.parseDrvName"]],
  doc: "Splits a package name such as `nix-0.12pre` into `{ name; version; }`. The version begins after the first dash that is not followed by a letter; without one it is empty.",
  see: "primops.cc prim_parseDrvName, libstore/names.cc DrvName",
  examples: [
    { nix: 'builtins.parseDrvName "nix-0.12pre12876"', gives: '{ name = "nix"; version = "0.12pre12876"; }' },
    { nix: 'builtins.parseDrvName "a-b"', gives: '{ name = "a-b"; version = ""; }' },
  ],
  run: (rt, s) => {
    const { name, version } = parse(s)
    return Attrs.record(rt.shapes, { name, version })
  },
})

const compareVersions = builtin({
  name: "compareVersions",
  args: [
    ["s1", "plain"],
    ["s2", "plain"],
  ],
  doc: "Returns -1 if version `s1` is older than `s2`, 1 if it is newer and 0 if they are equal. Numbers are compared as numbers, `pre` comes before everything, words before numbers.",
  see: "primops.cc prim_compareVersions, libstore/names.cc compareVersions",
  examples: [
    { nix: 'builtins.compareVersions "1.10" "1.9"', gives: "1" },
    { nix: 'builtins.compareVersions "2.3pre1" "2.3"', gives: "-1" },
    { nix: 'builtins.compareVersions "1.0" "1-0"', gives: "0" },
  ],
  run: (_rt, a, b) => compare(a, b),
})

const splitVersion = builtin({
  name: "splitVersion",
  args: [["s", "plain", "while evaluating the first argument passed to builtins.splitVersion"]],
  doc: "Splits a version into the components that `compareVersions` compares.",
  see: "primops.cc prim_splitVersion, libstore/names.cc nextComponent",
  examples: [{ nix: 'builtins.splitVersion "1.2a-3"', gives: '[ "1" "2" "a" "3" ]' }],
  run: (_rt, s) => split(s),
})

export const versions: readonly PrimOp[] = [parseDrvName, compareVersions, splitVersion]
