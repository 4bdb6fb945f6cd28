// What the rows of one result share: the run they belong to, where printed lines go, and how a position is shown in the text.

import { createContext, type ReactNode, useContext } from "react"
import type { PlaceView, ProblemView, Ref } from "../../engine/worker/client.ts"
import type { Kept } from "./kept.ts"

export interface ResultScope {
  readonly run: number
  /** The file that was evaluated, as positions name it; positions in it are told without its name. */
  readonly main: string
  addLog(lines: readonly string[]): void
  /** A node's place as a path in Nix; "" is the value itself. */
  pathOf(ref: Ref): string
  /** Where nodes are watched; null where no next result takes this one's place. */
  readonly kept: Kept | null
  /** Whether the user can be led to a file: it is one of the workspace's. */
  leadsTo(file: string): boolean
  /** Selects the place in the editor. */
  show(place: PlaceView): void
  /** What the user can do about a problem: shown with it. */
  readonly remedy?: (problem: ProblemView) => ReactNode
  /** Opens the card of a derivation that a value refers to. */
  readonly onDerivationPath?: (drvPath: string) => void
  /** Explains the store path that a node is or has. */
  readonly onExplainNode?: (ref: Ref) => void
}

export const ResultContext = createContext<ResultScope | null>(null)

export function useResult(): ResultScope {
  const scope = useContext(ResultContext)
  if (scope === null) throw new Error("no result above this component")
  return scope
}
