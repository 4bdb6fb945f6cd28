// Conditions, assertions, operators, types, and how evaluation goes about it all.

import type { Construct } from "./construct.ts"

const ifElse: Construct = {
  name: "if",
  form: "if condition then a else b",
  text: `\`if\` gives the first value where the condition is true and the second where it is false. Only one of them is evaluated, and both have to be written.

The condition must be a boolean: there is nothing else that counts as true or false. As an argument or in a list the whole needs parentheses. Several conditions are a chain of \`else if\`.`,
  see: "libexpr/eval.cc ExprIf::eval",
  examples: [
    { nix: 'if 1 < 2 then "yes" else throw "no"', gives: '"yes"' },
    { nix: 'let n = 0; in if n < 0 then "less" else if n > 0 then "more" else "none"', gives: '"none"' },
    { nix: "[ (if true then 1 else 2) ]", gives: "[ 1 ]" },
    { nix: 'if "text" then 1 else 2', fails: 'expected a Boolean but found a string: "text"' },
  ],
}

const assertThat: Construct = {
  name: "assert",
  form: "assert condition; body",
  text: `\`assert\` checks a condition before it gives its body: where the condition is false, evaluation fails and names it.

Nothing is checked before the body is needed. The condition must be a boolean. For a message of one's own write \`if\` with \`throw\`, or \`assert condition || throw "message";\`. \`builtins.tryEval\` catches a failed assertion as it does \`throw\`.`,
  see: "libexpr/eval.cc ExprAssert::eval",
  examples: [
    { nix: "assert 1 < 2; 42", gives: "42" },
    { nix: "let ready = false; in assert ready; 42", fails: "assertion 'ready' failed" },
    { nix: 'assert 1 > 2 || throw "one is small"; 42', fails: "one is small" },
    { nix: "(builtins.tryEval (assert false; 1)).success", gives: "false" },
  ],
}

const operators: Construct = {
  name: "operators",
  form: "a + b, !a, a -> b, …",
  text: `What binds tighter comes first; operators of one line bind alike.

\`\`\`
 1  set.name          selection, with or   none
 2  f x               call                 left
 3  -n                negation             none
 4  set ? name        has attribute        none
 5  ++                joining lists        right
 6  * /               numbers              left
 7  + -               numbers; + strings   left
 8  !                 not                  none
 9  //                update               right
10  < <= > >=         order                none
11  == !=             equality             none
12  &&                and                  left
13  ||                or                   left
14  ->                implication          right
15  |> <|             pipes (feature)      left, right
\`\`\`

The last column says how several in a row are read: *left* takes the first two first, *right* the last two, and *none* does not allow several without parentheses. \`let\`, \`if\`, \`with\`, \`assert\` and functions reach as far to the right as they can.

Two of the lines surprise: \`!a == b\` is \`(!a) == b\`, and \`a ++ b + c\` is \`(a ++ b) + c\`.`,
  see: "libexpr/parser.y",
  examples: [
    { nix: "1 + 2 * 3", gives: "7" },
    { nix: "!true == false", gives: "true" },
    { nix: "let f = x: x + 1; in f 1 * 10", gives: "20" },
    { nix: "- 2 + 3", gives: "1" },
    { nix: "{ a = 1; } // { b = 2; } ? b", fails: "expected a set but found a Boolean: true" },
    { nix: "true || false && false", gives: "true" },
    { nix: "1 < 2 < 3", fails: "syntax error, unexpected '<'" },
  ],
}

const arithmetic: Construct = {
  name: "arithmetic",
  form: "a + b, a - b, a * b, a / b, -a",
  text: `Numbers are added, subtracted, multiplied and divided; \`-\` in front negates.

Of two integers the result is an integer, with one float in it a float. \`+\` also joins strings and paths: what is on the left decides which of these it is. Integers that leave 64 bits are an error, not a wrap-around.

Mind the spaces: \`a/b\` is a path, and \`a-b\` is one name, since a minus sign may be part of a name.`,
  see: "libexpr/eval.cc ExprConcatStrings::eval",
  examples: [
    { nix: "(1 + 2) * 3 - 4 / 2", gives: "7" },
    { nix: "1 + 0.5", gives: "1.5" },
    { nix: "let a-b = 10; a = 3; b = 2; in [ a-b (a - b) ]", gives: "[ 10 1 ]" },
    { nix: '"a" + "b"', gives: '"ab"' },
    { nix: '1 + "a"', fails: "cannot add a string to an integer" },
  ],
}

