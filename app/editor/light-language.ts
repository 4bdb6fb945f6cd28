// What the language says, in CodeMirror's terms.

import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete"
import type { Diagnostic as Marked } from "@codemirror/lint"
import type { CodeEditorProps } from "./editor-host.ts"
import type { EditorProblem } from "./editor-props.ts"

/** Problems as marks, with their fixes; none is beyond the end of the text. */
export function marksOf(problems: readonly EditorProblem[], end: number): Marked[] {
  return problems.map(({ start, end: stop, severity, message, fixes }) => ({
    from: Math.min(start, end),
    to: Math.min(stop, end),
    severity,
    message,
    actions: fixes.map((fix) => ({
      name: fix.title,
      apply: (target) => {
        const changes = fix.edits.map(({ start: from, end: to, text: insert }) => ({ from, to, insert }))
        target.dispatch({ changes, userEvent: "input.fix" })
      },
    })),
  }))
}

/** Names in scope, builtins, keywords; after a dot what an evaluation finds. */
export async function complete({ language, scratch, path }: CodeEditorProps, context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w'.-]+/)
  if (word === null && !context.explicit) return null
  const { span, items, select } = await language.complete(context.state.doc.toString(), context.pos)
  const options = items.map(({ label, detail, kind }) => ({ label, detail, type: kind === "builtin" ? "function" : kind }))
  if (select !== undefined) {
    const names = await scratch.attributes(`${select.before}${select.target}${select.after}`, path)
    for (const label of names) options.push({ label, detail: "", type: "property" })
  }
  return options.length === 0 ? null : { from: span.start, options, validFor: /^[\w'-]*$/ }
}
