// The page's one store: the open workspace, what is shown of it, and every action of the user's. Made once for a page by `createWorkbench`
// and given to components by context; what it holds is plain data, what it asks is the engine's desk and the shelf.

import { createStore, type StoreApi } from "zustand/vanilla"
import { type BuildSettings, EngineStopped, type EvaluateRequest, type PlaceView, type Ref } from "../engine/worker/client.ts"
import type { Diagnostic, LanguageApi, Span } from "../engine/worker/language-protocol.ts"
import type { EngineDesk } from "./engine-desk.ts"
import type { Shared } from "./link/envelope.ts"
import { type PageSettings, readSettings } from "./page-settings.ts"
import type { OpenRepl } from "./repl/open-repl.ts"
import type { Source } from "./share/page-address.ts"
import { type Looking, workspaceOf } from "./share/shared-workspace.ts"
import { rangeOf } from "./text-place.ts"
import type { DialogName, Notice, Pane, WorkbenchState } from "./workbench-state.ts"
import type { SavedWorkspace, Shelf, Snapshot } from "./workspace/shelf.ts"
import type { ClaimListener, TabClaim } from "./workspace/tab-claim.ts"
import {
  copyName,
  createWorkspace,
  moved,
  movedPath,
  newId,
  pathOf,
  placeProblem,
  requestOf,
  type Workspace,
  withFile,
  without,
  withoutTree,
  withTree,
} from "./workspace/workspace.ts"

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
  let turn = 0
  let lastRun: number | null = null
  let lastNotice = 0
  /** Whether the workspace was changed here since it is this tab's to write. */
  let edited = false
  const repls = new Map<string, OpenRepl>()
  let saving: ReturnType<typeof setTimeout> | undefined
  let typing: ReturnType<typeof setTimeout> | undefined
  /** Milliseconds that the last evaluation took. */
  let took = PAUSE

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
  const dismiss = (id: number): void => set({ notices: get().notices.filter((notice) => notice.id !== id) })
  const notify = (text: string, more: Partial<Pick<Notice, "action" | "urgent">> = {}): void => {
    const { notices } = get()
    if (notices.some((notice) => notice.text === text && more.action === undefined)) return
    const action = more.action
    const id = ++lastNotice
    const act = (): void => {
      dismiss(id)
      action?.run()
    }
    const done = action === undefined ? {} : { action: { label: action.label, run: act } }
    // Old ones make room: nobody reads ten.
    set({ notices: [...notices.slice(-3), { id, text, urgent: more.urgent ?? false, ...done }] })
  }

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

  const run = async (request: EvaluateRequest): Promise<void> => {
    const mine = ++turn
    // A busy worker reads no messages: the only way to the new program is a new worker.
    if (desk.busy()) desk.stop()
    // The new program has the whole memory limit.
    if (lastRun !== null) desk.park(lastRun)
    const since = Date.now()
    set({ progress: { kind: "running", since } })
    try {
      const evaluated = await desk.evaluate(request)
      if (mine !== turn) return
      took = Date.now() - since
      if (lastRun !== null) desk.release(lastRun)
      lastRun = evaluated.run
      const { workspace, shown, selected } = get()
      // The same program again, a little changed: the node that was selected stays so where it is still there.
      const kept = shown === null || shown.workspace === workspace.id ? selected : null
      set({ shown: { workspace: workspace.id, request, evaluated }, progress: { kind: "idle" }, selected: kept })
    } catch (e) {
      if (mine !== turn) return
      const why = e instanceof Error ? e.message : String(e)
      set({ progress: { kind: "stopped", why: e instanceof EngineStopped ? why : `the engine failed: ${why}` } })
    }
  }
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
    typing = setTimeout(() => void preview(), desk.busy() ? PAUSE : Math.max(SHORT_PAUSE, Math.min(PAUSE, took)))
  }
  const openFile = (path: string): void => {
    const { workspace, tabs } = get()
    if (!(path in workspace.files)) return
    set({ active: path, tabs: tabs.includes(path) ? tabs : [...tabs, path] })
    saveSoon()
  }
  const openSpan = (path: string, span: Span): void => {
    if (!(path in get().workspace.files)) return
    openFile(path)
    set({ reveal: { path, start: span.start, end: span.end, turn: (get().reveal?.turn ?? 0) + 1 }, pane: "code" })
  }
  const openWorkspace = (saved: SavedWorkspace, looking: Looking = { view: "tree", selected: null }): void => {
    // What the last keystroke left unsaved.
    if (saving !== undefined) save()
    ++turn
    if (desk.busy()) desk.stop()
    claim?.claim(saved.workspace.id)
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
    /** Opens a new workspace of given parts beside those that are there. */
    createWorkspace: (given: Parameters<typeof createWorkspace>[0]): void => openNew(given),
    /** Opens what a link carries beside what is there, and shows its value under a small budget. */
    openShared(shared: Shared): void {
      const { workspace, ...looking } = workspaceOf(shared)
      openNew(workspace, looking)
      void preview()
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
      void preview()
    },
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
    /** Deletes a workspace that is kept, with an offer to undo it. */
    removeWorkspace(saved: SavedWorkspace): void {
      clearTimeout(saving)
      saving = undefined
      shelf.remove(saved.workspace.id)
      notify(`The workspace '${saved.workspace.name}' was deleted.`, { action: { label: "Undo", run: () => shelf.save(saved) } })
      if (saved.workspace.id === get().workspace.id) openWorkspace(shelf.last().saved)
    },
    workspaces: (): SavedWorkspace[] => {
      if (saving !== undefined) save()
      return shelf.list()
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
    show: (dialog: DialogName | null): void => set({ dialog }),
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

/** The part of the state that a workspace brings with it. */
function openedState({ workspace, tabs, active }: SavedWorkspace, shelf: Shelf) {
  const history = shelf.history(workspace.id)
  return { workspace, tabs, active, history, diagnostics: {}, reveal: null, allowFetch: false, allowBuilds: null }
}
