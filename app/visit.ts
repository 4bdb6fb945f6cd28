// How a visit begins and how it stands in the address bar: links are opened beside the user's own work, and the address follows what is
// open without filling the browser's history.

import { askedBy } from "./share/page-address.ts"
import type { Looking } from "./share/shared-workspace.ts"
import { workspaceOf } from "./share/shared-workspace.ts"
import type { Workbench } from "./workbench.ts"
import type { SavedWorkspace, Shelf } from "./workspace/shelf.ts"
import { createWorkspace, newId } from "./workspace/workspace.ts"

export interface Opening {
  readonly opened: SavedWorkspace
  readonly looking: Looking
  /** Whether its value is shown without being asked for. */
  readonly runs: boolean
}

/** Programs of strangers that are longer wait until they are told to run. */
const LONGEST = 200_000

/** What to begin with at an address. */
export async function openingOf(address: Pick<Location, "search" | "hash">, shelf: Shelf): Promise<Opening> {
  const asked = await askedBy(address)
  if (asked.kind === "shared") {
    const { workspace: given, ...looking } = workspaceOf(asked.shared)
    const workspace = createWorkspace({ ...given, id: newId() })
    const size = Object.values(workspace.files).reduce((sum, text) => sum + text.length, 0)
    return {
      opened: { workspace, tabs: [workspace.entry], active: workspace.entry, changed: 0 },
      looking,
      runs: size <= LONGEST && !shelf.interrupted(),
    }
  }
  const { saved, isNew } = shelf.last()
  return { opened: saved, looking: { view: "tree", selected: null }, runs: isNew && !shelf.interrupted() }
}

/** Does what else the address asks for, follows its changes, and clears it once it no longer tells what is open. */
export function followAddress(bench: Workbench): void {
  const act = async (changed: boolean): Promise<void> => {
    const asked = await askedBy(location)
    if (asked.kind === "wrong") bench.notify(`This link cannot be opened: ${asked.why}.`, { urgent: true })
    else if (asked.kind === "source") bench.setSource(asked.source)
    else if (asked.kind === "lesson") void bench.openLesson(asked.id)
    else if (asked.kind === "topic") bench.explainName(decodeURIComponent(asked.name))
    else if (asked.kind === "shared" && changed) bench.openShared(asked.shared)
  }
  void act(false)
  addEventListener("hashchange", () => void act(true))
  let timer: ReturnType<typeof setTimeout> | undefined
  bench.store.subscribe(({ workspace }, { workspace: before }) => {
    if (workspace.files === before.files && workspace.id === before.id && workspace.foreign === before.foreign) return
    if (location.hash === "" && location.search === "") return
    clearTimeout(timer)
    // Not with every keystroke: browsers slow down pages that do.
    timer = setTimeout(() => {
      if (bench.store.getState().workspace.foreign || location.hash.startsWith("#doc=")) return
      const embed = new URLSearchParams(location.search).has("embed") ? "?embed" : ""
      history.replaceState(null, "", location.pathname + embed)
    }, 500)
  })
}
