// What the larger editors are given beside what every editor is: the language's answers, and evaluation under a small budget.

import type { LanguageApi, Span } from "../../engine/worker/language-protocol.ts"
import type { EditorProps } from "./editor-props.ts"

/** A value in one line, or the first line of its error. */
export type ScratchValue = { readonly text: string } | { readonly problem: string }

/** Evaluates parts of files for hovers, completions and the answers to questions in comments (scratch.ts). */
export interface ScratchEvaluation {
  /** The attribute names of an expression of a file; empty where it fails or takes too long. */
  attributes(expr: string, path: string): Promise<readonly string[]>
  value(expr: string, path: string): Promise<ScratchValue>
}

/** What the larger editors are given besides: the language's answers, and evaluation under a small budget. */
export interface CodeEditorProps extends EditorProps {
  readonly language: LanguageApi
  readonly scratch: ScratchEvaluation
  /** Told once the editor is there and shows the text. */
  readonly onReady: () => void
}

/** What the providers ask. */
export interface EditorHost extends ScratchEvaluation {
  readonly language: LanguageApi
  files(): Readonly<Record<string, string>>
  open(path: string, span: Span): void
}
