// Vim keys in Monaco, loaded when they are wanted.

import type { editor } from "monaco-editor/editor"
import { type RefObject, useEffect } from "react"

/** `bar` shows the mode and takes commands. */
export function useVim(shown: RefObject<editor.IStandaloneCodeEditor | null>, bar: RefObject<HTMLElement | null>, wanted: boolean): void {
  useEffect(() => {
    const current = shown.current
    const place = bar.current
    if (!wanted || current === null || place === null) return
    let ended = false
    let mode: { dispose(): void } | null = null
    void import("monaco-vim").then(({ initVimMode }) => {
      if (!ended) mode = initVimMode(current as Parameters<typeof initVimMode>[0], place)
    })
    return () => {
      ended = true
      mode?.dispose()
    }
  }, [shown, bar, wanted])
}
