// The repl of a run: its inputs as data, so that another worker can take them again, each result as a cell that can be looked into.

import { StoreError } from "../castore/error.ts"
import { NixError } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { Repl, type ReplState } from "../eval/repl.ts"
import { wordStart } from "../eval/repl-complete.ts"
import type { ReplBuilder, ReplText } from "../eval/repl-session.ts"
import type { Cell } from "../eval/value.ts"
import { textOfBytes } from "../store/byte-text.ts"
import type { EvalIO } from "../store/eval-io.ts"
import type { TabBuilder } from "./build-protocol.ts"
import type { ReplName, ReplWords } from "./repl-protocol.ts"
import { fromBytes, toBytes } from "./text.ts"

interface Finished {
  readonly texts: readonly ReplText[]
  readonly input: number | null
  readonly needs: string | null
  readonly wantsNetwork: boolean
}

export class RunRepl {
  private readonly repl: Repl
  private readonly inputs: string[]
  /** By input the cell of its expression; null for what is none. As many as were taken in this worker. */
  private readonly cells: (Cell | null)[] = []
  private readonly origins = new Map<string, number>()
  private texts: ReplText[] = []
  private last: Cell | null = null
  private taken = false
  /** What the input that is answered would have to have built, but may not. */
  private needs: string | null = null
  private wantsNetwork = false
  /** What builds for inputs themselves. */
  builder: TabBuilder | null = null

  /** `inputs` are those that were answered before, perhaps in another worker. */
  constructor(evaluator: Evaluator, host: EvalIO, cwd: string, inputs: readonly string[]) {
    this.inputs = [...inputs]
    const builds = (): ReplBuilder | undefined => (this.builder === null ? undefined : replBuilder(host, this.builder))
    this.repl = new Repl(evaluator, {
      cwd,
      get builder() {
        return builds()
      },
      unable: "building has not been allowed",
      failed: ({ kind, message }) => {
        if (kind === "not-allowed") this.wantsNetwork = true
        if (kind === "build-not-allowed") this.needs = /cannot build '([^'^]+\.drv)/.exec(message)?.[1] ?? null
      },
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
    this.needs = null
    this.wantsNetwork = false
    this.repl.take(toBytes(text))
  }

  answer(): ReplState {
    return this.repl.answer()
  }

  /**
   * What was said to the input that was answered last, its number if it has a value, and what it needs but may not. An input that goes
   * on is forgotten.
   */
  finish(text: string, state: ReplState): Finished {
    const { texts, last, needs, wantsNetwork } = this
    if (state === "more") {
      this.repl.cancel()
      return { texts, input: null, needs: null, wantsNetwork: false }
    }
    this.inputs.push(text)
    this.cells.push(last)
    this.note()
    return { texts, input: last === null ? null : this.cells.length - 1, needs, wantsNetwork }
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

/** What builds for the commands of a repl whose evaluator has this host. */
function replBuilder(host: EvalIO, builder: TabBuilder): ReplBuilder {
  return {
    async build(drvPath, outputs) {
      const paths = await host.build(
        builder,
        outputs.map((output) => ({ drvPath, output })),
      )
      return new Map(outputs.map((output, i) => [output, paths[i] as string])) // one for each
    },
    async log(drvPath) {
      try {
        const found = await builder.log(fromBytes(drvPath))
        return found === null ? null : { text: textOfBytes(found.bytes), from: toBytes(found.from) }
      } catch (e) {
        throw e instanceof StoreError ? new NixError("error", toBytes(e.message), 0) : e
      }
    },
  }
}
