// Finds the problems of the files as they stand, after each change and never in its way.

import type { LanguageApi } from "../engine/worker/language-protocol.ts"
import type { Workbench } from "./workbench.ts"

/** Milliseconds that typing has to pause. */
const PAUSE = 60
/** Longer texts are not checked while they are written. */
const LONGEST = 500_000

/** Keeps the workbench's diagnostics; gives what ends that. */
export function startDiagnosing(bench: Workbench, language: LanguageApi): () => void {
  const checked = new Map<string, string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let id = ""
  const look = (): void => {
    const { workspace } = bench.store.getState()
    if (workspace.id !== id) checked.clear()
    id = workspace.id
    for (const [path, text] of Object.entries(workspace.files)) {
      if (!path.endsWith(".nix") || checked.get(path) === text || text.length > LONGEST) continue
      checked.set(path, text)
      language.analyze(text).then(
        ({ diagnostics }) => {
          const now = bench.store.getState().workspace
          if (now.id === workspace.id && now.files[path] === text) bench.setDiagnostics(path, diagnostics)
        },
        () => checked.delete(path),
      )
    }
  }
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(look, PAUSE)
  }
  const end = bench.store.subscribe((state, before) => {
    if (state.workspace.files !== before.workspace.files) soon()
  })
  soon()
  return () => {
    clearTimeout(timer)
    end()
  }
}
