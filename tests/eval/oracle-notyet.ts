// Cases of the oracle that come out differently here, each with its reason. The test fails when one of them
// comes out right: then it has to leave the list.

const traced = "the oracle stored the whole trace, because the message is empty"
const usage = "the hint to --help is the command line's"
const later = "2.34 differs from 2.36 (primops.cc peelToStringOutPath): `__toString` must return a string"
const machine = "currentTime and nixVersion are in it"
const store = "2.34's dummy store cannot write a derivation; here drvPath needs no store"

export const differs: ReadonlyMap<string, string> = new Map([
  ["attrs: with { builtins = 1; }; builtins", machine],
  ['extra: builtins.foldl\' (x: y: y) (throw "") []', traced],
  ['hash: builtins.hashString "foo" "a"', usage],
  ["json: builtins.toJSON { __toString = s: 1; }", later],
])

/** The same for the form of `nix eval`. */
export const differsInEval: ReadonlyMap<string, string> = new Map([
  ["attrs: with { builtins = 1; }; builtins", machine],
  ['printing: [ (derivation { name = "x"; system = "s"; builder = "b"; }) ]', store],
  ['printing: derivation { name = "x"; system = "s"; builder = "b"; }', store],
])
