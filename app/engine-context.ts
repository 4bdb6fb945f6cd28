// The engine, for every component that asks it something.

import { createContext, useContext } from "react"
import type { EngineDesk } from "./engine-desk.ts"

export const EngineContext = createContext<EngineDesk | null>(null)

/** The page's engine. */
export function useEngine(): EngineDesk {
  const engine = useContext(EngineContext)
  if (engine === null) throw new Error("no engine above this component")
  return engine
}
