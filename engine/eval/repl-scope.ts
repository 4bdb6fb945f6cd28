// The variables of a repl: a scope that grows below the base environment. A name that is bound again gets
// a new slot, so that what was bound before keeps the value it saw. C++ Nix: repl.cc initEnv, addVarToScope.

import type { Scope } from "../lang/bind.ts"
import type { Attrs } from "./attrs.ts"
import type { Evaluator } from "./evaluator.ts"
import type { Cell, Env } from "./value.ts"

export class ReplScope {
  readonly scope: Scope
  readonly env: Env
  /** Files that `:r` loads again, in order. */
  readonly files: string[]
  /** The set whose attributes were added last; `:ll` shows their names. */
  lastLoaded: Attrs | null
  readonly #slots = new Map<string, number>()
  readonly #globals: readonly string[]

  constructor(evaluator: Evaluator, files: readonly string[], lastLoaded: Attrs | null) {
    this.scope = { up: evaluator.scope, names: this.#slots, with: null, base: false }
    this.env = [evaluator.rt.globals]
    this.files = [...files]
    this.lastLoaded = lastLoaded
    this.#globals = evaluator.rt.globalNames
  }

  add(name: string, cell: Cell): void {
    this.#slots.set(name, this.env.push(cell) - 1)
  }

  /** Remembers a file that was loaded, as the last one. */
  addFile(path: string): void {
    const at = this.files.indexOf(path)
    if (at >= 0) this.files.splice(at, 1)
    this.files.push(path)
  }

  /** The names that were bound here, each with its slot: a later binding has a higher one. */
  get slots(): ReadonlyMap<string, number> {
    return this.#slots
  }

  /** All names that can be used, those of the base environment included. */
  names(): Set<string> {
    return new Set([...this.#globals, ...this.#slots.keys()])
  }
}
