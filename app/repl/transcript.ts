// The state of a repl pane: entries in order, the input under way, the history, completion.

import { createStore } from "zustand/vanilla"
import { type BuildSettings, type EngineRepl, EngineStopped } from "../../engine/worker/client.ts"
import type { ReplAnswer, ReplName } from "../../engine/worker/repl-protocol.ts"

/** One input and what came of it; null while it is being answered. */
export interface Entry {
  readonly id: number
  readonly input: string
  readonly answer: ReplAnswer | null
  /** Why there is no answer. */
  readonly stopped: string | null
}

export interface TranscriptState {
  readonly entries: readonly Entry[]
  /** What is being typed. */
  readonly text: string
  readonly busy: boolean
  /** What the word before the caret may become; empty if nothing is offered. */
  readonly offers: readonly string[]
  readonly offerFrom: number
  readonly names: readonly ReplName[]
  /** Earlier inputs, the newest last. */
  readonly history: readonly string[]
}

/** Entries that are kept in sight. */
const KEPT = 500

export type Transcript = ReturnType<typeof createTranscript>

export interface TranscriptOptions {
  /** Makes a repl: one at the start and one at each restart. */
  readonly open: () => EngineRepl
  readonly history: readonly string[]
  /** Gets the history when it grows. */
  readonly keep: (history: readonly string[]) => void
}

/** Where inputs may have something built without asking; null for nowhere. */
export type MayBuild = () => Promise<BuildSettings | null>

/** Inputs that are about builds themselves, whatever their evaluation needs. */
const building = /^\s*:(?:b|bl|log)(?:\s|$)/

export function createTranscript({ open, history, keep }: TranscriptOptions) {
  const store = createStore<TranscriptState>(() => ({ entries: [], text: "", busy: false, offers: [], offerFrom: 0, names: [], history }))
  const { getState: get, setState: set } = store
  let repl: EngineRepl | null = null
  let last = 0
  /** Where in the history we are; its length at the line being typed, which is kept meanwhile. */
  let at = history.length
  let draft = ""

  const current = (): EngineRepl => {
    repl ??= open()
    return repl
  }
  const change = (id: number, entry: Partial<Entry>): void =>
    set({ entries: get().entries.map((one) => (one.id === id ? { ...one, ...entry } : one)) })

  const submit = async (text: string, mayBuild: MayBuild): Promise<void> => {
    if (get().busy || text.trim() === "") return
    const id = ++last
    set({ busy: true, offers: [], entries: [...get().entries, { id, input: text, answer: null, stopped: null }].slice(-KEPT) })
    try {
      const asked = current()
      const where = building.test(text) ? await mayBuild() : null
      const answer = await asked.input(text, where === null ? {} : { builds: where })
      if (answer.state === "more") {
        set({ entries: get().entries.filter((entry) => entry.id !== id), text: `${get().text}\n` })
        return
      }
      change(id, { answer })
      const kept = [...get().history.filter((input) => input !== text), text].slice(-1000)
      set({ text: get().text === text ? "" : get().text, history: kept, names: await asked.names() })
      at = kept.length
      keep(kept)
      if (answer.state === "quit") repl = null
    } catch (e) {
      const why = e instanceof Error ? e.message : String(e)
      change(id, { stopped: e instanceof EngineStopped ? why : `the engine failed: ${why}` })
    } finally {
      set({ busy: false })
    }
  }

  return {
    store,
    /** The run that the values of answers belong to; null before the first input. */
    run: (): number | null => repl?.run ?? null,
    type(text: string): void {
      at = get().history.length
      set({ text, offers: [] })
    },
    /** Answers the text; if it is a beginning only, it stays and gets a new line. */
    submit: (mayBuild: MayBuild = async () => null): Promise<void> => submit(get().text, mayBuild),
    /** The user lets evaluation have built what it needs: an input that could not be answered for that is answered again. */
    async allowBuilds(where: BuildSettings, input: string): Promise<void> {
      if (get().busy) return
      await current().allowBuilds(where)
      await submit(input, async () => where)
    },
    /** Goes to an earlier (-1) or later (1) input; with a text being typed, to those that begin with it. */
    browse(by: -1 | 1): void {
      const { history: all, text } = get()
      if (at === all.length) draft = text
      for (let i = at + by; i >= 0 && i <= all.length; i += by) {
        const found = i === all.length ? draft : (all[i] as string)
        if (i < all.length && (!found.startsWith(draft) || found === text)) continue
        at = i
        set({ text: found, offers: [] })
        return
      }
    },
    /** Completes the last word: at once if there is one way, else the ways are offered. */
    async complete(): Promise<void> {
      const { text } = get()
      const { from, words } = await current().words(text)
      if (get().text !== text) return
      const shared = common(words)
      if (shared.length > text.length - from)
        set({ text: text.slice(0, from) + shared, offers: words.length > 1 ? words : [], offerFrom: from })
      else set({ offers: words, offerFrom: from })
    },
    take(word: string): void {
      const { text, offerFrom } = get()
      set({ text: text.slice(0, offerFrom) + word, offers: [] })
    },
    /** Forgets what was bound and shown. */
    restart(): void {
      repl = null
      set({ entries: [], names: [], offers: [] })
    },
    clear(): void {
      set({ entries: [], offers: [] })
    },
  }
}

/** The longest beginning of all words. */
function common(words: readonly string[]): string {
  let shared = words[0] ?? ""
  for (const word of words) while (!word.startsWith(shared)) shared = shared.slice(0, -1)
  return shared
}
