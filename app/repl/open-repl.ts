// The repl of a workspace as long as the page lives: its transcript, and what its values were opened to. It sees the files as they were
// when it last read any, as `nix repl` does: `:l` and `:r` read them anew.

import type { EvaluateRequest } from "../../engine/worker/client.ts"
import type { EngineDesk } from "../engine-desk.ts"
import { ReplValues } from "./repl-values.ts"
import { createTranscript, type Transcript } from "./transcript.ts"

export interface OpenRepl {
  readonly transcript: Transcript
  readonly values: ReplValues
  /** What its derivations are remembered by. */
  readonly request: EvaluateRequest
}

interface Given {
  readonly desk: EngineDesk
  /** The workspace as it is now, and what its inputs may. */
  readonly request: () => EvaluateRequest
  readonly history: readonly string[]
  /** Gets the history when it grows. */
  readonly keep: (history: readonly string[]) => void
}

/** Inputs that read files: `:l`, `:r`, `:ll`, `:lf` under their names. */
const reads = /^\s*:(?:l|load|r|reload|ll|last-loaded|lf|load-flake)(?:\s|$)/

/** Opens it; nothing is evaluated before the first input. */
export function createOpenRepl({ desk, request, history, keep }: Given): OpenRepl {
  const open: Parameters<typeof createTranscript>[0]["open"] = () => {
    let given = request()
    const repl = desk.openRepl(given)
    const change: typeof repl.change = (to) => {
      given = { ...given, ...to }
      return repl.change(to)
    }
    return {
      ...repl,
      change,
      async input(text, options) {
        const { files = {}, trees = {}, nixPath = [], network = {} } = request()
        if (JSON.stringify(network) !== JSON.stringify(given.network ?? {})) await change({ network })
        if (reads.test(text) && !(isSame(files, given.files ?? {}) && isSame(trees, given.trees ?? {})))
          await change({ files, trees, nixPath })
        return repl.input(text, options)
      },
    }
  }
  return {
    transcript: createTranscript({ open, history, keep }),
    values: new ReplValues(),
    request: { ...request(), repl: { inputs: [] } },
  }
}

function isSame(some: Readonly<Record<string, unknown>>, others: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(some)
  return names.length === Object.keys(others).length && names.every((name) => some[name] === others[name])
}
