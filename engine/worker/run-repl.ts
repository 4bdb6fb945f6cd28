// The repl of a run: its inputs as data, so that another worker can take them again, each result as a cell that can be looked into.

import type { Evaluator } from "../eval/evaluator.ts"
import { Repl, type ReplState } from "../eval/repl.ts"
import { wordStart } from "../eval/repl-complete.ts"
import type { ReplText } from "../eval/repl-session.ts"
import type { Cell } from "../eval/value.ts"
import type { ReplName, ReplWords } from "./repl-protocol.ts"
import { fromBytes, toBytes } from "./text.ts"

export class RunRepl {
  private readonly repl: Repl
  private readonly inputs: string[]
  /** By input the cell of its expression; null for what is none. As many as were taken in this worker. */
  private readonly cells: (Cell | null)[] = []
  private readonly origins = new Map<string, number>()
  private texts: ReplText[] = []
  private last: Cell | null = null
  private taken = false

  /** `inputs` are those that were answered before, perhaps in another worker. */
  constructor(evaluator: Evaluator, cwd: string, inputs: readonly string[]) {
    this.inputs = [...inputs]
    this.repl = new Repl(evaluator, {
      cwd,
      print: (text) => this.texts.push(text),
      shown: (cell) => {
        this.last = cell
      },
    })
  }

  /** The cell of an input's expression. Throws RangeError if it has none. */
  cell(input: number): Cell {
    this.catchUp()
    const cell = this.cells[input]
    if (cell === undefined || cell === null) throw new RangeError(`no value of input ${input}`)
    return cell
  }

  /** Takes the earlier inputs again, as far as this worker has not. Throws Pending; then call it again. */
  catchUp(): void {
    while (this.cells.length < this.inputs.length) {
      if (!this.taken) this.repl.take(toBytes(this.inputs[this.cells.length] as string))
      this.taken = true
      const cell = this.repl.replay()
      this.taken = false
      this.cells.push(cell)
      this.note()
    }
    this.texts = []
  }

  /** Begins to answer an input; then `answer` does, as often as it throws Pending. */
  take(text: string): void {
    this.texts = []
    this.last = null
    this.repl.take(toBytes(text))
  }

  answer(): ReplState {
    return this.repl.answer()
  }

  /** What was said to the input that was answered last, and its number if it has a value. An input that goes on is forgotten. */
  finish(text: string, state: ReplState): { readonly texts: readonly ReplText[]; readonly input: number | null } {
    const { texts, last } = this
    if (state === "more") {
      this.repl.cancel()
      return { texts, input: null }
    }
    this.inputs.push(text)
    this.cells.push(last)
    this.note()
    return { texts, input: last === null ? null : this.cells.length - 1 }
  }

  /** Gives up an input whose answer was interrupted. */
  cancel(): void {
    this.repl.cancel()
  }

  words(text: string): ReplWords {
    const bytes = toBytes(text)
    const from = wordStart(bytes)
    return { from: fromBytes(bytes.slice(0, from)).length, words: this.repl.complete(bytes).map(fromBytes) }
  }

  names(): ReplName[] {
    return [...this.origins].map(([name, input]) => ({ name: fromBytes(name), input })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  private readonly slots = new Map<string, number>()

  /** Notes which names the newest input has bound. */
  private note(): void {
    const { bound } = this.repl
    for (const name of this.origins.keys()) if (!bound.has(name)) this.origins.delete(name)
    for (const [name, slot] of bound) {
      if (this.slots.get(name) === slot) continue
      this.slots.set(name, slot)
      this.origins.set(name, this.cells.length - 1)
    }
  }
}
