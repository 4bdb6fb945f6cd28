// Builtins on strings, and the ones that only look at the text of a path.

import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { asText, coerceToPath, coerceToString, interpolate, type PathText, stepCoerce, stepCoerceToPath, toText } from "../coerce.ts"
import { type Context, ContextUnion, unionContext } from "../context.ts"
import { NixError } from "../error.ts"
import { force, forceInt, forceString } from "../force.ts"
import { baseNameOfText, canonPath, dirOfText, parentPath } from "../path.ts"
import type { Runtime } from "../runtime.ts"
import { need } from "../step.ts"
import { onText, stepKind } from "../step-kind.ts"
import { LongText } from "../text/long-text.ts"
import { type Cell, type List, makeString, NixPath, NixString, type Value } from "../value.ts"

const text = (t: Text): Value => makeString(t.text, t.context)

const toStringBuiltin = builtin({
  name: "toString",
  global: true,
  args: [["e", "lazy"]],
  doc: `Turns \`e\` into a string:

- a string stays as it is; a path becomes its text and is *not* copied to the store;
- a number becomes its decimal digits (a float six digits after the point), \`true\` becomes \`"1"\`, \`false\` and \`null\` become \`""\`;
- the elements of a list are turned into strings and joined by spaces;
- a set is asked for its \`__toString\` (called with the set), else its \`outPath\` is taken.`,
  see: "primops.cc prim_toString",
  examples: [
    { nix: "toString 42", gives: '"42"' },
    { nix: 'toString [ 1 "b" true null ]', gives: '"1 b 1 "' },
    { nix: 'toString { __toString = self: "<" + self.x + ">"; x = "y"; }', gives: '"<y>"' },
    { nix: "toString 0.5", gives: '"0.500000"' },
    { nix: "toString (x: x)", fails: "cannot coerce a function to a string: «lambda @ «string»:1:11»" },
  ],
  ...onText("while evaluating the first argument passed to builtins.toString", toText, (_rt, t) => text(t)),
})

const stringLength = builtin({
  name: "stringLength",
  args: [["e", "lazy"]],
  doc: "Returns the number of bytes of the string `e`. A character outside ASCII counts as two to four bytes.",
  see: "primops.cc prim_stringLength",
  examples: [
    { nix: 'builtins.stringLength "nix"', gives: "3" },
    { nix: 'builtins.stringLength "é"', gives: "2" },
  ],
  ...onText("while evaluating the argument passed to builtins.stringLength", interpolate, (_rt, t) => t.text.length),
})

const startFrame = "while evaluating the first argument (the start offset) passed to builtins.substring"
const lengthFrame = "while evaluating the second argument (the substring length) passed to builtins.substring"
const stringFrame = "while evaluating the third argument (the string) passed to builtins.substring"

function checkStart(start: number | bigint): void {
  if (start < 0) throw new NixError("eval", "negative start position in 'substring'", 0)
}

function slice(start: number | bigint, length: number | bigint, t: Text): Value {
  const from = Number(start)
  return makeString(t.text.slice(from, length < 0 ? undefined : from + Number(length)), t.context)
}

/** An empty piece of a string keeps the context; for that the text is not looked at. */
function emptyPiece(length: number | bigint, v: Value): Value | undefined {
  if (length !== 0) return undefined
  return typeof v === "string" ? "" : v instanceof NixString ? makeString("", v.context) : undefined
}

const substring = builtin({
  name: "substring",
  args: [
    ["start", "int", startFrame],
    ["len", "lazy"],
    ["s", "lazy"],
  ],
  doc: `Returns the bytes of \`s\` from offset \`start\` (counting from 0), at most \`len\` of them. A negative \`len\` means all
that follow. What lies beyond the end of \`s\` is left out; a negative \`start\` is an error. The context of \`s\` is kept.`,
  see: "primops.cc prim_substring",
  examples: [
    { nix: 'builtins.substring 0 3 "nixpkgs"', gives: '"nix"' },
    { nix: 'builtins.substring 3 (-1) "nixpkgs"', gives: '"pkgs"' },
    { nix: 'builtins.substring 10 3 "nix"', gives: '""' },
    { nix: 'builtins.substring (-1) 3 "nix"', fails: "negative start position in 'substring'" },
  ],
  run(rt, start, len, s) {
    checkStart(start)
    const length = forceInt(rt, len, 0, lengthFrame)
    const piece = length === 0 ? emptyPiece(length, force(rt, s, 0)) : undefined
    if (piece !== undefined) return piece
    return slice(start, length, coerceToString(rt, s, 0, stringFrame, interpolate))
  },
  *step(rt, start, len, s) {
    checkStart(start)
    const length = (yield stepKind(rt, len, "int", 0, lengthFrame)) as number | bigint
    const piece = length === 0 ? emptyPiece(length, (yield need(s, 0)) as Value) : undefined
    if (piece !== undefined) return piece
    return slice(start, length, (yield stepCoerce(rt, s, 0, stringFrame, interpolate)) as Text)
  },
})

