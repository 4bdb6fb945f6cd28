// A parse as text, for the text-file cases: problems line by line, then the tree.
import type { Parsed, ParseOptions } from "../../engine/lang/parse-options.ts"
import { show } from "../../engine/lang/show.ts"
import { Source } from "../../engine/lang/source.ts"
import { Symbols } from "../../engine/lang/symbol.ts"

/** Options with a name table of their own; lints warn. */
export function someOptions(more: Partial<ParseOptions> = {}): ParseOptions {
  const lint = { urlLiterals: "warn", shortPathLiterals: "warn", absolutePathLiterals: "warn" } as const
  return { basePath: "/base", home: "/home/u", symbols: new Symbols(), pureEval: false, pipeOperators: true, lint, ...more }
}

/** `error 1:2 message` for each problem (`-` without a place), then the tree if there is one. */
export function printed(text: string, parser: (source: Source, options: ParseOptions) => Parsed, more: Partial<ParseOptions> = {}): string {
  const source = new Source({ kind: "string" }, text, 1)
  const { expr, problems } = parser(source, someOptions(more))
  const lines = problems.map((p) => {
    const { line, column } = source.place(p.pos - source.base)
    return `${p.severity} ${p.pos === 0 ? "-" : `${line}:${column}`} ${p.message}`
  })
  if (expr !== null) lines.push(show(expr))
  return lines.join("\n")
}
