// The theme that is shown: the user's, or the system's. It stands on the document's root, where the style has its colours.

import { useLayoutEffect } from "react"
import { useMedia } from "./use-media.ts"
import { useBench } from "./workbench-context.ts"

export type Theme = "light" | "dark" | "contrast"

export function useTheme(): Theme {
  const chosen = useBench((state) => state.settings.theme)
  const dark = useMedia("(prefers-color-scheme: dark)")
  const contrast = useMedia("(prefers-contrast: more)")
  const theme = chosen !== "system" ? chosen : contrast ? "contrast" : dark ? "dark" : "light"
  useLayoutEffect(() => {
    document.documentElement.dataset["theme"] = theme
  }, [theme])
  return theme
}
