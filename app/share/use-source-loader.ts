// Loads files from elsewhere for a component that the user has told to: how far it is, and how it is stopped.

import { useCallback, useEffect, useRef, useState } from "react"
import { useBuilds } from "../build/build-context.ts"
import { endpointOf } from "../build/build-desk.ts"
import { useEngine } from "../engine-context.ts"
import { countText, sizeText } from "../store/size-text.ts"
import type { Source } from "./page-address.ts"
import type { LoadedSource } from "./source-loader.ts"
import { describeSource } from "./source-text.ts"

export interface SourceLoading {
  /** How far it is, or what went wrong; "" before anything was loaded. */
  readonly said: string
  readonly busy: boolean
  /** Loads, and gives what was loaded to `open`. */
  load(source: Source, open: (loaded: LoadedSource) => void): Promise<void>
  stop(): void
}

/** Ends with its component. A gateway gets the user's token if it is the one that the token is for, and no other does. */
export function useSourceLoader(): SourceLoading {
  const engine = useEngine()
  const builds = useBuilds()
  const [said, setSaid] = useState("")
  const [busy, setBusy] = useState(false)
  const current = useRef<AbortController | null>(null)
  useEffect(() => () => current.current?.abort(), [])
  const load = useCallback(
    async (source: Source, open: (loaded: LoadedSource) => void) => {
      current.current?.abort()
      const { signal } = (current.current = new AbortController())
      const what = describeSource(source)
      const progress = (far: string) => (signal.aborted ? undefined : setSaid(`Loading ${what}: ${far}`))
      setBusy(true)
      setSaid(`Loading ${what} …`)
      try {
        const { loadSource } = await import("./source-loader.ts")
        const fetchBundle: Parameters<typeof loadSource>[1] = (root, url) => {
          const own = builds === null ? null : endpointOf(builds.store.getState())
          const endpoint = own?.url.replace(/\/+$/, "") === url ? own : { url }
          return engine.bundles.fetch(
            { root, endpoint },
            {
              signal,
              progress: ({ entries, total, bytes }) =>
                progress(`${entries.toLocaleString("en")} of ${countText(total, "entry")}, ${sizeText(bytes)}`),
            },
          )
        }
        const loaded = await loadSource(source, fetchBundle, { signal, progress })
        if (signal.aborted) return
        setSaid("")
        open(loaded)
      } catch (e) {
        if (!signal.aborted) setSaid(`It cannot be opened: ${e instanceof Error ? e.message : String(e)}.`)
      } finally {
        if (current.current?.signal === signal) setBusy(false)
      }
    },
    [engine, builds],
  )
  const stop = useCallback(() => {
    current.current?.abort()
    setBusy(false)
    setSaid("Cancelled.")
  }, [])
  return { said, busy, load, stop }
}
