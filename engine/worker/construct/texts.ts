// Strings, paths, numbers, comments: what is written as itself.

import type { Construct } from "./construct.ts"

const string: Construct = {
  name: "string",
  form: '"text"',
  text: `A string stands between double quotes and may go over several lines; the line ends belong to it.

Strings are sequences of bytes: \`builtins.stringLength\` counts bytes, not letters. \`+\` joins them, \`\${…}\` puts values into them, \`==\` and \`<\` compare them byte by byte. Escapes are described under \`escapes\`; the form between doubled single quotes under \`indented string\`.

A string remembers which store paths went into it: its *context*, see \`string context\`. An address such as \`https://example.org\` may be written without quotes; that is an old form, and a setting can warn of it or forbid it.`,
  see: "libexpr/lexer.l STRING",
  examples: [
    { nix: '"one\ntwo"', gives: '"one\\ntwo"' },
    { nix: '"a" + "b" + "c"', gives: '"abc"' },
    { nix: 'builtins.stringLength "ä"', gives: "2" },
    { nix: '"a" < "b"', gives: "true" },
    { nix: '"a" + 1', fails: "cannot coerce an integer to a string: 1" },
  ],
}

const indented: Construct = {
  name: "indented string",
  form: "'' text ''",
  text: `Between two pairs of single quotes, the indentation that all lines share is taken away, and so is the first line if it is empty: scripts can be indented with the code around them.

Spaces count, tabs do not. A line of nothing but spaces does not count either, and an interpolation counts as text. If the closing quotes stand on a line of their own, the string ends with the line end before them.

Inside, \`"\` and \`\\\` mean nothing special. \`'''\` is a pair of single quotes, \`''\${\` is \`\${\` as text, and \`''\\\` before a letter gives the escape of that letter: \`''\\n\`.`,
  see: "libexpr/parser-state.hh stripIndentation",
  examples: [
    { nix: "''\n  if true; then\n    echo yes\n  fi\n''", gives: '"if true; then\\n  echo yes\\nfi\\n"' },
    { nix: "''one line''", gives: '"one line"' },
    { nix: "''a \"quoted\" \\n''", gives: '"a \\"quoted\\" \\\\n"' },
    { nix: "''it'''s''", gives: "\"it''s\"" },
    { nix: "''costs ''${price}''", gives: '"costs \\${price}"' },
    { nix: "''a''\\nb''", gives: '"a\\nb"' },
  ],
}

const interpolation: Construct = {
  name: "interpolation",
  form: '"… ${expression} …"',
  text: `\`\${expression}\` inside a string, an indented string, a path or an attribute's name puts a value there.

The value must be a string, a path, or a set with \`__toString\` or \`outPath\` (such as a derivation). Numbers, booleans, lists and \`null\` have to be turned into strings first, by \`toString\`. The string gets the context of what is put in.

A path that is interpolated into a string is **copied to the store**, and its store path is what appears; \`toString\` gives the path as it is. In a path the value must be a string without context or a path, and the result is a path.

An expression alone is interpolated like any other: \`"\${x}"\` is \`x\` for a string. \`\\\${\` and \`$\${\` write the signs themselves.`,
  see: "libexpr/eval.cc ExprConcatStrings::eval",
  examples: [
    { nix: 'let who = "world"; in "hello, ${who}"', gives: '"hello, world"' },
    { nix: '"1 + 1 = ${toString (1 + 1)}"', gives: '"1 + 1 = 2"' },
    { nix: 'let x = "b"; in toString /a/${x}/c', gives: '"/a/b/c"' },
    { nix: 'let x = "a"; in { "${x}-${x}" = 1; }', gives: "{ a-a = 1; }" },
    { nix: '"not \\${here}, nor $${here}"', gives: '"not \\${here}, nor $\\${here}"' },
    { nix: '"${1}"', fails: "cannot coerce an integer to a string: 1" },
  ],
}

const escapes: Construct = {
  name: "escapes",
  form: '\\n \\r \\t \\" \\\\ \\${',
  text: `In a string, a backslash gives the next sign another meaning:

- \`\\n\` is a line end, \`\\r\` a carriage return, \`\\t\` a tab.
- \`\\"\` is a quote that does not end the string, \`\\\\\` a backslash.
- \`\\\${\` is \`\${\` as text. So is \`$\${\` except that both dollar signs stay.
- A backslash before any other sign is that sign.

There are no numeric escapes: what has no letter is written as it is, or comes from \`builtins.fromJSON\`. A string cannot hold the byte 0. A dollar sign without a brace needs no escape. In an indented string other rules hold, see \`indented string\`.`,
  see: "libexpr/lexer.l unescapeStr",
  examples: [
    { nix: '"tab\\tend\\n"', gives: '"tab\\tend\\n"' },
    { nix: '"say \\"hi\\""', gives: '"say \\"hi\\""' },
    { nix: 'builtins.stringLength "\\\\"', gives: "1" },
    { nix: '"\\q"', gives: '"q"' },
    { nix: '"US$ 5"', gives: '"US$ 5"' },
    { nix: "builtins.fromJSON ''\"\\u00e9\"''", gives: '"é"' },
  ],
}

