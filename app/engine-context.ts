// The engine, for every component that opens values.

import { createContext, useContext } from "react"
import type { Engine } from "../engine/worker/client.ts"

export const EngineContext = createContext<Engine | null>(null)

/** The page's engine. */
export function useEngine(): Engine {
  const engine = useContext(EngineContext)
  if (engine === null) throw new Error("no engine above this component")
  return engine
}