const sepFrame = "while evaluating the first argument (the separator string) passed to builtins.concatStringsSep"
const listFrame = "while evaluating the second argument (the list of strings to concat) passed to builtins.concatStringsSep"
const elementFrame = "while evaluating one element of the list of strings to concat passed to builtins.concatStringsSep"

/** Joins texts; the context of each is added. */
class Joined {
  private text = ""
  /** Rope nodes that V8 makes for the text. */
  private nodes = 0
  private readonly context = new ContextUnion()
  private readonly separator: string
  private first = true

  constructor(separator: Text) {
    this.separator = separator.text
    this.context.add(separator.context)
  }

  add(t: Text): void {
    if (this.first) this.first = false
    else this.text += this.separator
    this.text += t.text
    this.nodes += 2
    this.context.add(t.context)
  }

  value(rt: Runtime): Value {
    rt.chargeText(this.text.length, this.nodes)
    return makeString(this.text, this.context.value)
  }
}

const concatStringsSep = builtin({
  name: "concatStringsSep",
  args: [
    ["separator", "string", sepFrame],
    ["list", "list", listFrame],
  ],
  doc: "Joins the strings of `list` with `separator` between them. Elements may be paths (they are copied to the store) and sets with `outPath` or `__toString`, but no numbers.",
  see: "primops.cc prim_concatStringsSep",
  examples: [
    { nix: 'builtins.concatStringsSep "/" [ "usr" "local" "bin" ]', gives: '"usr/local/bin"' },
    { nix: 'builtins.concatStringsSep ", " [ ]', gives: '""' },
    { nix: 'builtins.concatStringsSep "," [ 1 ]', fails: "cannot coerce an integer to a string: 1" },
  ],
  run(rt, separator, list) {
    const joined = new Joined(separator)
    for (const cell of list) joined.add(coerceToString(rt, cell, 0, elementFrame, interpolate))
    return joined.value(rt)
  },
  *step(rt, separator, list) {
    const joined = new Joined(separator)
    for (const cell of list) joined.add((yield stepCoerce(rt, cell, 0, elementFrame, interpolate)) as Text)
    return joined.value(rt)
  },
})

const fromFrame = "while evaluating one of the strings to replace passed to builtins.replaceStrings"
const toFrame = "while evaluating one of the replacement strings passed to builtins.replaceStrings"
const subjectFrame = "while evaluating the third argument passed to builtins.replaceStrings"

/** One run over a string: finds what is to be replaced, takes the replacements, collects the result. */
class Replacing {
  private readonly from: readonly string[]
  private readonly subject: string
  private readonly known: (string | undefined)[]
  /** Bytes some pattern begins with; null if one is empty, which matches everywhere. */
  private readonly heads: Uint8Array | null
  private readonly out = new LongText()
  private at = 0
  private context: Context | null

  constructor(from: readonly string[], subject: Text) {
    this.from = from
    this.subject = subject.text
    this.context = subject.context
    this.known = new Array(from.length)
    this.heads = from.includes("") ? null : new Uint8Array(256)
    if (this.heads !== null) for (const f of from) this.heads[f.charCodeAt(0)] = 1
  }

  /** Goes on to the next match whose replacement is not known yet: its index, or -1 at the end. */
  next(): number {
    const { from, subject, heads, known } = this
    let at = this.at
    let copied = at
    for (; at <= subject.length; at++) {
      if (heads !== null && (at === subject.length || heads[subject.charCodeAt(at)] === 0)) continue
      let i = 0
      while (i < from.length && !subject.startsWith(from[i] as string, at)) i++
      if (i === from.length) continue
      if (at > copied) this.out.add(subject.slice(copied, at))
      this.at = copied = at
      const replacement = known[i]
      if (replacement === undefined) return i
      this.out.add(replacement)
      const length = (from[i] as string).length
      if (length > 0) {
        copied = at + length
        at = copied - 1
      }
    }
    this.out.add(subject.slice(copied))
    return -1
  }

  /** The replacement that `next` asked for. */
  learn(i: number, to: Text): void {
    this.known[i] = to.text
    if (to.context !== null) this.context = unionContext(this.context, to.context)
  }

  value(rt: Runtime): Value {
    rt.chargeText(this.out.length)
    return makeString(this.out.toString(), this.context)
  }
}

function checkLengths(from: List, to: List): void {
  if (from.length !== to.length)
    throw new NixError("eval", "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths", 0)
}

