// The state of a repl pane: entries in order, the input under way, the history, completion.

import { createStore } from "zustand/vanilla"
import { type BuildSettings, type EngineRepl, EngineStopped, type ReplSurroundings } from "../../engine/worker/client.ts"
import type { ReplAnswer, ReplName } from "../../engine/worker/repl-protocol.ts"
import { programOf } from "./repl-program.ts"

/** One input and what came of it; null while it is being answered. */
export interface Entry {
  readonly id: number
  readonly input: string
  readonly answer: ReplAnswer | null
  /** The run that the answer's value is in: each repl has another. */
  readonly run: number | null
  /** Its number among the inputs that its repl has answered; null if that was another repl, or there is no answer. */
  readonly number: number | null
  /** False while inputs before it are being answered. */
  readonly begun: boolean
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

/** An input whose turn comes. */
interface Waiting {
  readonly id: number
  text: string
  readonly mayBuild: MayBuild
}

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
  /** What the repl that is open has answered. */
  let answered: string[] = []
  let last = 0
  /** Where in the history we are; its length at the line being typed, which is kept meanwhile. */
  let at = history.length
  let draft = ""
  /** Inputs that were typed ahead, the next first: they are answered in order, as a terminal's are. */
  let waiting: Waiting[] = []
  /** Fulfilled once everything so far is answered. */
  let idle = Promise.resolve()

  /** The next input begins another repl. */
  const forget = (): void => {
    repl = null
    answered = []
    set({ entries: get().entries.map((entry) => ({ ...entry, number: null })) })
  }
  const current = (): EngineRepl => {
    repl ??= open()
    return repl
  }
  const change = (id: number, entry: Partial<Entry>): void =>
    set({ entries: get().entries.map((one) => (one.id === id ? { ...one, ...entry } : one)) })

  /** An input that is a beginning only goes on with what was typed after it. */
  const goOn = ({ id, text }: Waiting): void => {
    set({ entries: get().entries.filter((entry) => entry.id !== id) })
    const [next] = waiting
    if (next === undefined) {
      set({ text: `${text}\n${get().text}` })
      return
    }
    next.text = `${text}\n${next.text}`
    change(next.id, { input: next.text })
  }
  const giveUp = (): void => {
    for (const { id } of waiting) change(id, { stopped: "not evaluated, since an input before it was stopped" })
    waiting = []
  }

  const answer = async (input: Waiting): Promise<void> => {
    const { id, text, mayBuild } = input
    change(id, { begun: true })
    const asked = current()
    try {
      const where = building.test(text) ? await mayBuild() : null
      const found = await asked.input(text, where === null ? {} : { builds: where })
      if (repl !== asked) return
      if (found.state === "more") {
        goOn(input)
        return
      }
      change(id, { answer: found, run: asked.run, number: answered.push(text) - 1 })
      const { history: before } = get()
      const kept = [...before.filter((other) => other !== text), text].slice(-1000)
      if (at === before.length) at = kept.length
      set({ history: kept })
      keep(kept)
      const names = await asked.names()
      if (repl !== asked) return
      set({ names })
      if (found.state === "quit") forget()
    } catch (e) {
      if (repl !== asked) return
      const why = e instanceof Error ? e.message : String(e)
      change(id, { stopped: e instanceof EngineStopped ? why : `the engine failed: ${why}` })
      giveUp()
      if (get().text === "") set({ text })
    }
  }

  /** Does the next thing once everything before it is done. */
  const then = async (work: () => Promise<void>): Promise<void> => {
    const done = idle.then(work)
    const mine = done.catch(() => {})
    idle = mine
    set({ busy: true, offers: [] })
    try {
      await done
    } finally {
      if (idle === mine) set({ busy: false })
    }
  }
  const submit = (text: string, mayBuild: MayBuild): Promise<void> => {
    if (text.trim() === "") return Promise.resolve()
    const input = { id: ++last, text, mayBuild }
    waiting.push(input)
    set({
      entries: [...get().entries, { id: input.id, input: text, answer: null, run: null, number: null, begun: false, stopped: null }].slice(
        -KEPT,
      ),
    })
    return then(async () => {
      // It may have been given up.
      if (waiting[0] !== input) return
      waiting.shift()
      await answer(input)
    })
  }

  return {
    store,
    type(text: string): void {
      at = get().history.length
      set({ text, offers: [] })
    },
    /** Answers the text, after those before it; if it is a beginning only, it comes back and gets a new line. */
    submit(mayBuild: MayBuild = async () => null): Promise<void> {
      const { text } = get()
      at = get().history.length
      set({ text: "" })
      return submit(text, mayBuild)
    },
    /** The user allows what an input could not be answered without: it is answered again. */
    async allow(allowed: ReplSurroundings, input: string, mayBuild: MayBuild): Promise<void> {
      if (get().busy) return
      await then(() => current().change(allowed))
      await submit(input, mayBuild)
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
    /** A program that gives what an input gave, by itself. */
    program({ number, input }: Entry): string {
      return number === null ? `${input.trim()}\n` : programOf({ inputs: answered, names: get().names }, number)
    },
    /** Forgets what was bound and shown. */
    restart(): void {
      forget()
      waiting = []
      set({ entries: [], names: [], offers: [] })
    },
    /** Forgets what was shown and is over. */
    clear(): void {
      set({ entries: get().entries.filter(({ answer, stopped }) => answer === null && stopped === null), offers: [] })
    },
  }
}

/** The longest beginning of all words. */
function common(words: readonly string[]): string {
  let shared = words[0] ?? ""
  for (const word of words) while (!word.startsWith(shared)) shared = shared.slice(0, -1)
  return shared
}
