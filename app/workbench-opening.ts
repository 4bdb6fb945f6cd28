// Which workspace is open: others of the user's, new ones, what a link carries, lessons.

import type { StoreApi } from "zustand/vanilla"
import type { Shared } from "./link/envelope.ts"
import { type Looking, workspaceOf } from "./share/shared-workspace.ts"
import type { Notice, WorkbenchState } from "./workbench-state.ts"
import type { SavedWorkspace, Shelf } from "./workspace/shelf.ts"
import { createWorkspace, newId } from "./workspace/workspace.ts"

interface Given {
  readonly store: StoreApi<WorkbenchState>
  readonly shelf: Shelf
  readonly notify: (text: string, more?: Partial<Pick<Notice, "action" | "urgent">>) => void
  /** Shows the value of what is open, under a small budget if it is somebody else's. */
  readonly preview: () => void
  /** Writes what is open to the shelf. */
  readonly save: () => void
  /** The same, if something was left to be written. */
  readonly flush: () => void
  /** What was left to be written is not wanted any more. */
  readonly drop: () => void
  /** The open workspace is left for another: its evaluation ends. */
  readonly leave: (next: string) => void
}

export function openingActions({ store, shelf, notify, preview, save, flush, drop, leave }: Given) {
  const { getState: get, setState: set } = store
  const openWorkspace = (saved: SavedWorkspace, looking: Looking = { view: "tree", selected: null }): void => {
    // What the last keystroke left unsaved.
    flush()
    leave(saved.workspace.id)
    set({
      ...openedState(saved, shelf),
      ...looking,
      progress: { kind: "idle" },
      shown: null,
      elsewhere: false,
      interrupted: false,
      dialog: null,
      pane: "code",
    })
  }
  const openNew = (given: Parameters<typeof createWorkspace>[0], looking?: Looking): void => {
    const workspace = createWorkspace({ ...given, id: newId() })
    openWorkspace({ workspace, tabs: [workspace.entry], active: workspace.entry, changed: Date.now() }, looking)
    save()
  }
  return {
    openWorkspace,
    /** Opens a new workspace of given parts beside those that are there. */
    createWorkspace: (given: Parameters<typeof createWorkspace>[0]): void => openNew(given),
    /** Opens what a link carries beside what is there, and shows its value under a small budget. */
    openShared(shared: Shared): void {
      const { workspace, ...looking } = workspaceOf(shared)
      openNew(workspace, looking)
      preview()
    },
    /** Opens a lesson: the user's own copy of it if there is one. */
    async openLesson(id: string): Promise<void> {
      const { lessons } = await import("./lesson/lessons.ts")
      const lesson = lessons.find((one) => one.id === id)
      if (lesson === undefined) return notify("There is no such lesson.", { urgent: true })
      const own = shelf.list().find(({ workspace }) => workspace.guide === id)
      const looking = { view: lesson.view, selected: null }
      if (own !== undefined) openWorkspace(own, looking)
      else openNew({ name: lesson.title, files: lesson.files, guide: id }, looking)
      set({ pane: "lesson", side: "result" })
      preview()
    },
    /** Deletes a workspace that is kept, with an offer to undo it. */
    removeWorkspace(saved: SavedWorkspace): void {
      const isOpen = saved.workspace.id === get().workspace.id
      if (isOpen) drop()
      shelf.remove(saved.workspace.id)
      notify(`The workspace '${saved.workspace.name}' was deleted.`, { action: { label: "Undo", run: () => shelf.save(saved) } })
      if (isOpen) openWorkspace(shelf.last().saved)
    },
    workspaces(): SavedWorkspace[] {
      flush()
      return shelf.list()
    },
  }
}

/** The part of the state that a workspace brings with it. */
export function openedState({ workspace, tabs, active }: SavedWorkspace, shelf: Shelf) {
  const history = shelf.history(workspace.id)
  return { workspace, tabs, active, history, diagnostics: {}, reveal: null, allowFetch: false, allowBuilds: null }
}
