// Every action of the page with its name and shortcut: for the palette, the keyboard, and the list of shortcuts.

import type { Workbench } from "./workbench.ts"
import type { Pane } from "./workbench-state.ts"

export interface Action {
  readonly id: string
  readonly label: string
  /** As it is shown; `matches` reads it. */
  readonly keys?: string
  readonly run: () => void
}

/** In the order in which they stand in the page. */
const panes: readonly (readonly [Pane, string])[] = [
  ["result", "Result"],
  ["problems", "Problems"],
  ["repl", "REPL"],
  ["store", "Store"],
  ["builds", "Builds"],
  ["reference", "Reference"],
  ["files", "Files"],
  ["lesson", "Lesson"],
]

/** All actions, in the order in which they are listed. */
export function actionsOf(bench: Workbench): readonly Action[] {
  const { workspace, active, history } = bench.store.getState()
  const themes = ["system", "light", "dark", "contrast"] as const
  return [
    { id: "evaluate", label: "Evaluate", keys: "Ctrl+Enter", run: () => void bench.evaluate() },
    { id: "stop", label: "Stop the evaluation", keys: "Escape", run: bench.stop },
    { id: "copy-link", label: "Copy a link to this workspace", keys: "Ctrl+S", run: () => void bench.copyLink() },
    { id: "share", label: "Share…", run: () => bench.show("share") },
    { id: "compare", label: "Compare with a link…", run: () => bench.show("compare") },
    { id: "palette", label: "All actions", keys: "Ctrl+K", run: () => bench.show("palette") },
    { id: "next-problem", label: "Go to the next problem", keys: "F8", run: bench.nextProblem },
    { id: "examples", label: "Examples and lessons…", run: () => bench.show("examples") },
    { id: "workspaces", label: "Workspaces…", run: () => bench.show("workspaces") },
    { id: "new-workspace", label: "New workspace", run: () => bench.createWorkspace({ name: "Untitled", files: { "main.nix": "" } }) },
    { id: "settings", label: "Settings…", keys: "Ctrl+,", run: () => bench.show("settings") },
    { id: "shortcuts", label: "Keyboard shortcuts", keys: "?", run: () => bench.show("shortcuts") },
    { id: "format", label: `Format ${active}`, keys: "Shift+Alt+F", run: bench.format },
    { id: "entry", label: `Evaluate ${active} from now on`, run: () => bench.setEntry(active) },
    { id: "delete-file", label: `Delete ${active}`, run: () => bench.remove(active) },
    { id: "close-tab", label: `Close the tab of ${active}`, run: () => bench.closeTab(active) },
    ...(history.length > 1
      ? [{ id: "restore", label: "Go back to the state that was evaluated before", run: () => bench.restore(history[1] ?? workspace) }]
      : []),
    { id: "editor", label: "Go to the editor", keys: "Alt+0", run: () => goToEditor(bench) },
    ...panes.map(([pane, name], i) => ({
      id: `pane-${pane}`,
      label: `Show: ${name}`,
      keys: `Alt+${i + 1}`,
      run: () => bench.setPane(pane),
    })),
    ...themes.map((theme) => ({ id: `theme-${theme}`, label: `Theme: ${theme}`, run: () => bench.setSettings({ theme }) })),
    ...Object.keys(workspace.files).map((path) => ({
      id: `open ${path}`,
      label: `Open ${path}`,
      run: () => bench.openSpan(path, { start: 0, end: 0 }),
    })),
  ]
}

/** Puts the focus into whichever editor is there. */
function goToEditor(bench: Workbench): void {
  bench.setPane("code")
  // On phones it has to be in sight first.
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>(".plain, .cm-content, .monaco-editor .native-edit-context, .monaco-editor textarea")?.focus()
  })
}

/** Whether a key event is a shortcut as it is shown. On Apple's keyboards Command does what Control does elsewhere. */
export function matches(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split("+")
  const key = parts[parts.length - 1] as string
  const wanted = { ctrl: parts.includes("Ctrl"), alt: parts.includes("Alt"), shift: parts.includes("Shift") }
  if (wanted.ctrl !== (event.ctrlKey || event.metaKey) || wanted.alt !== event.altKey) return false
  if (wanted.shift && !event.shiftKey) return false
  // With Alt the key may give another character: its place counts.
  return event.key.toLowerCase() === key.toLowerCase() || (wanted.alt && (event.code === `Digit${key}` || event.code === `Key${key}`))
}
