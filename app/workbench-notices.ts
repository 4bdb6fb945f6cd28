// Sentences for the user: what was done and can be undone, what went wrong.

import type { StoreApi } from "zustand/vanilla"
import type { Notice, WorkbenchState } from "./workbench-state.ts"

/** How long a sentence without consequences stays. Milliseconds. */
const READ = 10_000

/** The notices of a page's store. */
export function noticesIn({ getState: get, setState: set }: StoreApi<WorkbenchState>) {
  let last = 0
  const dismiss = (id: number): void => set({ notices: get().notices.filter((notice) => notice.id !== id) })
  const notify = (text: string, more: Partial<Pick<Notice, "action" | "urgent">> = {}): void => {
    const { notices } = get()
    if (notices.some((notice) => notice.text === text && more.action === undefined)) return
    const action = more.action
    const id = ++last
    const act = (): void => {
      dismiss(id)
      action?.run()
    }
    const done = action === undefined ? {} : { action: { label: action.label, run: act } }
    // Old ones make room: nobody reads ten.
    set({ notices: [...notices.slice(-3), { id, text, urgent: more.urgent ?? false, ...done }] })
    // What only says that something was done goes by itself; what can be acted on, or went wrong, stays.
    if (action === undefined && more.urgent !== true) setTimeout(() => dismiss(id), READ)
  }
  return { notify, dismiss }
}
