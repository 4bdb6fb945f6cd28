// Whether a media query holds, for layouts that differ in more than style.

import { useSyncExternalStore } from "react"

/** The width up to which one pane is shown at a time; style.css has the same. */
export const phone = "(max-width: 760px)"

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matching(query)
      media?.addEventListener("change", listener)
      return () => media?.removeEventListener("change", listener)
    },
    () => matching(query)?.matches ?? false,
  )
}

/** Null where there is no screen (jsdom). */
function matching(query: string): MediaQueryList | null {
  return typeof globalThis.matchMedia === "function" ? globalThis.matchMedia(query) : null
}
