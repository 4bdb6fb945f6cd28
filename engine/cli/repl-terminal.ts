// The repl's lines from a terminal: editing, history and completion by node:readline.
//
// Evaluation is synchronous, so no event can tell it of Ctrl-C, and no signal comes since the terminal is in
// raw mode. Instead the evaluator asks now and then (Runtime.poll), and we look whether ^C was typed; what
// else was typed meanwhile goes to the next prompt.

import * as fs from "node:fs"
import * as readline from "node:readline"
import { wordStart } from "../eval/repl-complete.ts"
import type { ReplHistory } from "./repl-history.ts"
import type { ReplLine, ReplLines } from "./repl-lines.ts"

export interface TerminalOptions {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly history: ReplHistory
  /** Words that may stand for the last one of a text; bytes. */
  readonly complete: (text: string) => readonly string[]
  /** A second handle on the terminal, for ^C while evaluation runs. */
  readonly keys?: number | null
}

export class TerminalLines implements ReplLines {
  readonly #rl: readline.Interface
  readonly #input: NodeJS.ReadableStream
  readonly #keys: number | null
  readonly #ready: ReplLine[] = []
  #waiting: ((line: ReplLine) => void) | null = null
  #typed = ""

  constructor({ input, output, history, complete, keys }: TerminalOptions) {
    this.#input = input
    this.#keys = keys ?? null
    this.#rl = readline.createInterface({
      input,
      output,
      terminal: true,
      historySize: 1000,
      history: history.lines.map(fromBytes).reverse(),
      completer: (line: string): [string[], string] => {
        const text = toBytes(line)
        return [complete(text).map(fromBytes), fromBytes(text.slice(wordStart(text)))]
      },
    })
    this.#rl.on("line", (line) => {
      const text = toBytes(line)
      history.add(text)
      this.#give({ kind: "line", text })
    })
    this.#rl.on("SIGINT", () => {
      this.#rl.write(null, { ctrl: true, name: "e" })
      this.#rl.write(null, { ctrl: true, name: "u" })
      this.#give({ kind: "cancel" })
    })
    this.#rl.on("close", () => this.#give({ kind: "end" }))
  }

  #give(line: ReplLine): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) waiting(line)
    else this.#ready.push(line)
  }

  next(prompt: string): Promise<ReplLine> {
    const ready = this.#ready.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.#rl.setPrompt(prompt)
      this.#rl.prompt()
      const typed = this.#typed
      this.#typed = ""
      if (typed !== "") this.#rl.write(fromBytes(typed))
    })
  }

  interrupted(): boolean {
    if (this.#keys === null) return false
    const buffer = Buffer.alloc(256)
    let length = 0
    try {
      length = fs.readSync(this.#keys, buffer, 0, buffer.length, null)
    } catch (e) {
      // EAGAIN: nothing was typed. With any other error there is just no ^C.
      if ((e as NodeJS.ErrnoException).code === undefined) throw e
      return false
    }
    const text = buffer.toString("latin1", 0, length)
    const stop = text.lastIndexOf("\x03")
    if (stop >= 0) this.#typed = text.slice(stop + 1)
    else this.#typed += text
    return stop >= 0
  }

  suspended<T>(work: () => T): T {
    const input = this.#input as Partial<NodeJS.ReadStream>
    input.setRawMode?.(false)
    try {
      return work()
    } finally {
      input.setRawMode?.(true)
    }
  }

  close(): void {
    this.#rl.close()
    if (this.#keys !== null) fs.closeSync(this.#keys)
  }
}

/** The terminal opened once more so that reading never waits, or null where that cannot be done. */
export function terminalKeys(): number | null {
  try {
    return fs.openSync("/dev/tty", fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === undefined) throw e
    return null
  }
}

function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1")
}

function fromBytes(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8")
}
