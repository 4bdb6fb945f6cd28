// What an editor component is given by the page: the language's answers, evaluation under a small budget, the other files.

import type { LanguageApi, Span } from "../../engine/worker/language-protocol.ts"

/** A range to bring into sight and select; a new `turn` does it again. */
export interface Reveal extends Span {
  readonly turn: number
}

/** A problem that an evaluation has found in a file, beside those the editor finds itself. */
export interface EditorProblem extends Span {
  readonly message: string
  readonly severity: "error" | "warning"
}

export interface EditorSettings {
  readonly theme: "light" | "dark" | "contrast"
  /** CSS pixels. */
  readonly fontSize: number
  readonly vim: boolean
}

/** The page, as far as an editor needs it. Paths are those of the workspace: `lib/a.nix`. */
export interface EditorHost {
  readonly language: LanguageApi
  /** The files of the workspace. */
  files(): Readonly<Record<string, string>>
  /** Opens a file of the workspace at a span. */
  open(path: string, span: Span): void
  /** The attribute names of an expression of a file, evaluated under a small budget; empty where that fails. */
  attributes(expr: string, path: string): Promise<readonly string[]>
  /** An expression of a file evaluated under a small budget and printed in one line; `problem` is the first line of its error. */
  value(expr: string, path: string): Promise<{ readonly text: string } | { readonly problem: string }>
}

export interface EditorProps {
  readonly path: string
  readonly text: string
  readonly readOnly?: boolean
  readonly host: EditorHost
  readonly problems: readonly EditorProblem[]
  readonly reveal: Reveal | null
  readonly settings: EditorSettings
  readonly onChange: (text: string) => void
  readonly onEvaluate: () => void
  readonly onStop: () => void
  /** Told once the editor is there and shows the text. */
  readonly onReady?: () => void
}
