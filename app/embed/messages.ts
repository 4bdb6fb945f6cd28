// What an embedded page and the page around it say to each other. Anything else that arrives is ignored.
//
//   in:  { thunkpad: 1, kind: "set", code }, { thunkpad: 1, kind: "evaluate" }
//   out: { thunkpad: 1, kind: "ready" }, { …, kind: "change", code }, { …, kind: "result", ok, text }

import type { ValueView } from "../../engine/worker/client.ts"
import type { Workbench } from "../workbench.ts"

/** Longer programs are not taken from other pages. */
const LONGEST = 1_000_000

/** Connects an embedded page with the page around it. */
export function listenToParent(bench: Workbench): void {
  if (window.parent === window) return
  // The page around it may be anyone's, and what it gets is what it could type itself.
  const tell = (message: object): void => window.parent.postMessage({ thunkpad: 1, ...message }, "*")
  addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || typeof data !== "object" || data === null) return
    const { thunkpad, kind, code } = data as { thunkpad?: unknown; kind?: unknown; code?: unknown }
    if (thunkpad !== 1) return
    if (kind === "set" && typeof code === "string" && code.length <= LONGEST) {
      const { workspace } = bench.store.getState()
      bench.edit(workspace.entry, code)
    } else if (kind === "evaluate") void bench.preview()
  })
  bench.store.subscribe((now, before) => {
    const code = now.workspace.files[now.workspace.entry]
    if (code !== before.workspace.files[before.workspace.entry]) tell({ kind: "change", code })
    if (now.shown !== before.shown && now.shown !== null) {
      const { view } = now.shown.evaluated
      tell({ kind: "result", ok: view.kind !== "failed", text: inShort(view) })
    }
  })
  tell({ kind: "ready" })
}

function inShort(view: ValueView): string {
  switch (view.kind) {
    case "int":
    case "float":
    case "string":
      return view.text
    case "bool":
      return String(view.value)
    case "path":
      return view.path
    case "failed":
      return view.problem.message
    default:
      return view.kind
  }
}
