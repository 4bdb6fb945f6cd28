// The page's builds, for every component that shows or begins some. Null where the page has none, as in somebody else's page.

import { createContext, useContext } from "react"
import type { BuildDesk } from "./build-desk.ts"

export const BuildContext = createContext<BuildDesk | null>(null)

export function useBuilds(): BuildDesk | null {
  return useContext(BuildContext)
}
