// The editor's engine on the page's side: a worker of its own, so that it answers while an evaluation is busy in another.

import { wrap } from "comlink"
import { startWorker, whenReady } from "./client.ts"
import type { LanguageApi } from "./language-protocol.ts"
import type { WorkerApi } from "./protocol.ts"

/** The editor's questions, and the end of its worker. */
export interface LanguageEngine extends LanguageApi {
  close(): void
}

/** Starts the editor's engine; the worker loads in the background, and questions wait for it. */
export function createLanguage(): LanguageEngine {
  const worker = startWorker("thunkpad-language")
  const ready = whenReady(worker)
  // comlink reaches into the objects of a remote one, its types do not.
  const api = wrap<WorkerApi>(worker).language as unknown as LanguageApi
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    await ready
    return work()
  }
  return {
    analyze: (text) => ask(() => api.analyze(text)),
    format: (text) => ask(() => api.format(text)),
    complete: (text, offset) => ask(() => api.complete(text, offset)),
    hover: (text, offset) => ask(() => api.hover(text, offset)),
    signature: (text, offset) => ask(() => api.signature(text, offset)),
    definition: (text, offset) => ask(() => api.definition(text, offset)),
    references: (text, offset) => ask(() => api.references(text, offset)),
    rename: (text, offset, name) => ask(() => api.rename(text, offset, name)),
    selection: (text, offset) => ask(() => api.selection(text, offset)),
    standalone: (text, span) => ask(() => api.standalone(text, span)),
    questions: (text) => ask(() => api.questions(text)),
    reference: () => ask(() => api.reference()),
    close: () => worker.terminate(),
  }
}
