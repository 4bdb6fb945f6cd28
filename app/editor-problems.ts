// What an editor marks in a file: what was found in its text, and where the last evaluation failed.

import type { ProblemView } from "../engine/worker/client.ts"
import type { Diagnostic } from "../engine/worker/language-protocol.ts"
import { rangeOf } from "./text-place.ts"
import type { Shown } from "./workbench-state.ts"
import { root } from "./workspace/workspace.ts"

interface Given {
  readonly path: string
  readonly files: Readonly<Record<string, string>>
  readonly diagnostics: readonly Diagnostic[] | undefined
  readonly shown: Shown | null
}

/** The problems of a file. An error of an evaluation is one as long as the file is what was evaluated. */
export function problemsOf({ path, files, diagnostics = [], shown }: Given): readonly Diagnostic[] {
  const text = files[path] ?? ""
  const view = shown?.evaluated.view
  if (view?.kind !== "failed" || shown?.request.files?.[root + path] !== text) return diagnostics
  const at = placeIn(view.problem, root + path)
  // The parser has told it already.
  if (at === null || view.problem.code === "parse" || view.problem.code === "syntax") return diagnostics
  const [start, end] = rangeOf(text, at)
  const error: Diagnostic = {
    start,
    end,
    code: `eval/${view.problem.code}`,
    severity: "error",
    message: said(view.problem),
    unnecessary: false,
    fixes: [],
  }
  return [...diagnostics.filter((d) => d.severity !== "error" || d.start !== start), error]
}

/** Where in a file an error happened: its own position, or that of the innermost frame there. */
function placeIn({ at, trace }: ProblemView, file: string) {
  if (at?.file === file) return at
  if (at?.file.startsWith(root)) return null
  return trace.findLast((frame) => frame.at?.file === file)?.at ?? null
}

function said({ message, trace }: ProblemView): string {
  const frames = trace.slice(-8).map((frame) => `  … ${frame.hint}`)
  return frames.length === 0 ? message : `${message}\n${frames.join("\n")}`
}