const replaceStrings = builtin({
  name: "replaceStrings",
  args: [
    ["from", "list"],
    ["to", "list"],
    ["s", "lazy"],
  ],
  doc: `Replaces in \`s\` each occurrence of a string of \`from\` by the string at the same place in \`to\`, from left to right; where
several match, the first in the list wins. An empty string in \`from\` matches between all bytes and at the end. An element of
\`to\` is evaluated when it is needed.`,
  see: "primops.cc prim_replaceStrings",
  examples: [
    { nix: 'builtins.replaceStrings [ "oo" "a" ] [ "a" "i" ] "foobar"', gives: '"fabir"' },
    { nix: 'builtins.replaceStrings [ "" ] [ "-" ] "ab"', gives: '"-a-b-"' },
    {
      nix: 'builtins.replaceStrings [ "a" ] [ ] ""',
      fails: "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths",
    },
  ],
  run(rt, from, to, s) {
    checkLengths(from, to)
    const patterns: string[] = []
    for (const cell of from) patterns.push(forceString(rt, cell, 0, fromFrame).text)
    const work = new Replacing(patterns, forceString(rt, s, 0, subjectFrame))
    for (let i = work.next(); i >= 0; i = work.next()) work.learn(i, forceString(rt, to[i] as Cell, 0, toFrame))
    return work.value(rt)
  },
  *step(rt, from, to, s) {
    checkLengths(from, to)
    const patterns: string[] = []
    for (const cell of from) patterns.push(((yield stepKind(rt, cell, "string", 0, fromFrame)) as Text).text)
    const work = new Replacing(patterns, (yield stepKind(rt, s, "string", 0, subjectFrame)) as Text)
    for (let i = work.next(); i >= 0; i = work.next()) {
      work.learn(i, (yield stepKind(rt, to[i] as Cell, "string", 0, toFrame)) as Text)
    }
    return work.value(rt)
  },
})

const baseNameOf = builtin({
  name: "baseNameOf",
  global: true,
  args: [["x", "lazy"]],
  doc: "Returns the last component of a path or string: what follows the last `/`. One `/` at the end of a string is ignored.",
  see: "primops.cc prim_baseNameOf, legacyBaseNameOf",
  examples: [
    { nix: "baseNameOf /etc/hosts", gives: '"hosts"' },
    { nix: 'baseNameOf "a/b/"', gives: '"b"' },
    { nix: 'baseNameOf "a//"', gives: '""' },
  ],
  ...onText("while evaluating the first argument passed to builtins.baseNameOf", asText, (_rt, t) =>
    makeString(baseNameOfText(t.text), t.context),
  ),
})

const dirFrame = "while evaluating the first argument passed to 'builtins.dirOf'"

const dirOf = builtin({
  name: "dirOf",
  global: true,
  args: [["s", "any"]],
  doc: 'Returns what precedes the last `/` of a path (as a path) or string (as a string): `"."` if there is none.',
  see: "primops.cc prim_dirOf",
  examples: [
    { nix: "dirOf /etc/hosts", gives: "/etc" },
    { nix: 'dirOf "a/b/c"', gives: '"a/b"' },
    { nix: 'dirOf "a"', gives: '"."' },
  ],
  run(rt, s) {
    if (s instanceof NixPath) return new NixPath(parentPath(canonPath(s.path)))
    const t = coerceToString(rt, s, 0, dirFrame, asText)
    return makeString(dirOfText(t.text), t.context)
  },
  *step(rt, s) {
    if (s instanceof NixPath) return new NixPath(parentPath(canonPath(s.path)))
    const t = (yield stepCoerce(rt, s, 0, dirFrame, asText)) as Text
    return makeString(dirOfText(t.text), t.context)
  },
})

const toPathFrame = "while evaluating the first argument passed to builtins.toPath"

const toPath = builtin({
  name: "toPath",
  args: [["s", "lazy"]],
  doc: 'Returns the absolute path `s` as a string in normal form. Deprecated: to make a path, write `/. + "/path"` or `./. + "/path"`.',
  see: "primops.cc prim_toPath",
  examples: [
    { nix: 'builtins.toPath "/a//b/../c/"', gives: '"/a/c"' },
    { nix: 'builtins.toPath "a"', fails: "string 'a' doesn't represent an absolute path" },
  ],
  run(rt, s) {
    const { path, context } = coerceToPath(rt, s, 0, toPathFrame)
    return makeString(path, context)
  },
  *step(rt, s) {
    const { path, context } = (yield stepCoerceToPath(rt, s, 0, toPathFrame)) as PathText
    return makeString(path, context)
  },
})

export const strings: readonly PrimOp[] = [
  toStringBuiltin,
  stringLength,
  substring,
  concatStringsSep,
  replaceStrings,
  baseNameOf,
  dirOf,
  toPath,
]