const context: Construct = {
  name: "string context",
  form: "builtins.getContext string",
  text: `A string knows which store paths were put into it, and keeps that through joining, cutting and replacing: its context. When the string becomes part of a derivation, these are what the derivation depends on; nothing is found by searching the text.

An element is a store path, one output of a derivation, or a derivation with all that it needs. The context is not part of comparing: two strings of the same bytes are equal.

\`builtins.getContext\` shows it, \`builtins.hasContext\` asks for it, \`builtins.unsafeDiscardStringContext\` gives the text without it (and a derivation that forgets what it needs), \`builtins.appendContext\` adds to it. A name of an attribute or of a derivation must have none.`,
  see: "libexpr/value/context.hh",
  examples: [
    { nix: 'builtins.hasContext "plain"', gives: "false" },
    { nix: 'builtins.hasContext "${builtins.toFile "a" "text"}/more"', gives: "true" },
    {
      nix: 'builtins.attrValues (builtins.getContext (builtins.toFile "a" "text"))',
      gives: "[ { path = true; } ]",
    },
    { nix: 'builtins.getContext (builtins.unsafeDiscardStringContext (builtins.toFile "a" "text"))', gives: "{ }" },
  ],
}

const path: Construct = {
  name: "paths",
  form: "./relative, ../up, /absolute, ~/home",
  text: `A path is a value of its own kind, written without quotes; what tells it from other things is a slash: \`./x\`, \`../x\`, \`/x\`, \`a/b\`, \`~/x\`.

A relative path starts at the folder **of the file it is written in**, not where the program was started. Paths are absolute and tidy at once: \`.\` and \`..\` are resolved, and there is no slash at the end. Nothing has to be there until something reads it.

\`path + string\` and \`path + path\` are paths, \`string + path\` and \`"\${path}"\` are strings; the last one copies the file to the store. \`a/b\` is a path but \`a / b\` divides. A name with a space, or one that is computed as a whole, is joined: \`./. + "/my file"\`.`,
  see: "libexpr/lexer.l PATH",
  examples: [
    { nix: "/etc/../etc/./hosts", gives: "/etc/hosts" },
    { nix: "builtins.typeOf ./x.nix", gives: '"path"' },
    { nix: '/etc + "/my file"', gives: "/etc/my file" },
    { nix: "baseNameOf /a/b/c.nix", gives: '"c.nix"' },
    { nix: "builtins.typeOf (toString /a)", gives: '"string"' },
    { nix: "let a = 6; b = 3; in a / b", gives: "2" },
    { nix: "builtins.pathExists /does/not/exist", gives: "false" },
  ],
}

const searchPath: Construct = {
  name: "search path",
  form: "<name> or <name/inside>",
  text: `\`<nixpkgs>\` is a path that is looked up by name in the search path; \`<nixpkgs/lib>\` goes on inside what was found.

It means \`builtins.findFile builtins.nixPath "nixpkgs"\`. Each entry of the search path is \`name=path\` or just a path, in which something of that name is looked for; the first that has it counts. Entries come from \`-I\`, the variable \`NIX_PATH\` and the settings; in pure mode there are none. In this page, trees that were brought in from the store have entries of their names.

The entry \`nix\` is always there. Since the same text means something else on another machine, what is to be built again later should name a fixed version instead.`,
  see: "libexpr/eval.cc EvalState::findFile",
  examples: [
    { nix: "builtins.typeOf builtins.nixPath", gives: '"list"' },
    { nix: 'builtins.typeOf (builtins.findFile [ { prefix = "here"; path = "/"; } ] "here")', gives: '"path"' },
    {
      nix: "<no-such-name>",
      fails: "file 'no-such-name' was not found in the Nix search path (add it using $NIX_PATH or -I)",
    },
  ],
}

const number: Construct = {
  name: "number",
  form: "42, -1, 3.14, 1e3",
  text: `There are integers of 64 bits with a sign and floating-point numbers of 64 bits.

A number with a point or an exponent is a float: \`1.0\`, \`.5\`, \`1.5e3\`. Both may be mixed, and then the result is a float. Division of integers drops what is left over, towards zero. An integer that becomes too large is an error, and so is dividing by zero.

A minus sign is an operator in front of a number and not part of it: \`-1\` works where an expression stands, but \`f -1\` and \`[ 1 -1 ]\` need parentheses. There are no other notations such as hexadecimal ones. Floats print with six significant digits; \`builtins.toJSON\` gives more of them.`,
  see: "libexpr/lexer.l INT, FLOAT",
  examples: [
    { nix: "7 / 2", gives: "3" },
    { nix: "-7 / 2", gives: "-3" },
    { nix: "7 / 2.0", gives: "3.5" },
    { nix: "1 == 1.0", gives: "true" },
    { nix: "1.0 / 3", gives: "0.333333" },
    { nix: "[ 1 (-1) ]", gives: "[ 1 -1 ]" },
    { nix: "1 / 0", fails: "division by zero" },
    { nix: "9223372036854775807 + 1", fails: "integer overflow in adding 9223372036854775807 + 1" },
  ],
}

const comments: Construct = {
  name: "comments",
  form: "# to the end of the line, /* between these */",
  text: `A comment begins with \`#\` and ends with the line, or stands between \`/*\` and \`*/\`. The second kind cannot be nested.

A comment \`/** … */\` in front of a function documents it: \`:doc\` in the repl, hovering and the function's card show it, as Markdown.

In this page two comments get answers. \`# ^?\` shows the value of what the caret points at in the line above, and \`# => value\` says what the expression before it is and is checked.`,
  see: "libexpr/lexer.l COMMENT",
  examples: [
    { nix: "1 # one\n+ 2 /* and two */ + 3", gives: "6" },
    { nix: "let /** Adds one. */ inc = x: x + 1; in inc 1", gives: "2" },
    { nix: '"# no comment"', gives: '"# no comment"' },
  ],
}

/** What is written as itself. */
export const textConstructs: readonly Construct[] = [string, indented, interpolation, escapes, context, path, searchPath, number, comments]
