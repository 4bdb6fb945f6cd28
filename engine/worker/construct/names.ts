// The constructs that bind names: let, rec, inherit, with, and functions.

import type { Construct } from "./construct.ts"

const letIn: Construct = {
  name: "let",
  form: "let name = value; … in body",
  text: `\`let\` gives names to values; the body after \`in\` and the values themselves see all of these names, in whatever order they are written.

Nothing is evaluated by being named. A value is evaluated when something needs it, at most once, and a name that nobody needs may even stand for an error. A value that needs itself before it is there is an infinite recursion.

The bindings are written as those of an attribute set: \`inherit\` works, and so does \`a.b = 1\`. They hide the same names of outside. An old form, \`let { …; body = …; }\`, gives the attribute \`body\`; it is still read, but nobody should write it.`,
  see: "libexpr/parser.y expr_function",
  examples: [
    { nix: "let x = 1; y = x + 1; in x + y", gives: "3" },
    { nix: "let b = a * 2; a = 21; in b", gives: "42" },
    { nix: 'let unused = throw "never looked at"; in "fine"', gives: '"fine"' },
    { nix: "let f = n: if n == 0 then 1 else n * f (n - 1); in f 5", gives: "120" },
    { nix: "let x = x + 1; in x", fails: "infinite recursion encountered" },
  ],
}

const rec: Construct = {
  name: "rec",
  form: "rec { name = value; … }",
  text: `\`rec\` in front of an attribute set lets its values see its attributes as if these were bound by \`let\`.

The names are those that are written there. A later \`//\` replaces attributes of the result and does not reach into values that have used the old ones: for sets that are to be changed from outside, take a function of the final set instead.

A name that a \`rec\` set defines hides the one of outside, also in its own value: \`rec { x = x; }\` asks for itself.`,
  see: "libexpr/eval.cc ExprAttrs::eval",
  examples: [
    { nix: "rec { a = 1; b = a + 1; }", gives: "{ a = 1; b = 2; }" },
    { nix: "(rec { a = 1; b = a + 1; } // { a = 10; }).b", gives: "2" },
    { nix: "let x = 1; in rec { x = x; }", fails: "infinite recursion encountered" },
    { nix: "let x = 1; in { x = x; }", gives: "{ x = 1; }" },
  ],
}

const inherit: Construct = {
  name: "inherit",
  form: "inherit a b; or inherit (set) a b;",
  text: `\`inherit a b;\` stands for \`a = a; b = b;\` where the names on the right are those of outside, even in \`rec\` and \`let\`; \`inherit (set) a b;\` stands for \`a = set.a; b = set.b;\`.

It is written among the bindings of a set or of \`let\`. The set in parentheses is any expression, evaluated at most once and only when one of the names is needed; in \`rec\` and \`let\` it sees the names that are defined there. Names that are no identifiers are written as strings.`,
  see: "libexpr/parser.y binds",
  examples: [
    { nix: "let x = 1; y = 2; in { inherit x y; }", gives: "{ x = 1; y = 2; }" },
    { nix: "let s = { a = 1; b = 2; c = 3; }; in { inherit (s) a c; }", gives: "{ a = 1; c = 3; }" },
    { nix: "let inherit (builtins) length head; in length [ (head [ 1 ]) 2 ]", gives: "2" },
    { nix: 'let s = { "two words" = 2; }; in { inherit (s) "two words"; }', gives: '{ "two words" = 2; }' },
    { nix: "(let s = { }; in { inherit (s) a; }).a", fails: "attribute 'a' missing" },
  ],
}

const withSet: Construct = {
  name: "with",
  form: "with set; body",
  text: `In the body of \`with set;\`, names that nothing else defines are looked up in the set.

Everything that is bound by \`let\`, a function's parameter or \`rec\` comes first, wherever it stands, and so do the global names; of several \`with\` the innermost that has the name counts. So a \`with\` never changes the meaning of a name that is bound, and adding an attribute to its set never does either.

The set is evaluated when the first such name is needed. Since a reader (and an editor) cannot tell where a name is from without evaluating, a short \`with\` over one list is fine, and one over a whole file is better written as \`inherit (set) …\`.`,
  see: "libexpr/eval.cc EvalState::lookupVar",
  examples: [
    { nix: "with { a = 1; b = 2; }; a + b", gives: "3" },
    { nix: "let a = 1; in with { a = 2; }; a", gives: "1" },
    { nix: "with { a = 1; b = 1; }; with { a = 2; }; [ a b ]", gives: "[ 2 1 ]" },
    { nix: 'with throw "not needed"; 1', gives: "1" },
    { nix: "with { }; a", fails: "undefined variable 'a'" },
  ],
}

const fun: Construct = {
  name: "function",
  form: "parameter: body",
  text: `A function has one parameter and a body, \`x: x + 1\`, and is called by writing an argument behind it, \`f 1\`: no parentheses, no comma.

Functions of several arguments are functions that give functions: in \`a: b: a + b\` the first argument may be given now and the second later. Calling binds tighter than every operator and goes from left to right, so \`f a b\` is \`(f a) b\`, \`f -1\` subtracts, and a call as an argument needs parentheses. In lists, too, \`[ f 1 ]\` has two elements.

An argument is evaluated only when the body needs it. Functions have no names of their own; they are equal to nothing, and print as \`<LAMBDA>\`. A set with the attribute \`__functor\` can be called as well, see \`special attributes\`.`,
  see: "libexpr/eval.cc EvalState::callFunction",
  examples: [
    { nix: "(x: x + 1) 41", gives: "42" },
    { nix: "let add = a: b: a + b; inc = add 1; in [ (add 2 3) (inc 10) ]", gives: "[ 5 11 ]" },
    { nix: "map (x: x * x) [ 1 2 3 ]", gives: "[ 1 4 9 ]" },
    { nix: '(x: "not asked for") (throw "never")', gives: '"not asked for"' },
    { nix: "builtins.length [ (x: x) 1 ]", gives: "2" },
    { nix: "1 2", fails: "attempt to call something which is not a function but an integer: 1" },
  ],
}

const formals: Construct = {
  name: "formals",
  form: "{ a, b ? default, ... }@args: body",
  text: `A function whose parameter is a pattern takes an attribute set and binds its attributes by name.

Exactly the named attributes have to be there: one that is missing is an error, unless it has a default after \`?\`; one that is not named is an error, unless the pattern ends in \`...\`. Defaults are evaluated when they are needed and see all the names of the pattern, other defaults too.

A name before or after \`@\` is the whole set **as it was given**: without the defaults, with what \`...\` has let through. \`builtins.functionArgs\` tells the names of a pattern and which have defaults.`,
  see: "libexpr/eval.cc EvalState::callFunction",
  examples: [
    { nix: "({ a, b ? a * 2 }: a + b) { a = 1; }", gives: "3" },
    { nix: "({ a, ... }: a) { a = 1; z = 26; }", gives: "1" },
    { nix: "({ a ? 1, ... }@args: args) { b = 2; }", gives: "{ b = 2; }" },
    { nix: "builtins.functionArgs ({ a, b ? 2 }: a)", gives: "{ a = false; b = true; }" },
    { nix: "({ a, b }: a) { a = 1; }", fails: "function 'anonymous lambda' called without required argument 'b'" },
    { nix: "({ a }: a) { a = 1; b = 2; }", fails: "function 'anonymous lambda' called with unexpected argument 'b'" },
  ],
}

/** What binds names. */
export const nameConstructs: readonly Construct[] = [letIn, rec, inherit, withSet, fun, formals]
