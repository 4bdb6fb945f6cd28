// The text of `:doc` (Markdown, bytes): of a builtin its own documentation, of a function or attribute the
// doc comment at its definition. C++ Nix: eval.cc getDoc, nixexpr.cc getInnerText, repl.cc `:doc`.

import { parse } from "../lang/parser.ts"
import { snippet } from "../lang/source-text.ts"
import { Attrs } from "./attrs.ts"
import { callFunction, tooDeep } from "./call.ts"
import { NixError } from "./error.ts"
import type { Evaluator } from "./evaluator.ts"
import { force } from "./force.ts"
import { posBytes } from "./print-place.ts"
import type { Runtime } from "./runtime.ts"
import { encodeUtf8 } from "./text/escape.ts"
import { Lambda, PrimOpValue, type Value } from "./value.ts"

const definedAt = "  \xe2\x80\xa6 defined at " // … in UTF-8

/** The documentation of a value, or null if it has none. A functor set has that of the function it gives. */
export function docOfValue(rt: Runtime, value: Value): string | null {
  const { depth } = rt
  let v = value
  let functors = 0
  try {
    for (;;) {
      if (v instanceof PrimOpValue) return docOfBuiltin(v)
      if (v instanceof Lambda) return docOfLambda(rt, v)
      const functor = v instanceof Attrs ? v.get("__functor") : undefined
      if (functor === undefined) return null
      functors++
      v = callFunction(rt, force(rt, functor, 0), [v], 0)
      if (rt.depth > rt.maxDepth) throw tooDeep(0)
      rt.depth++
    }
  } catch (e) {
    if (e instanceof NixError) while (functors-- > 0) e.frame(0, "while partially calling '__functor' to retrieve documentation")
    throw e
  } finally {
    rt.depth = depth
  }
}

function docOfBuiltin({ op }: PrimOpValue): string | null {
  if (op.doc === "") return null
  const args = op.args.map(([name]) => `*${name}*`).join(" ")
  const synopsis = args === "" ? "" : `**Synopsis:** \`builtins.${op.name}\` ${args}\n\n`
  return encodeUtf8(synopsis + stripIndentation(op.doc))
}

function docOfLambda(rt: Runtime, { code }: Lambda): string {
  const { name, pos, doc } = code.expr
  const place = posBytes(rt.sources, pos)
  const head = name === null ? `Function defined at ${place}` : `Function \`${name}\`\\\n${definedAt}${place}`
  const source = rt.sources.of(pos)
  const comment = doc === null || source === undefined ? "" : commentText(snippet(source, doc[0], doc[1]))
  return stripIndentation(comment === "" ? head : `${head}\n\n${comment}`)
}

/** The documentation of an attribute that is no function, from where it was defined (`pos`). */
export function docOfAttribute(evaluator: Evaluator, name: string, pos: number): string {
  const { sources } = evaluator.rt
  const head = `Attribute \`${name}\`\n\n${definedAt}${posBytes(sources, pos)}\n\n`
  const source = sources.of(pos)
  // C++ Nix keeps the comments of files only. We do not keep them: parsing the file once more finds them.
  const doc = source?.origin.kind === "file" ? parse(source, evaluator.parseOptions("/")).docs.get(pos) : undefined
  if (source === undefined || doc === undefined) return `${head}No documentation found.\n\n`
  return head + commentText(snippet(source, doc[0], doc[1]))
}

/** The text of a doc comment without its marks and indentation. */
function commentText(comment: string): string {
  const text = comment.slice(3, -2)
  // The blanks stand for the opening mark.
  return text === "" ? "" : stripIndentation(`   ${text}`)
}

/**
 * Takes the smallest indentation off all lines. Odd as in C++ Nix (util.cc stripIndentation): a line of
 * blanks only never lowers the measure but may raise it, and keeps what is longer than it.
 */
export function stripIndentation(text: string): string {
  let least = 10_000
  const lines = text.split("\n")
  const last = lines.length - 1
  lines.forEach((line, i) => {
    const blanks = line.search(/[^ ]/)
    if (blanks >= 0) least = Math.min(least, blanks)
    else if (i < last) least = Math.max(least, line.length)
  })
  if (lines[last] === "") lines.pop()
  return lines.map((line) => `${line.slice(least)}\n`).join("")
}
