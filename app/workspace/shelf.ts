// Where workspaces are kept across reloads and crashes: the browser's localStorage, which is written before the next line of the program
// runs. Where storage is denied (a frame of another site, a private window) they live as long as the page.
//
//   thunkpad/2/workspace/ID   a SavedWorkspace         thunkpad/2/settings   the page's settings
//   thunkpad/2/history/ID     Snapshots, newest first  thunkpad/2/last       the workspace that was open last
//   of the tab alone: thunkpad/2/current, the workspace that is open in it; thunkpad/2/running, set while an evaluation is under way
//   thunkpad/1/workspace      what the first version kept: a text and earlier ones

import { firstText } from "./first.ts"
import { createWorkspace, newId, pathProblem, type Workspace } from "./workspace.ts"

/** A state of a workspace to which one can go back: as it was evaluated. */
export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly entry: string
  readonly files: Readonly<Record<string, string>>
}

/** A workspace as it is kept, with the open tabs. */
export interface SavedWorkspace {
  readonly workspace: Workspace
  readonly tabs: readonly string[]
  readonly active: string
  /** Milliseconds since 1970. */
  readonly changed: number
}

const OLD = "thunkpad/1/workspace"
const KEY = "thunkpad/2/"
const SNAPSHOTS = 100
/** Characters that the history of a workspace may have: storage is about 5 million for everything. */
const HISTORY = 500_000
/** Larger states are kept as the workspace, not in its history. */
const LONGEST = 50_000

/** Reads and writes what is kept. */
export class Shelf {
  /** False once something could not be kept. */
  kept = true
  private readonly wanted: boolean
  private readonly local: Storage | null
  private readonly session: Storage | null
  /** What storage did not take. */
  private readonly memory = new Map<string, string>()

  /** Over the browser's storage, or over memory where nothing is to be kept. */
  constructor(where: "browser" | "memory" = "browser") {
    this.local = where === "memory" ? null : storageOf("localStorage")
    this.session = where === "memory" ? null : storageOf("sessionStorage")
    this.wanted = where === "browser"
    if (this.local === null) this.kept = !this.wanted
    this.migrate()
  }

  /** All workspaces, the last changed first. */
  list(): SavedWorkspace[] {
    const prefix = `${KEY}workspace/`
    return this.keys()
      .filter((key) => key.startsWith(prefix))
      .map((key) => this.open(key.slice(prefix.length)))
      .filter((saved) => saved !== null)
      .sort((a, b) => b.changed - a.changed)
  }

  open(id: string): SavedWorkspace | null {
    return readSaved(this.read(`${KEY}workspace/${id}`))
  }

  /** The workspace that this tab had open, or the last one anywhere; a new visitor's first one otherwise. */
  last(): { readonly saved: SavedWorkspace; readonly isNew: boolean } {
    for (const id of [this.ofTab("current"), this.text("last")]) {
      const saved = id === null ? null : this.open(id)
      if (saved !== null) return { saved, isNew: false }
    }
    const [newest] = this.list()
    if (newest !== undefined) return { saved: newest, isNew: false }
    const workspace = createWorkspace({ name: "My first workspace", files: { "main.nix": firstText } })
    return { saved: { workspace, tabs: ["main.nix"], active: "main.nix", changed: 0 }, isNew: true }
  }

  /** Keeps a workspace as the one that is open. */
  save(saved: SavedWorkspace): void {
    const { id } = saved.workspace
    this.put(saved)
    this.write(`${KEY}last`, id)
    this.setOfTab("current", id)
  }

  /** Keeps a workspace that is not open. */
  put(saved: SavedWorkspace): void {
    const key = `${KEY}workspace/${saved.workspace.id}`
    const text = JSON.stringify(saved)
    // A full store gives up old states before it gives up the files.
    const written = this.write(key, text) || (this.thin() && this.write(key, text))
    this.kept = written || !this.wanted
  }

  /** Remembers what this tab has open, which another one writes. */
  noteOpen(id: string): void {
    this.setOfTab("current", id)
  }

  /** Tells of every workspace that another tab saves, some time later: tabs are processes, and see each other's writes late. */
  onForeignSave(told: (saved: SavedWorkspace) => void): void {
    if (this.local === null) return
    const prefix = `${KEY}workspace/`
    addEventListener("storage", ({ key, newValue }) => {
      const saved = key?.startsWith(prefix) === true ? readSaved(newValue) : null
      if (saved !== null) told(saved)
    })
  }

  remove(id: string): void {
    this.erase(`${KEY}workspace/${id}`)
    this.erase(`${KEY}history/${id}`)
  }

  history(id: string): readonly Snapshot[] {
    const found = parsed(this.read(`${KEY}history/${id}`))
    return Array.isArray(found) ? found.filter(isSnapshot) : []
  }

