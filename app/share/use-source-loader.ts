// Loads files from elsewhere for a component that the user has told to.

import { useCallback } from "react"
import { useBuilds } from "../build/build-context.ts"
import { endpointOf } from "../build/build-desk.ts"
import { useEngine } from "../engine-context.ts"
import type { Source } from "./page-address.ts"
import type { LoadedSource } from "./source-loader.ts"

/** Loads; rejects with a sentence for people. A gateway gets the user's token if it is the one that the token is for, and no other does. */
export function useSourceLoader(): (source: Source) => Promise<LoadedSource> {
  const engine = useEngine()
  const builds = useBuilds()
  return useCallback(
    async (source) => {
      const { loadSource } = await import("./source-loader.ts")
      return loadSource(source, (root, url) => {
        const own = builds === null ? null : endpointOf(builds.store.getState())
        return engine.bundles.fetch(root, own?.url.replace(/\/+$/, "") === url ? own : { url })
      })
    },
    [engine, builds],
  )
}
