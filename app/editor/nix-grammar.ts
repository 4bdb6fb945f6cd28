// Nix for Monaco's tokenizer: colours at once, before the engine has read the text; and what brackets and comments are.

import type { languages } from "monaco-editor/editor"

/** Comments, brackets, indentation. */
export const nixConfiguration: languages.LanguageConfiguration = {
  comments: { lineComment: "#", blockComment: ["/*", "*/"] },
  brackets: [
    ["{", "}"],
    ["[", "]"],
    ["(", ")"],
  ],
  autoClosingPairs: [
    { open: "{", close: "}" },
    { open: "[", close: "]" },
    { open: "(", close: ")" },
    { open: '"', close: '"', notIn: ["string", "comment"] },
    { open: "''", close: "''", notIn: ["string", "comment"] },
    { open: "/*", close: " */", notIn: ["string"] },
  ],
  surroundingPairs: [
    { open: "{", close: "}" },
    { open: "[", close: "]" },
    { open: "(", close: ")" },
    { open: '"', close: '"' },
  ],
  wordPattern: /[a-zA-Z_][\w'-]*/,
  indentationRules: {
    increaseIndentPattern: /(?:[{[(=:]|\b(?:let|in|then|else|rec)|'')\s*$/,
    decreaseIndentPattern: /^\s*(?:[}\])]|in\b|then\b|else\b|'';?\s*$)/,
  },
  folding: { offSide: false },
}

/** The grammar: a stack of code, strings and interpolations. */
export const nixGrammar: languages.IMonarchLanguage = {
  defaultToken: "",
  tokenPostfix: ".nix",
  keywords: ["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"],
  tokenizer: {
    root: [{ include: "@code" }, [/[{}]/, "delimiter.bracket"]],
    inside: [[/\{/, "delimiter.bracket", "@nested"], [/\}/, "string.escape", "@pop"], { include: "@code" }],
    nested: [[/\{/, "delimiter.bracket", "@push"], [/\}/, "delimiter.bracket", "@pop"], { include: "@code" }],
    code: [
      [/#.*$/, "comment"],
      [/\/\*/, "comment", "@comment"],
      [/''/, "string", "@indented"],
      [/"/, "string", "@string"],
      [/<[\w.+-]+(?:\/[\w.+-]+)*>/, "string.path"],
      [/(?:~|[\w.+-]*)(?:\/[\w.+-]+)+\/?/, "string.path"],
      [/[a-zA-Z][\w.+-]*:[\w%/?:@&=+$,.!~*'-]+/, "string.link"],
      [/\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+/, "number"],
      [/[a-zA-Z_][\w'-]*/, { cases: { "@keywords": "keyword", "@default": "identifier" } }],
      [/\$\{/, "string.escape", "@inside"],
      [/[()[\]]/, "delimiter.bracket"],
      [/->|\+\+|\/\/|&&|\|\||==|!=|<=|>=|<\||\|>|\.\.\.|[-+*/<>!?=@:;,.]/, "operator"],
      [/\s+/, "white"],
    ],
    comment: [
      [/\*\//, "comment", "@pop"],
      [/[^*]+|\*/, "comment"],
    ],
    string: [
      [/"/, "string", "@pop"],
      [/\\[\s\S]/, "string.escape"],
      [/\$\{/, "string.escape", "@inside"],
      [/\$\$(?=\{)|[^"\\$]+|\$/, "string"],
    ],
    indented: [
      [/''(?:\$|'|\\[\s\S])/, "string.escape"],
      [/''/, "string", "@pop"],
      [/\$\{/, "string.escape", "@inside"],
      [/\$\$(?=\{)|[^'$]+|[$']/, "string"],
    ],
  },
}
