// What can be done with the files of the open workspace.

import type { StoreApi } from "zustand/vanilla"
import type { Notice, WorkbenchState } from "./workbench-state.ts"
import type { Snapshot } from "./workspace/shelf.ts"
import { moved, movedPath, placeProblem, type Workspace, withFile, without, withoutTree, withTree } from "./workspace/workspace.ts"

interface Given {
  readonly store: StoreApi<WorkbenchState>
  /** Puts a changed workspace into place. */
  readonly change: (changed: Workspace) => void
  readonly openFile: (path: string) => void
  readonly saveSoon: () => void
  readonly notify: (text: string, more?: Partial<Pick<Notice, "action" | "urgent">>) => void
}

export function fileActions({ store: { getState: get, setState: set }, change, openFile, saveSoon, notify }: Given) {
  return {
    /** Changes the text of a file that is there. */
    edit(path: string, text: string): void {
      const { workspace } = get()
      if (workspace.files[path] !== undefined && workspace.files[path] !== text) change(withFile(workspace, path, text))
    },
    /** Shows a tree of the store beside the files. */
    mount: (name: string, storePath: string): void => change(withTree(get().workspace, name, storePath)),
    unmount: (path: string): void => change(withoutTree(get().workspace, path)),
    /** Makes a file and opens it; or says why it cannot be. */
    create(path: string, text = ""): string | null {
      const { workspace } = get()
      const problem = placeProblem(workspace, path)
      if (problem !== null) return problem
      change(withFile(workspace, path, text))
      openFile(path)
      return null
    },
    /** Puts many files into the workspace, over those that are there; can be undone. */
    addFiles(files: Readonly<Record<string, string>>): void {
      const { workspace: before, tabs, active } = get()
      change({ ...before, files: { ...before.files, ...files } })
      const names = Object.keys(files)
      if (names[0] !== undefined) openFile(names[0])
      const undo = () => {
        set({ tabs, active })
        change({ ...get().workspace, files: before.files, entry: before.entry })
      }
      notify(names.length === 1 ? `'${names[0]}' was added.` : `${names.length} files were added.`, {
        action: { label: "Undo", run: undo },
      })
    },
    /** Moves or renames a file or folder; or says why it cannot be. */
    move(from: string, to: string): string | null {
      if (from === to) return null
      const { workspace, tabs, active } = get()
      const problem = to.startsWith(`${from}/`) ? "A folder cannot go into itself." : placeProblem(without(workspace, from), to)
      if (problem !== null) return problem
      change(moved(workspace, from, to))
      set({ tabs: tabs.map((tab) => movedPath(tab, from, to)), active: movedPath(active, from, to) })
      return null
    },
    /** Deletes a file or folder, with an offer to undo it. */
    remove(path: string): void {
      const { workspace: before, tabs, active } = get()
      const after = without(before, path)
      change(after)
      const left = tabs.filter((tab) => tab in after.files)
      const now = active in after.files ? active : (left[left.length - 1] ?? after.entry)
      set({ tabs: left.includes(now) ? left : [...left, now], active: now })
      const undo = () => {
        const { workspace } = get()
        if (workspace.id !== before.id) return
        change({ ...workspace, files: { ...before.files, ...workspace.files }, entry: before.entry })
        set({ tabs, active })
      }
      notify(`'${path}' was deleted.`, { action: { label: "Undo", run: undo } })
    },
    closeTab(path: string): void {
      const { tabs, active } = get()
      if (tabs.length === 1) return
      const at = tabs.indexOf(path)
      const left = tabs.filter((tab) => tab !== path)
      set({ tabs: left, active: active === path ? (left[Math.min(at, left.length - 1)] as string) : active })
      saveSoon()
    },
    setEntry: (path: string): void => change({ ...get().workspace, entry: path }),
    /** Goes back to a state of the history, with an offer to undo it. */
    restore({ files, entry }: Pick<Snapshot, "files" | "entry">): void {
      const before = get()
      const put = (state: Pick<Workspace, "files" | "entry">, tabs: readonly string[], active: string): void => {
        change({ ...get().workspace, files: state.files, entry: state.entry })
        const left = tabs.filter((tab) => tab in state.files)
        const now = active in state.files ? active : state.entry
        set({ tabs: left.includes(now) ? left : [...left, now], active: now })
      }
      put({ files, entry }, before.tabs, before.active)
      const undo = () => (get().workspace.id === before.workspace.id ? put(before.workspace, before.tabs, before.active) : undefined)
      notify("The earlier state is back.", { action: { label: "Undo", run: undo } })
    },
  }
}
