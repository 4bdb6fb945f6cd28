// The editor that takes the plain one's place: which one, and when. Never in the middle of a word that an input method is composing.

import { type ComponentType, useEffect, useState } from "react"
import type { CodeEditorProps } from "./editor/editor-host.ts"
import { phone, useMedia } from "./use-media.ts"
import { useBench } from "./workbench-context.ts"

type Large = ComponentType<CodeEditorProps>

/** Loads an editor; both are chunks of their own. */
const load = {
  full: async (): Promise<Large> => (await import("./editor/CodeEditor.tsx")).CodeEditor,
  light: async (): Promise<Large> => (await import("./editor/LightEditor.tsx")).LightEditor,
}

/** The larger editor, or null as long as the plain one is to be used. */
export function useLargeEditor(): Large | null {
  const chosen = useBench((state) => state.settings.editor)
  // Another site's page gets the light one too: it shall not have to load more for a few lines.
  const small = useMedia(phone) || window.parent !== window
  const kind = chosen === "auto" ? (small ? "light" : "full") : chosen
  const [loaded, setLoaded] = useState<{ readonly kind: string; readonly editor: Large } | null>(null)
  useEffect(() => {
    if (kind === "plain") return
    let gone = false
    let composing = false
    let waiting: (() => void) | null = null
    const begin = (): void => {
      composing = true
    }
    const end = (): void => {
      composing = false
      // After the event, when the text area has told its change.
      setTimeout(() => waiting?.())
    }
    document.addEventListener("compositionstart", begin)
    document.addEventListener("compositionend", end)
    const cancel = whenIdle(() => {
      load[kind]().then(
        (editor) => {
          const put = (): void => {
            if (!gone) setLoaded({ kind, editor })
          }
          if (composing) waiting = put
          else put()
        },
        () => {
          // Not reachable (no network, nothing in the cache): the plain editor stays.
        },
      )
    })
    return () => {
      gone = true
      cancel()
      document.removeEventListener("compositionstart", begin)
      document.removeEventListener("compositionend", end)
    }
  }, [kind])
  return loaded?.kind === kind ? loaded.editor : null
}

/** Calls back when the page has nothing to do; gives what cancels it. */
function whenIdle(work: () => void): () => void {
  if (typeof requestIdleCallback !== "function") {
    const timer = setTimeout(work, 200)
    return () => clearTimeout(timer)
  }
  const id = requestIdleCallback(work, { timeout: 2000 })
  return () => cancelIdleCallback(id)
}
