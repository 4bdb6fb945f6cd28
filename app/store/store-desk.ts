// The state of the store pane: what is there, what is being brought in, what was found wrong.

import { createStore } from "zustand/vanilla"
import type { CacheSettings, EngineStore } from "../../engine/worker/client.ts"
import type { EntryView, FaultView, ImportProgress, ObjectView, StoreReport } from "../../engine/worker/protocol.ts"
import type { Picked } from "./picked.ts"

/** Something being brought in. */
export interface Import {
  readonly id: number
  readonly name: string
  readonly progress: ImportProgress
  readonly state: "running" | "done" | "failed" | "cancelled"
  /** The store path, or why there is none. */
  readonly text: string
}

export interface StoreDeskState {
  readonly report: StoreReport | null
  readonly imports: readonly Import[]
  /** Store paths that were looked at, those with the words of `search` in them. */
  readonly paths: readonly string[]
  readonly total: number
  readonly search: string
  readonly opened: {
    readonly object: ObjectView
    readonly at: string
    readonly entries: readonly EntryView[]
    readonly text: string | null
  } | null
  /** What is under way besides imports, for people; null if nothing is. */
  readonly work: string | null
  readonly faults: readonly FaultView[] | null
  /** What came of the last action. */
  readonly said: string
}

/** Store paths that are listed at once. */
const LISTED = 500
/** Bytes of a file that are shown. */
const SHOWN = 20_000

export type StoreDesk = ReturnType<typeof createStoreDesk>

/** The pane's state over a store; `onTree` gets each tree that was brought in. */
export function createStoreDesk(engine: EngineStore, onTree: (name: string, storePath: string) => void) {
  const store = createStore<StoreDeskState>(() => ({
    report: null,
    imports: [],
    paths: [],
    total: 0,
    search: "",
    opened: null,
    work: null,
    faults: null,
    said: "",
  }))
  const { getState: get, setState: set } = store
  const cancels = new Map<number, AbortController>()
  let last = 0
  let turn = 0

  const why = (e: unknown): string => (e instanceof Error ? e.message : String(e))
  const change = (id: number, to: Partial<Import>): void =>
    set({ imports: get().imports.map((one) => (one.id === id ? { ...one, ...to } : one)) })

  /** Asks again what there is. */
  const refresh = async (): Promise<void> => {
    const mine = ++turn
    try {
      const report = await engine.report()
      const words = get().search.toLowerCase().split(/\s+/).filter(Boolean)
      const paths: string[] = []
      let from: number | null = 0
      let total = 0
      while (from !== null && paths.length < LISTED) {
        const page: Awaited<ReturnType<EngineStore["objects"]>> = await engine.objects(from, 1000)
        if (mine !== turn) return
        total = page.total
        for (const path of page.paths) if (words.every((word) => path.toLowerCase().includes(word))) paths.push(path)
        from = page.next
      }
      if (mine === turn) set({ report, paths: paths.slice(0, LISTED), total })
    } catch (e) {
      if (mine === turn) set({ said: why(e) })
    }
  }

  const working = async (what: string, work: () => Promise<string>): Promise<void> => {
    if (get().work !== null) return
    set({ work: what, said: "" })
    try {
      set({ said: await work() })
    } catch (e) {
      set({ said: why(e) })
    } finally {
      set({ work: null })
    }
    await refresh()
  }

  const bring = async (
    name: string,
    work: (options: { signal: AbortSignal; progress: (p: ImportProgress) => void }) => Promise<string>,
  ): Promise<void> => {
    const id = ++last
    const control = new AbortController()
    cancels.set(id, control)
    set({ imports: [...get().imports.slice(-20), { id, name, progress: { entries: 0, bytes: 0 }, state: "running", text: "" }] })
    try {
      const text = await work({ signal: control.signal, progress: (progress) => change(id, { progress }) })
      change(id, { state: "done", text })
    } catch (e) {
      change(id, { state: control.signal.aborted ? "cancelled" : "failed", text: why(e) })
    } finally {
      cancels.delete(id)
    }
    await refresh()
  }

  return {
    store,
    refresh,
    search(words: string): void {
      set({ search: words })
      void refresh()
    },
    /** Brings in what the user picked; each tree appears in the workspace too. */
    async import(picked: readonly Picked[]): Promise<void> {
      for (const { name, source } of picked) {
        await bring(name, async (options) => {
          const path = await engine.importTree(name, source, options)
          onTree(name, path)
          return path
        })
      }
    },
    importDerivations: (files: Parameters<EngineStore["importDerivations"]>[0]): Promise<void> =>
      bring("derivations", async (options) => {
        const paths = await engine.importDerivations(files, options)
        return paths.length === 1 ? (paths[0] as string) : `${paths.length} derivations`
      }),
    cancel(id: number): void {
      cancels.get(id)?.abort()
    },
    /** Shows an object, or what is in a folder of it. */
    async open(path: string): Promise<void> {
      try {
        const root = path.split("/").slice(0, 4).join("/")
        const object = await engine.object(root)
        if (object === null) {
          set({ opened: null, said: `${root} is not in the store` })
          return
        }
        const isFolder = path === root ? object.kind === "directory" : (await entryOf(path))?.kind === "directory"
        if (isFolder) set({ opened: { object, at: path, entries: await engine.entries(path), text: null } })
        else set({ opened: { object, at: path, entries: [], text: textOf(await engine.read(path, 0, SHOWN)) } })
      } catch (e) {
        set({ said: why(e) })
      }
    },
    close(): void {
      set({ opened: null })
    },
    /** The bytes of a file, for a download. */
    read: (path: string): Promise<Uint8Array> => engine.read(path),
    verify: (): Promise<void> =>
      working("Checking everything in the store", async () => {
        const faults = await engine.verify()
        set({ faults })
        return faults.length === 0 ? "Everything is as it should be." : `${faults.length} things are wrong.`
      }),
    /** Mends what the last check found, from binary caches. */
    mend: (caches: readonly CacheSettings[]): Promise<void> =>
      working("Mending from the binary caches", async () => {
        const { mended, left } = await engine.repair({ caches })
        set({ faults: left })
        return `${mended} mended, ${left.length} left.`
      }),
    giveUp: (): Promise<void> =>
      working("Removing what is damaged", async () => {
        const gone = await engine.giveUp()
        set({ faults: null })
        return gone.length === 1 ? "1 object was removed." : `${gone.length} objects were removed.`
      }),
    collect: (): Promise<void> =>
      working("Removing what nothing keeps", async () => {
        const { removed: paths } = await engine.collect()
        return paths.length === 1 ? "1 object was removed." : `${paths.length} objects were removed.`
      }),
  }

  async function entryOf(path: string): Promise<EntryView | undefined> {
    const slash = path.lastIndexOf("/")
    return (await engine.entries(path.slice(0, slash))).find(({ name }) => name === path.slice(slash + 1))
  }
}

/** Bytes as text, or a word about what they are. */
function textOf(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    if (!text.includes("\0")) return text
  } catch {
    // Not text, or cut in the middle of a letter.
  }
  return Array.from(bytes.subarray(0, 512), (byte, i) => `${byte.toString(16).padStart(2, "0")}${i % 16 === 15 ? "\n" : " "}`).join("")
}
