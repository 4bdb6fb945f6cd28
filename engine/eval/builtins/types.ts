// Builtins that ask for the type of a value.

import { builtin, type PrimOp } from "../builtin.ts"
import { type TypeName, typeOf as typeName } from "../type-of.ts"

/** Declares a test for one type. */
function typeTest(name: string, type: TypeName, what: string, yes: string, no: string): PrimOp {
  return builtin({
    name,
    // `isNull` is as old as `map`: it has no underscores in the top scope.
    global: name === "isNull",
    args: [["e", "any"]],
    doc: `Returns \`true\` if \`e\` is ${what}, else \`false\`.`,
    see: `primops.cc prim_${name}`,
    examples: [
      { nix: `builtins.${name} ${yes}`, gives: "true" },
      { nix: `builtins.${name} ${no}`, gives: "false" },
    ],
    run: (_rt, v) => typeName(v) === type,
  })
}

const typeOf = builtin({
  name: "typeOf",
  args: [["e", "any"]],
  doc: 'Names the type of `e`: `"int"`, `"bool"`, `"string"`, `"path"`, `"null"`, `"set"`, `"list"`, `"lambda"` or `"float"`.',
  see: "primops.cc prim_typeOf",
  examples: [
    { nix: "builtins.typeOf 1", gives: '"int"' },
    { nix: "map builtins.typeOf [ 1.5 null { } (x: x) ]", gives: '[ "float" "null" "set" "lambda" ]' },
  ],
  run: (_rt, v) => typeName(v),
})

export const types: readonly PrimOp[] = [
  typeOf,
  typeTest("isAttrs", "set", "a set", "{ }", "[ ]"),
  typeTest("isBool", "bool", "a Boolean", "true", "1"),
  typeTest("isFloat", "float", "a floating-point number", "1.0", "1"),
  typeTest("isFunction", "lambda", "a function or a builtin; not for a set with `__functor`", "(x: x)", "{ __functor = self: x: x; }"),
  typeTest("isInt", "int", "an integer", "1", "1.0"),
  typeTest("isList", "list", "a list", "[ ]", "{ }"),
  typeTest("isNull", "null", "`null`", "null", "false"),
  typeTest("isPath", "path", "a path", "/etc", '"/etc"'),
  typeTest("isString", "string", "a string", '"a"', "1"),
]
