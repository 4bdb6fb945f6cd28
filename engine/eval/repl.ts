// The repl without its surroundings: lines go in, texts come out; used by the command line and the page.
// C++ Nix: libcmd/repl.cc. Usage:
//
//   const repl = new Repl(evaluator, { cwd: "/", print: (t) => … })
//   repl.start()
//   repl.feed("x = 1")       // "done"
//   repl.feed("{")           // "more": the next line goes with it
//
// With a host that waits, `take(line)` and then `evaluator.settle(() => repl.answer())`.

import type { AttrsExpr } from "../lang/attrs-expr.ts"

import { dynamicNameFrame } from "./closure/attrs.ts"
import { childCell, codeOf } from "./closure/child.ts"
import { NixError, Pending } from "./error.ts"
import type { Evaluator } from "./evaluator.ts"
import { forcePlainString } from "./force.ts"
import { commands, trim } from "./repl-commands.ts"
import { completions } from "./repl-complete.ts"
import { incomplete, parseBindings } from "./repl-input.ts"
import { type ReplOptions, ReplSession } from "./repl-session.ts"
import { type Cell, type Env, Thunk } from "./value.ts"

/** Whether the repl waits for a new input, for the rest of one, or is done. */
export type ReplState = "done" | "more" | "quit"

export class Repl {
  readonly #session: ReplSession
  #input = ""

  constructor(evaluator: Evaluator, options: ReplOptions) {
    this.#session = new ReplSession(evaluator, options)
  }

  /** Loads the files and installables of the options. Throws what the installables throw, and Pending. */
  start(): void {
    this.#session.begin()
    this.restart()
  }

  /** `start` once more after a Pending. */
  restart(): void {
    this.#session.resume()
    this.#session.reload()
  }

  /** Takes a line (bytes, no line end) and answers it. Throws Pending; then `answer` goes on. */
  feed(line: string): ReplState {
    this.take(line)
    return this.answer()
  }

  /** Takes a line without answering it yet. */
  take(line: string): void {
    this.#input += `${line}\n`
    this.#session.begin()
  }

  /** Forgets the lines of an unfinished input (Ctrl-C). */
  cancel(): void {
    this.#input = ""
  }

  /** Answers what was taken; prints errors. Throws Pending if the host has to wait: then call it again. */
  answer(): ReplState {
    const session = this.#session
    session.resume()
    let state: ReplState
    try {
      state = answerInput(session, trim(this.#input))
    } catch (e) {
      if (e === incomplete) return "more"
      if (e instanceof Pending) throw e
      this.#input = ""
      session.error(e)
      return "done"
    }
    this.#input = ""
    return state
  }

  /**
   * Takes what was taken as an input of an earlier session: it binds what it bound then; of an expression it gives a cell that nothing
   * forces, and what only printed does nothing. Null without a cell. Throws Pending: then call it again.
   */
  replay(): Cell | null {
    const session = this.#session
    session.resume()
    const input = trim(this.#input)
    let cell: Cell | null = null
    try {
      if (!input.startsWith(":") && input !== "" && parseBindings(session.evaluator, input, session.options.cwd) === null)
        cell = session.cell(input)
      else if (!input.startsWith(":") || repeated.test(input)) answerInput(session, input)
    } catch (e) {
      if (e instanceof Pending) throw e
      // It had failed then, or it fails now: nothing is bound by it.
      if (e !== incomplete) session.error(e)
    }
    this.#input = ""
    return cell
  }

  /** The names that were bound, each with a number that grows with every binding. */
  get bound(): ReadonlyMap<string, number> {
    return this.#session.bindings.slots
  }

  /** What the last word of a text (bytes) may become: whole words, sorted. See `wordStart`. */
  complete(text: string): string[] {
    this.#session.begin()
    return completions(this.#session, text)
  }
}

/** The commands that change what names mean, or how things are shown. */
const repeated = /^:(?:a|add|l|load|r|reload|te|trace-enable)(?:\s|$)/

function answerInput(session: ReplSession, input: string): ReplState {
  if (input === "") return "done"
  if (!input.startsWith(":")) return evaluateInput(session, input)
  const [, name, rest] = /^([^ \n\r\t]*)(.*)$/s.exec(input) as RegExpExecArray
  const command = commands.get(name as string)
  if (command === undefined) throw new NixError("error", `unknown command '${name}'`, 0)
  return command(session, trim(rest as string), name as string) ?? "done"
}

/** Binds variables, or prints the value of an expression. */
function evaluateInput(session: ReplSession, input: string): ReplState {
  const { evaluator, options } = session
  const bindings = parseBindings(evaluator, input, options.cwd)
  if (bindings !== null) {
    evaluator.bind(bindings, session.bindings.scope)
    for (const [name, cell] of cellsOf(session, bindings)) session.bindings.add(name, cell)
    return "done"
  }
  session.evaluate(input)
  options.shown?.(session.cell(input))
  session.printCell(session.cell(input), 1)
  return "done"
}

/**
 * Names and cells of bindings, all made before the first name is bound: none sees another. Each is a thunk of
 * its own, as in C++ Nix, so that two names for one list are two lists to `«repeated»`.
 */
function cellsOf(session: ReplSession, bindings: AttrsExpr): [string, Cell][] {
  const { rt } = session.evaluator
  const { env } = session.bindings
  const sources: Env = [env, ...bindings.inheritFrom.map((from) => childCell(rt, from, env))]
  const out: [string, Cell][] = []
  for (const { name, kind, expr } of bindings.attrs) out.push([name, new Thunk(codeOf(expr), kind === "inherited-from" ? sources : env)])
  // C++ Nix drops these without a word.
  for (const { name, value, pos } of bindings.dynamic)
    out.push([forcePlainString(rt, childCell(rt, name, env), pos, dynamicNameFrame), childCell(rt, value, env)])
  return out
}
