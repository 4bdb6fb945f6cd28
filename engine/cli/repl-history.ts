// The history file of the repl: a line of bytes per line typed, oldest first.

import * as fs from "node:fs"
import { dirname } from "node:path"

/** Lines that are kept. */
const MAX_LINES = 1000

/** Where the history is, or null without a home: $XDG_DATA_HOME/thunkpad/repl-history. */
export function historyFile(env: NodeJS.ProcessEnv): string | null {
  const home = env["HOME"]
  const data = env["XDG_DATA_HOME"] || (home ? `${home}/.local/share` : "")
  return data === "" ? null : `${data}/thunkpad/repl-history`
}

export class ReplHistory {
  readonly lines: string[]
  readonly #file: string | null

  /** Reads the history; a file that cannot be read or written is as good as none. */
  constructor(file: string | null) {
    this.#file = file
    const all = file === null ? [] : readLines(file)
    this.lines = all.slice(-MAX_LINES)
    if (file !== null && all.length > MAX_LINES)
      attempt(() => fs.writeFileSync(file, text(this.lines), { encoding: "latin1", mode: 0o600 }))
  }

  /** Adds a line, at once in the file too; empty and repeated ones are left out. */
  add(line: string): void {
    if (line.trim() === "" || line === this.lines.at(-1)) return
    this.lines.push(line)
    const file = this.#file
    if (file === null) return
    attempt(() => {
      fs.mkdirSync(dirname(file), { recursive: true })
      fs.appendFileSync(file, text([line]), { encoding: "latin1", mode: 0o600 })
    })
  }
}

function readLines(file: string): string[] {
  return (attempt(() => fs.readFileSync(file, "latin1")) ?? "").split("\n").filter((line) => line !== "")
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("")
}

/** The history is a convenience: a full or read-only disk must not end the session. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === undefined) throw e
    return undefined
  }
}
