// The page's store for every component: its actions, and the parts of its state that a component shows.

import { createContext, useContext } from "react"
import { useStore } from "zustand"
import type { Workbench } from "./workbench.ts"
import type { WorkbenchState } from "./workbench-state.ts"

export const WorkbenchContext = createContext<Workbench | null>(null)

/** The actions. */
export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext)
  if (workbench === null) throw new Error("no workbench above this component")
  return workbench
}

/** A part of the state; `pick` gives the same object while nothing of it has changed. */
export function useBench<T>(pick: (state: WorkbenchState) => T): T {
  return useStore(useWorkbench().store, pick)
}
