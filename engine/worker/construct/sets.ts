// Attribute sets and lists: how they are written, and how one gets at what is in them.

import type { Construct } from "./construct.ts"

const attrs: Construct = {
  name: "attribute set",
  form: '{ name = value; a.b.c = value; "any text" = value; }',
  text: `An attribute set has values by their names: \`{ name = value; … }\`, each binding ended by a semicolon.

A name is an identifier or a string; a string may have interpolations, and \`\${expression}\` alone stands for a name too. Such a name is computed together with the set, while the values wait until they are needed. A computed name that is \`null\` leaves its attribute out.

A path of names makes the sets between: \`a.b = 1; a.c = 2;\` is \`a = { b = 1; c = 2; };\`. Otherwise a name may be written only once. The order has no meaning: names are printed and listed in the order of their bytes.`,
  see: "libexpr/eval.cc ExprAttrs::eval",
  examples: [
    { nix: '{ b = 2; a = 1; "two words" = 3; }', gives: '{ a = 1; b = 2; "two words" = 3; }' },
    { nix: "{ a.b.c = 1; a.b.d = 2; }", gives: "{ a = { b = { c = 1; d = 2; }; }; }" },
    { nix: 'let name = "x"; in { ${name} = 1; "${name}y" = 2; }', gives: "{ x = 1; xy = 2; }" },
    { nix: "{ ${null} = 1; a = 2; }", gives: "{ a = 2; }" },
    { nix: '{ a = throw "waits"; b = 1; }.b', gives: "1" },
    { nix: "{ a = 1; a = 2; }", fails: "attribute 'a' already defined at «string»:1:3" },
  ],
}

const selection: Construct = {
  name: "selection",
  form: "set.name or set.a.b or default",
  text: `\`set.name\` is the value of an attribute; a path \`set.a.b\` goes on inside.

A step is an identifier, a string, or \`\${expression}\`. A step that is not there is an error, and so is a step into something that is no set. With \`or\` behind the whole path, both give the value after \`or\` instead; an error in the value itself is not caught.

Selection binds tighter than calling: \`f set.a\` gives the attribute to the function, and \`f set.a or 1\` is \`f (set.a or 1)\`.`,
  see: "libexpr/eval.cc ExprSelect::eval",
  examples: [
    { nix: "{ a.b = 1; }.a.b", gives: "1" },
    { nix: 'let which = "a"; in { a = 1; }.${which}', gives: "1" },
    { nix: "{ a = 1; }.b or 2", gives: "2" },
    { nix: "{ a = 1; }.a.b.c or 3", gives: "3" },
    { nix: "{ a = 1; }.b", fails: "attribute 'b' missing" },
    { nix: "(1).a", fails: "expected a set but found an integer: 1" },
  ],
}

const or: Construct = {
  name: "or",
  form: "set.path or default",
  text: `\`set.path or default\` is the default where a step of the path is not there, or leads into something that is no set.

It belongs to the selection in front of it and is no operator of its own: \`a || b\` is the logical one. The default is evaluated only when it is needed. Errors while evaluating what the path leads to stay errors.`,
  see: "libexpr/eval.cc ExprSelect::eval",
  examples: [
    { nix: "{ }.a or 1", gives: "1" },
    { nix: '{ a = 1; }.a or (throw "not needed")', gives: "1" },
    { nix: '{ a = throw "real"; }.a or 1', fails: "real" },
  ],
}

const has: Construct = {
  name: "has attribute",
  form: "set ? name",
  text: `\`set ? a.b\` tells whether the path is there: a boolean.

The steps are those of a selection, computed ones too. What is on the way is evaluated, what it leads to is not. On something that is no set the answer is \`false\`.`,
  see: "libexpr/eval.cc ExprOpHasAttr::eval",
  examples: [
    { nix: "{ a = 1; } ? a", gives: "true" },
    { nix: '{ a = throw "not looked at"; } ? a', gives: "true" },
    { nix: "{ a.b = 1; } ? a.c", gives: "false" },
    { nix: "1 ? a", gives: "false" },
    { nix: 'let n = "a"; in { a = 1; } ? ${n}', gives: "true" },
  ],
}

const update: Construct = {
  name: "update",
  form: "left // right",
  text: `\`left // right\` is a set with the attributes of both; where both have a name, the right one counts.

Only the outermost names are looked at: sets inside are replaced as a whole, not joined. Values stay unevaluated. Of several updates in a row the last one wins.`,
  see: "libexpr/eval.cc ExprOpUpdate::eval",
  examples: [
    { nix: "{ a = 1; b = 2; } // { b = 3; c = 4; }", gives: "{ a = 1; b = 3; c = 4; }" },
    { nix: "{ s.a = 1; } // { s.b = 2; }", gives: "{ s = { b = 2; }; }" },
    { nix: "{ a = 1; } // { a = 2; } // { a = 3; }", gives: "{ a = 3; }" },
    { nix: "{ } // 1", fails: "expected a set but found an integer: 1" },
  ],
}

const list: Construct = {
  name: "list",
  form: "[ a b c ]",
  text: `A list has its elements between brackets, with nothing but space between them. Elements may be of different types, and each is evaluated when it is needed.

Whatever is not a simple value needs parentheses: \`[ (f 1) (2 + 3) ]\`; without them a call would be two elements. Selections need none. There is no index operator: \`builtins.elemAt\`, \`builtins.head\`, \`map\`, \`builtins.filter\` and their like get at the elements. \`a ++ b\` joins two lists.`,
  see: "libexpr/parser.y list",
  examples: [
    { nix: '[ 1 "two" { three = 3; } [ 4 ] ]', gives: '[ 1 "two" { three = 3; } [ 4 ] ]' },
    { nix: "[ (1 + 1) ({ a = 3; }.a) { a = 4; }.a ]", gives: "[ 2 3 4 ]" },
    { nix: "[ 1 2 ] ++ [ ] ++ [ 3 ]", gives: "[ 1 2 3 ]" },
    { nix: 'builtins.length [ (throw "a") (throw "b") ]', gives: "2" },
    { nix: "builtins.elemAt [ 10 20 ] 1", gives: "20" },
    { nix: "[ 1 ] ++ 2", fails: "expected a list but found an integer: 2" },
  ],
}

const special: Construct = {
  name: "special attributes",
  form: "__functor, __toString, outPath, type, recurseForDerivations",
  text: `A few attribute names are known to the language:

- \`__functor\`: the set can be called; \`s x\` is \`s.__functor s x\`.
- \`__toString\`: where a string is wanted, \`s\` stands for \`s.__toString s\`.
- \`outPath\`: where a string is wanted and there is no \`__toString\`, \`s\` stands for \`s.outPath\`. This is how a derivation becomes the path of its output.
- \`type = "derivation"\`: the set is taken for a derivation; two such sets are equal when their \`outPath\` is.

Names that begin with two underscores are otherwise like all others, but their use is left to the language.`,
  see: "libexpr/eval.cc EvalState::coerceToString",
  examples: [
    { nix: "{ add = 1; __functor = self: x: self.add + x; } 41", gives: "42" },
    { nix: '"${ { name = "x"; __toString = self: "I am ${self.name}"; } }"', gives: '"I am x"' },
    { nix: '"${ { outPath = "/nix/store/some"; } }/bin"', gives: '"/nix/store/some/bin"' },
    { nix: '{ type = "derivation"; outPath = "a"; x = 1; } == { type = "derivation"; outPath = "a"; }', gives: "true" },
  ],
}

/** Sets, lists and what gets at them. */
export const setConstructs: readonly Construct[] = [attrs, selection, or, has, update, list, special]
