// What the page's one store holds: plain data (workbench.ts makes it, and changes it).

import type { BuildSettings, Evaluated, EvaluateRequest, Ref } from "../engine/worker/client.ts"
import type { Diagnostic, Span } from "../engine/worker/language-protocol.ts"
import type { PageSettings } from "./page-settings.ts"
import type { Source } from "./share/page-address.ts"
import type { Snapshot } from "./workspace/shelf.ts"
import type { Workspace } from "./workspace/workspace.ts"

/** A result and what it is of. */
export interface Shown {
  readonly workspace: string
  readonly request: EvaluateRequest
  readonly evaluated: Evaluated
}

/** What the engine is at with the workspace, "stopped" until the next evaluation. */
export type Progress =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly since: number }
  | { readonly kind: "stopped"; readonly why: string }

/** A sentence for the user, with something that can be done about it. */
export interface Notice {
  readonly id: number
  readonly text: string
  readonly urgent: boolean
  readonly action?: { readonly label: string; readonly run: () => void }
}

/** What can stand beside the editor. */
export type SidePane = "result" | "problems" | "reference" | "repl" | "store" | "builds"

/** What a phone shows: one thing at a time. */
export type Pane = SidePane | "code" | "files" | "lesson"

export type DialogName = "palette" | "settings" | "examples" | "workspaces" | "share" | "compare" | "shortcuts"

export interface WorkbenchState {
  readonly workspace: Workspace
  /** Paths of the open files in the order of their tabs. */
  readonly tabs: readonly string[]
  readonly active: string
  readonly shown: Shown | null
  readonly progress: Progress
  /** The view of the result that is open, as links carry it. */
  readonly view: string
  /** The node of the result that is selected. */
  readonly selected: Ref | null
  /** Of every file: what was found in it as it stands. */
  readonly diagnostics: Readonly<Record<string, readonly Diagnostic[]>>
  readonly notices: readonly Notice[]
  readonly settings: PageSettings
  /** On phones. */
  readonly pane: Pane
  /** On large screens. */
  readonly side: SidePane
  readonly dialog: DialogName | null
  /** An entry of the reference to be shown. */
  readonly topic: string | null
  /** A store path to be shown in the store's pane. */
  readonly storePath: string | null
  /** Files elsewhere that the page's address names, until the user lets them be loaded. */
  readonly source: Source | null
  readonly history: readonly Snapshot[]
  /** Where the caret is, in UTF-16 units, while a view of the result wants to know. */
  readonly caret: { readonly path: string; readonly offset: number } | null
  /** A place to be selected in a file. */
  readonly reveal: (Span & { readonly path: string; readonly turn: number }) | null
  /** False where nothing can be kept. */
  readonly kept: boolean
  /** True while another tab has the workspace open and writes it. */
  readonly elsewhere: boolean
  /** True if this tab went away in the middle of an evaluation. */
  readonly interrupted: boolean
  /** Whether the program that is open may ask the network: the user has said so. */
  readonly allowFetch: boolean
  /** Where the program that is open may have built what its evaluation needs: the user has said so. */
  readonly allowBuilds: BuildSettings | null
}