const comparison: Construct = {
  name: "comparison",
  form: "a == b, a != b, a < b, a <= b, a > b, a >= b",
  text: `\`==\` and \`!=\` take any two values; \`<\` and its like take two numbers, two strings, two paths or two lists.

Lists and sets are equal when all that is in them is, so comparing evaluates them until a difference is found. Values of different types are unequal, but an integer may equal a float. Functions are equal to nothing. Derivations are compared by their \`outPath\`, strings and paths byte by byte, and lists are ordered by their first difference.`,
  see: "libexpr/eval.cc EvalState::eqValues",
  examples: [
    { nix: "[ 1 { a = 2; } ] == [ 1 { a = 2; } ]", gives: "true" },
    { nix: '1 == "1"', gives: "false" },
    { nix: "(x: x) == (x: x)", gives: "false" },
    { nix: '"abc" < "abd"', gives: "true" },
    { nix: "[ 1 2 ] < [ 1 3 ]", gives: "true" },
    { nix: '1 < "2"', fails: 'cannot compare an integer with a string; values are 1 and "2"' },
  ],
}

const logic: Construct = {
  name: "logic",
  form: "a && b, a || b, a -> b, !a",
  text: `And, or, implication and not, of booleans and of nothing else.

The right side is evaluated only if the left one does not decide: \`false && x\`, \`true || x\` and \`false -> x\` never look at \`x\`. \`a -> b\` is \`!a || b\`: whenever the first holds, the second must.`,
  see: "libexpr/eval.cc ExprOpAnd::eval",
  examples: [
    { nix: 'false && throw "not asked"', gives: "false" },
    { nix: 'true || throw "not asked"', gives: "true" },
    { nix: "map (a: map (b: a -> b) [ false true ]) [ false true ]", gives: "[ [ true true ] [ false true ] ]" },
    { nix: "!false", gives: "true" },
    { nix: "1 && true", fails: "expected a Boolean but found an integer: 1" },
  ],
}

const pipe: Construct = {
  name: "pipe",
  form: "value |> function, function <| value",
  text: `\`x |> f\` is \`f x\`, and \`f <| x\` is too: calls in the order in which they happen, with fewer parentheses.

Both bind weaker than all other operators. \`x |> f |> g\` is \`g (f x)\`. They cannot be mixed without parentheses, and they need the experimental feature \`pipe-operators\`.`,
  see: "libexpr/parser.y expr_pipe_from",
  examples: [
    {
      nix: "[ 1 2 3 ] |> map (x: x * 2) |> builtins.foldl' builtins.add 0",
      gives: "12",
      features: ["pipe-operators"],
    },
    { nix: "builtins.head <| builtins.tail <| [ 1 2 3 ]", gives: "2", features: ["pipe-operators"] },
  ],
}

const types: Construct = {
  name: "types",
  form: "builtins.typeOf value",
  text: `Every value is one of these; \`builtins.typeOf\` says which:

- \`int\` and \`float\`: numbers, see \`number\`.
- \`bool\`: \`true\` and \`false\`.
- \`string\`: bytes with a context, see \`string\` and \`string context\`.
- \`path\`: a place in the file system, see \`paths\`.
- \`null\`: the value \`null\` alone, used where something is not there.
- \`list\` and \`set\`: see \`list\` and \`attribute set\`.
- \`lambda\`: functions, builtins too.

Types are checked when a value is used, not before. Nothing is converted by itself but an integer to a float, and what an interpolation takes. \`true\`, \`false\` and \`null\` are names and no keywords; somebody may bind them anew, and should not.`,
  see: "libexpr/primops.cc prim_typeOf",
  examples: [
    {
      nix: 'map builtins.typeOf [ 1 1.5 true "a" /a null [ ] { } (x: x) ]',
      gives: '[ "int" "float" "bool" "string" "path" "null" "list" "set" "lambda" ]',
    },
    { nix: "builtins.typeOf map", gives: '"lambda"' },
    { nix: "builtins.isNull null", gives: "true" },
  ],
}

const laziness: Construct = {
  name: "laziness",
  form: "let x = expression; in …",
  text: `An expression that is bound, given to a function, or put into a list or set is not evaluated then; it becomes a *thunk*, which is evaluated when its value is needed, once, and then remembers the value.

What is needed is the outermost shape: a set with its names, a list with its length. What is inside waits on. So infinite structures are fine as long as one looks at a finite part, and the order of bindings does not matter.

\`builtins.seq a b\` evaluates \`a\` first, \`builtins.deepSeq\` everything in it. In this page the tree of a result shows what is still a thunk; opening its row is what evaluates it.`,
  see: "libexpr/eval-inline.hh EvalState::forceValue",
  examples: [
    { nix: "let nats = n: { head = n; tail = nats (n + 1); }; in (nats 0).tail.tail.head", gives: "2" },
    { nix: 'builtins.length [ (throw "never") ]', gives: "1" },
    { nix: 'builtins.seq { a = throw "inside"; } "outside is there"', gives: '"outside is there"' },
    { nix: 'builtins.deepSeq { a = throw "inside"; } 1', fails: "inside" },
  ],
}

/** Conditions, operators, types. */
export const choiceConstructs: readonly Construct[] = [ifElse, assertThat, operators, arithmetic, comparison, logic, pipe, types, laziness]
