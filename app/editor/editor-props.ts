// What an editor of one file is given and what it tells: the same for the plain text area and for those that come later.

import type { Diagnostic, Span } from "../../engine/worker/language-protocol.ts"

/** A problem to be shown at its place: found in the text as it stands, or by evaluating it. */
export type EditorProblem = Diagnostic

/** A place to be selected and scrolled to; a new `turn` selects it again. */
export interface Reveal extends Span {
  readonly turn: number
}

export interface EditorSettings {
  readonly theme: "light" | "dark" | "contrast"
  /** Pixels. */
  readonly fontSize: number
  readonly vim: boolean
}

export interface EditorProps {
  /** In the workspace; another path is another file with its own undo history. */
  readonly path: string
  readonly text: string
  readonly readOnly?: boolean
  /** Called for every change, at once. */
  readonly onChange: (text: string) => void
  readonly onEvaluate: () => void
  readonly onStop: () => void
  readonly reveal: Reveal | null
  readonly problems: readonly EditorProblem[]
  readonly settings: EditorSettings
  /** Of all files of the workspace by path: for completion of paths and definitions elsewhere. */
  readonly files: Readonly<Record<string, string>>
  /** Opens another file of the workspace at a place. */
  readonly onOpen: (path: string, span: Span) => void
  /** Where the caret is, for the one who takes over from another editor. */
  readonly onSelection: (span: Span) => void
  /** The selection to begin with if the editor takes over from another one that had the focus. */
  readonly takeOver: Span | null
}
