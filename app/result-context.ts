// What the rows of one result share: the run they belong to, where printed lines go, and how a position is shown in the text.

import { createContext, useContext } from "react"
import type { PlaceView } from "../engine/worker/client.ts"

export interface ResultScope {
  readonly run: number
  addLog(lines: readonly string[]): void
  /** Selects the place in the text area. */
  show(place: PlaceView): void
}

export const ResultContext = createContext<ResultScope | null>(null)

export function useResult(): ResultScope {
  const scope = useContext(ResultContext)
  if (scope === null) throw new Error("no result above this component")
  return scope
}