  /** Puts a state on top of the history of its workspace, once; gives the history. */
  remember({ id, files, entry }: Workspace, at: number): readonly Snapshot[] {
    const known = this.history(id)
    const size = (snapshot: Snapshot): number => JSON.stringify(snapshot.files).length
    if (size({ at, files, entry }) > LONGEST) return known
    const same = (other: Snapshot): boolean => other.entry === entry && JSON.stringify(other.files) === JSON.stringify(files)
    const all = [{ at, entry, files }, ...known.filter((other) => !same(other))].slice(0, SNAPSHOTS)
    let left = HISTORY
    const fits = all.filter((snapshot) => {
      left -= size(snapshot)
      return left > 0
    })
    for (const some of [fits, fits.slice(0, 10), fits.slice(0, 1)]) if (this.write(`${KEY}history/${id}`, JSON.stringify(some))) return some
    return fits
  }

  settings(): unknown {
    return parsed(this.read(`${KEY}settings`))
  }

  saveSettings(settings: object): void {
    this.write(`${KEY}settings`, JSON.stringify(settings))
  }

  /** Whether this tab went away in the middle of an evaluation. */
  interrupted(): boolean {
    return this.ofTab("running") !== null
  }

  noteRunning(running: boolean): void {
    this.setOfTab("running", running ? "1" : null)
  }

  private migrate(): void {
    const old = parsed(this.read(OLD))
    if (typeof old !== "object" || old === null || !("text" in old) || typeof old.text !== "string") return
    const texts = "history" in old && Array.isArray(old.history) ? old.history.filter((text) => typeof text === "string") : []
    const workspace = createWorkspace({ id: newId(), name: "My first workspace", files: { "main.nix": old.text } })
    this.save({ workspace, tabs: ["main.nix"], active: "main.nix", changed: 1 })
    for (const text of texts.reverse()) this.remember({ ...workspace, files: { "main.nix": text } }, 0)
    // Only once everything is in its new place.
    if (this.kept) this.erase(OLD)
  }

  /** Gives up all but the newest states of every workspace; false if there is nothing to give up. */
  private thin(): boolean {
    let thinner = false
    for (const key of this.keys().filter((name) => name.startsWith(`${KEY}history/`))) {
      const found = parsed(this.read(key))
      if (!Array.isArray(found) || found.length <= 3) continue
      this.erase(key)
      this.write(key, JSON.stringify(found.slice(0, 3)))
      thinner = true
    }
    return thinner
  }

  private text(name: string): string | null {
    return this.read(KEY + name)
  }

  private keys(): string[] {
    const names = new Set(this.memory.keys())
    try {
      if (this.local !== null) for (const key of Object.keys(this.local)) names.add(key)
    } catch {
      // Denied since: what is in memory is what there is.
    }
    return [...names]
  }

  private read(key: string): string | null {
    const own = this.memory.get(key)
    if (own !== undefined) return own
    try {
      return this.local?.getItem(key) ?? null
    } catch {
      return null
    }
  }

  /** Whether it is kept; else it is in memory. */
  private write(key: string, text: string): boolean {
    try {
      if (this.local !== null) {
        this.local.setItem(key, text)
        this.memory.delete(key)
        return true
      }
    } catch {
      // Denied or full.
    }
    this.memory.set(key, text)
    return false
  }

  private erase(key: string): void {
    this.memory.delete(key)
    try {
      this.local?.removeItem(key)
    } catch {
      // Denied: then it is not there either.
    }
  }

  private ofTab(name: string): string | null {
    try {
      return this.session?.getItem(KEY + name) ?? null
    } catch {
      return null
    }
  }

  private setOfTab(name: string, value: string | null): void {
    try {
      if (value === null) this.session?.removeItem(KEY + name)
      else this.session?.setItem(KEY + name, value)
    } catch {
      // Denied: then a crash cannot be told from a reload.
    }
  }
}

/** A storage of the page; null where even asking for it is denied. */
function storageOf(name: "localStorage" | "sessionStorage"): Storage | null {
  try {
    const storage = globalThis[name]
    storage.getItem(KEY)
    return storage
  } catch {
    return null
  }
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

function isFiles(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null) return false
  const files = Object.entries(value)
  return files.length > 0 && files.every(([path, text]) => typeof text === "string" && pathProblem(path) === null)
}

function isSnapshot(value: unknown): value is Snapshot {
  const { at, entry, files } = (value ?? {}) as Partial<Snapshot>
  return typeof at === "number" && typeof entry === "string" && isFiles(files)
}

/** A record that came back from storage, mended where it can be; null for a damaged one. */
function readSaved(text: string | null): SavedWorkspace | null {
  const { workspace, tabs, active, changed } = (parsed(text) ?? {}) as Partial<SavedWorkspace>
  const { id, files, entry, name } = (workspace ?? {}) as Partial<Workspace>
  if (typeof id !== "string" || !isFiles(files)) return null
  const whole = createWorkspace({ ...workspace, files, name: typeof name === "string" ? name : "Untitled" })
  const sound = entry !== undefined && entry in files ? whole : { ...whole, entry: createWorkspace({ files }).entry }
  const open = Array.isArray(tabs) ? tabs.filter((tab) => typeof tab === "string" && tab in files) : []
  const shown = typeof active === "string" && active in files ? active : sound.entry
  return {
    workspace: sound,
    tabs: open.includes(shown) ? open : [...open, shown],
    active: shown,
    changed: typeof changed === "number" ? changed : 0,
  }
}
