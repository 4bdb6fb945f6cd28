// The editor's engine for the page: started when it is first asked, and the analysis of a text is made once, however many ask for it.

import type { LanguageEngine } from "../engine/worker/language-client.ts"
import type { Analysis, LanguageApi, ReferenceEntry } from "../engine/worker/language-protocol.ts"

/** How many texts' analyses are kept: the open files and the state before the last keystroke. */
const KEPT = 24

/** The calls of the language engine; the first one starts its worker. */
export function createLanguageDesk(start: () => LanguageEngine): LanguageApi {
  let engine: LanguageEngine | null = null
  let entries: Promise<readonly ReferenceEntry[]> | null = null
  const known = new Map<string, Promise<Analysis>>()
  const api = (): LanguageEngine => {
    engine ??= start()
    return engine
  }
  return {
    analyze(text) {
      const found = known.get(text)
      if (found !== undefined) return found
      const asked = api().analyze(text)
      known.set(text, asked)
      // A map keeps the order in which its keys came.
      for (const oldest of known.keys()) {
        if (known.size <= KEPT) break
        known.delete(oldest)
      }
      asked.catch(() => known.delete(text))
      return asked
    },
    format: (text) => api().format(text),
    complete: (text, offset) => api().complete(text, offset),
    hover: (text, offset) => api().hover(text, offset),
    signature: (text, offset) => api().signature(text, offset),
    definition: (text, offset) => api().definition(text, offset),
    references: (text, offset) => api().references(text, offset),
    rename: (text, offset, name) => api().rename(text, offset, name),
    selection: (text, offset) => api().selection(text, offset),
    standalone: (text, span) => api().standalone(text, span),
    questions: (text) => api().questions(text),
    reference() {
      entries ??= api().reference()
      entries.catch(() => {
        entries = null
      })
      return entries
    },
  }
}
