// The page's one store: the open workspace, what is shown of it, and every action of the user's. Made once for a page by `createWorkbench`
// and given to components by context; what it holds is plain data, what it asks is the engine's desk and the shelf.

import { createStore, type StoreApi } from "zustand/vanilla"
import type { BuildSettings, PlaceView, Ref } from "../engine/worker/client.ts"
import type { Diagnostic, LanguageApi, Span } from "../engine/worker/language-protocol.ts"
import type { EngineDesk } from "./engine-desk.ts"
import { type PageSettings, readSettings } from "./page-settings.ts"
import type { OpenRepl } from "./repl/open-repl.ts"
import type { Source } from "./share/page-address.ts"
import type { Looking } from "./share/shared-workspace.ts"
import { rangeOf } from "./text-place.ts"
import { fileActions } from "./workbench-files.ts"
import { noticesIn } from "./workbench-notices.ts"
import { openedState, openingActions } from "./workbench-opening.ts"
import { runsIn } from "./workbench-runs.ts"
import type { DialogName, Pane, WorkbenchState } from "./workbench-state.ts"
import type { SavedWorkspace, Shelf } from "./workspace/shelf.ts"
import type { ClaimListener, TabClaim } from "./workspace/tab-claim.ts"
import { copyName, newId, pathOf, requestOf, type Workspace, withFile } from "./workspace/workspace.ts"

/** How long typing has to pause before the workspace is saved, or evaluated. Milliseconds. */
const PAUSE = 250
/** The same where the program is evaluated in less: its value shall follow the keys. */
const SHORT_PAUSE = 20

export type Workbench = ReturnType<typeof createWorkbench>

interface Given {
  readonly desk: EngineDesk
  readonly shelf: Shelf
  readonly language: LanguageApi
  readonly opened: SavedWorkspace
  /** What a link wants to be seen of the result. */
  readonly looking?: Looking
  /** What tells which tab writes a workspace; none where a page shares its storage with no other. */
  readonly claims?: (listener: ClaimListener) => Pick<TabClaim, "claim" | "takeOver"> | null
}

