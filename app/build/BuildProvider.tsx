// Gives the page's builds to the components below, once their code is there: nobody builds in the first second.

import { type ReactNode, useEffect, useState } from "react"
import { BuildContext } from "./build-context.ts"
import type { BuildDesk } from "./build-desk.ts"

interface Props {
  /** Null where the page has none. */
  readonly desk: Promise<BuildDesk> | null
  readonly children: ReactNode
}

export function BuildProvider({ desk, children }: Props) {
  const [loaded, setLoaded] = useState<BuildDesk | null>(null)
  useEffect(() => {
    // Without it the page has no builds until the next visit, and all else.
    desk?.then(setLoaded, () => {})
  }, [desk])
  return <BuildContext value={loaded}>{children}</BuildContext>
}