/** The store of a page that opens with a workspace. */
export function createWorkbench({ desk, shelf, language, opened, looking = { view: "tree", selected: null }, claims = () => null }: Given) {
  const store: StoreApi<WorkbenchState> = createStore(() => ({
    ...openedState(opened, shelf),
    ...looking,
    shown: null,
    progress: { kind: "idle" },
    notices: [],
    caret: null,
    settings: readSettings(shelf.settings()),
    pane: "code",
    side: "result",
    dialog: null,
    topic: null,
    storePath: null,
    source: null,
    kept: shelf.kept,
    elsewhere: false,
    interrupted: shelf.interrupted(),
  }))
  const { getState: get, setState: set } = store
  let lastReveal = 0
  let typedAhead = ""
  /** Whether the workspace was changed here since it is this tab's to write. */
  let edited = false
  const repls = new Map<string, OpenRepl>()
  let saving: ReturnType<typeof setTimeout> | undefined
  let typing: ReturnType<typeof setTimeout> | undefined

  /** Writes the workspace to the shelf. */
  const save = (): void => {
    clearTimeout(saving)
    saving = undefined
    const { workspace, tabs, active, elsewhere } = get()
    // The tab that has it writes it; what is changed here is a copy's.
    if (elsewhere) {
      shelf.noteOpen(workspace.id)
      return
    }
    // Somebody else's is kept once it is changed or started.
    if (workspace.foreign) return
    shelf.save({ workspace, tabs, active, changed: Date.now() })
    if (shelf.kept !== get().kept) set({ kept: shelf.kept })
  }
  const saveSoon = (): void => {
    saving ??= setTimeout(save, PAUSE)
  }
  const { notify, dismiss } = noticesIn(store)

  /** Shows the open workspace as it was saved last, by another tab. */
  const follow = (saved: SavedWorkspace | null): void => {
    const before = get()
    if (saved?.workspace.id !== before.workspace.id || JSON.stringify(saved.workspace) === JSON.stringify(before.workspace)) return
    const { workspace } = saved
    const tabs = before.tabs.filter((tab) => tab in workspace.files)
    const active = before.active in workspace.files ? before.active : saved.active
    set({ workspace, tabs: tabs.includes(active) ? tabs : [...tabs, active], active, history: shelf.history(workspace.id) })
  }
  const asCopy = (workspace: Workspace): Workspace => {
    return { ...workspace, id: newId(), name: copyName(workspace.name, new Set(shelf.list().map((saved) => saved.workspace.name))) }
  }
  /** Goes on in a copy: the workspace itself is another tab's. */
  const leaveForCopy = (workspace: Workspace): void => {
    const copy = asCopy(workspace)
    const repl = repls.get(workspace.id)
    if (repl !== undefined) repls.set(copy.id, repl)
    claim?.claim(copy.id)
    set({ workspace: copy, elsewhere: false })
    save()
  }
  const giveWay = (): void => {
    if (saving === undefined) {
      set({ elsewhere: true })
      return
    }
    // It was taken away in the middle of typing.
    leaveForCopy(get().workspace)
    notify("Another tab has taken this workspace over. What you have just written is in a copy.", { urgent: true })
  }
  const claim = claims({
    gained(id) {
      if (id !== get().workspace.id) return
      // The tab that had it may have saved since this one has read it.
      if (saving === undefined) follow(shelf.open(id))
      edited = false
      set({ elsewhere: false })
    },
    lost: (id) => (id === get().workspace.id ? giveWay() : undefined),
    leaving: (id) => (id === get().workspace.id ? save() : undefined),
  })
  claim?.claim(opened.workspace.id)
  shelf.onForeignSave((saved) => {
    const { workspace, elsewhere } = get()
    if (saved.workspace.id !== workspace.id) return
    // Without locks this is how a tab comes to know that it is not alone.
    if (claim === null && !elsewhere) giveWay()
    // The last words of the tab that had it before may come late.
    else if (elsewhere || !edited) follow(saved)
    else {
      shelf.put({ ...saved, workspace: asCopy(saved.workspace) })
      saveSoon()
      notify("What another tab had written last in this workspace is in a copy.")
    }
  })

  const { run, abandon, took } = runsIn(store, desk)
  /** Evaluates the workspace as it is, without anything being kept or said: for what opens by itself. */
  const preview = (): Promise<void> => run(requestOf(get().workspace, false))
  const evaluate = (): Promise<void> => {
    clearTimeout(typing)
    if (get().workspace.foreign) set({ workspace: { ...get().workspace, foreign: false } })
    // Saved before it runs: whatever the program does to the page, the files are there after a reload.
    save()
    const { workspace, allowFetch, allowBuilds, settings } = get()
    set({ history: shelf.remember(workspace, Date.now()), interrupted: false, pane: "result", side: "result" })
    const network = settings.caches.length === 0 ? {} : { network: { caches: settings.caches } }
    return run({ ...requestOf(workspace, allowFetch), ...network, ...(allowBuilds === null ? {} : { builds: allowBuilds }) })
  }
  const stop = (): void => desk.stop()

  /** Puts a changed workspace into place; whoever changes it makes it their own. */
  const change = (changed: Workspace): void => {
    const { elsewhere } = get()
    if (elsewhere) leaveForCopy(changed)
    if (elsewhere) notify("This workspace is open in another tab. Your changes are in a copy; nothing is lost there or here.")
    const workspace = elsewhere ? get().workspace : changed
    edited = true
    set({ workspace: workspace.foreign ? { ...workspace, foreign: false } : workspace, interrupted: false })
    saveSoon()
    if (get().settings.evaluate !== "typing") return
    clearTimeout(typing)
    // What is still running would have to be killed for the next: not with each key.
    typing = setTimeout(() => void preview(), desk.busy() ? PAUSE : Math.max(SHORT_PAUSE, Math.min(PAUSE, took() ?? PAUSE)))
  }
  const openFile = (path: string): void => {
    const { workspace, tabs } = get()
    if (!(path in workspace.files)) return
    // What was revealed in a file is not where one comes back to.
    set({ active: path, tabs: tabs.includes(path) ? tabs : [...tabs, path], reveal: null })
    saveSoon()
  }
  const openSpan = (path: string, span: Span): void => {
    if (!(path in get().workspace.files)) return
    openFile(path)
    set({ reveal: { path, start: span.start, end: span.end, turn: ++lastReveal }, pane: "code" })
  }
  const { openWorkspace, ...opening } = openingActions({
    store,
    shelf,
    notify,
    preview: () => void preview(),
    save,
    flush() {
      if (saving !== undefined) save()
    },
    drop() {
      clearTimeout(saving)
      saving = undefined
    },
    leave(id) {
      abandon()
      claim?.claim(id)
    },
  })

  /** Puts the address of a link into the browser's history: it was shared. */
  const pushLink = (link: string): void => {
    if (location.hash !== new URL(link).hash) history.pushState(null, "", link)
  }
  const setPane = (pane: Pane): void => set(pane === "code" || pane === "files" || pane === "lesson" ? { pane } : { pane, side: pane })

  return {
    store,
    /** The repls of this visit, by their workspace. */
    repls,
    evaluate,
    preview,
    stop,
    save,
    notify,
    dismiss,
    openFile,
    openSpan,
    ...fileActions({ store, change, openFile, saveSoon, notify }),
    rename: (name: string): void => change({ ...get().workspace, name }),
    setWorkspaceSettings: (settings: Workspace["settings"]): void => change({ ...get().workspace, settings }),
    /** Leads to a position that the engine has named. */
    reveal(place: PlaceView): void {
      const path = pathOf(place.file)
      const text = path === null ? undefined : get().workspace.files[path]
      if (path === null || text === undefined) return
      const [start, end] = rangeOf(text, place)
      openSpan(path, { start, end })
    },
    /** Whether a file that a position names can be opened. */
    leadsTo(file: string): boolean {
      const path = pathOf(file)
      return path !== null && path in get().workspace.files
    },
    /** The caret has moved; kept only where it is shown, since every keystroke moves it. */
    setCaret(path: string, offset: number): void {
      const { view, caret } = get()
      if (view === "parsed" || view === "resolved") set({ caret: { path, offset } })
      else if (caret !== null) set({ caret: null })
    },
    openWorkspace,
    /** This tab is to write the workspace that another one has open. */
    takeOver(): void {
      if (claim !== null) void claim.takeOver()
      else {
        set({ elsewhere: false })
        save()
      }
    },
    /** Opens a copy of what is shown. */
    openCopy: (): void => leaveForCopy(get().workspace),
    ...opening,
    pushLink,
    /** Copies a link that opens at a view of the result, or at the one that is open. */
    async copyLink(view?: string): Promise<void> {
      const { workspace, view: open, selected } = get()
      try {
        const { linkOf } = await import("./share/page-link.ts")
        const link = linkOf(workspace, { view: view ?? open, selected })
        await navigator.clipboard.writeText(link)
        pushLink(link)
        notify(`The link is copied (${link.length.toLocaleString("en")} characters).`)
      } catch {
        // Not allowed here: there it can be copied by hand.
        set({ dialog: "share" })
      }
    },
    /** Leads to the next problem after the last one, in the order of the files. */
    nextProblem(): void {
      const { workspace, diagnostics, reveal, active } = get()
      const order = Object.keys(workspace.files)
      const all = order.flatMap((path) => (diagnostics[path] ?? []).map(({ start, end }) => ({ path, start, end })))
      const from = reveal?.path === active ? reveal.start : -1
      const rank = (path: string): number => order.indexOf(path)
      const next = all.find(({ path, start }) => rank(path) > rank(active) || (path === active && start > from)) ?? all[0]
      if (next === undefined) notify("No problems were found.")
      else openSpan(next.path, next)
    },
    /** Formats the open file. */
    format(): void {
      const { active: path, workspace } = get()
      const text = workspace.files[path] ?? ""
      language.format(text).then(
        (answer) => {
          const now = get().workspace
          if (now.id !== workspace.id || now.files[path] !== text) return
          if ("problem" in answer) notify(`'${path}' cannot be formatted: ${answer.problem}`, { urgent: true })
          else if (answer.text !== text) change(withFile(now, path, answer.text))
        },
        () => {},
      )
    },
    setSettings(settings: Partial<PageSettings>): void {
      const all = { ...get().settings, ...settings }
      set({ settings: all })
      shelf.saveSettings(all)
    },
    /** The user lets the open program ask the network; it runs again. */
    allowFetch(): void {
      set({ allowFetch: true })
      void evaluate()
    },
    /** The user takes back what the open program was allowed: its next evaluation has to ask. */
    disallow: (): void => set({ allowFetch: false, allowBuilds: null }),
    /** The user lets the open program have built what it needs; it runs again. */
    allowBuilds(builds: BuildSettings): void {
      set({ allowBuilds: builds })
      void evaluate()
    },
    setPane,
    setView: (view: string): void => set({ view }),
    select: (selected: Ref | null): void => set({ selected }),
    show(dialog: DialogName | null): void {
      typedAhead = ""
      set({ dialog })
    },
    /** A character that was typed for a dialog which is not there yet. */
    typeAhead(character: string): void {
      typedAhead += character
    },
    typedAhead: (): string => typedAhead,
    /** Opens the store's pane at a path. */
    openStorePath: (storePath: string): void => set({ storePath, pane: "store", side: "store", dialog: null }),
    /** Opens the reference at an entry. */
    explainName: (topic: string): void => set({ topic, pane: "reference", side: "reference", dialog: null }),
    setSource: (source: Source | null): void => set({ source }),
    setDiagnostics(path: string, found: readonly Diagnostic[]): void {
      set({ diagnostics: { ...get().diagnostics, [path]: found } })
    },
    noteRunning: (running: boolean): void => shelf.noteRunning(running),
  }
}
