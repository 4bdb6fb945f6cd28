// What outlives a result: the nodes that are watched, and the derivations whose cards were opened, for comparing with later ones. Data
// enough to evaluate them again; lives as long as the page.

import type { EvaluateRequest, Ref } from "../../engine/worker/client.ts"

/** A derivation of this or an earlier result. */
export interface KnownDerivation {
  readonly request: EvaluateRequest
  /** The derivation it is, or is an input of: forced before `drvPath` is asked for. */
  readonly ref: Ref
  readonly drvPath: string
  readonly name: string
  /** A run that stays and has it, as a repl's does; null where the request is evaluated for it. */
  readonly run: number | null
}

export interface KeptState {
  readonly watched: readonly Ref[]
  /** Newest first. */
  readonly derivations: readonly KnownDerivation[]
}

const MOST = 30

export class Kept {
  #state: KeptState = { watched: [], derivations: [] }
  readonly #listeners = new Set<() => void>()

  /** For useSyncExternalStore. */
  readonly state = (): KeptState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  isWatched(ref: Ref): boolean {
    const key = JSON.stringify(ref)
    return this.#state.watched.some((other) => JSON.stringify(other) === key)
  }

  watch(ref: Ref): void {
    if (!this.isWatched(ref)) this.#set({ watched: [...this.#state.watched, ref] })
  }

  unwatch(ref: Ref): void {
    const key = JSON.stringify(ref)
    this.#set({ watched: this.#state.watched.filter((other) => JSON.stringify(other) !== key) })
  }

  note(derivation: KnownDerivation): void {
    const others = this.#state.derivations.filter(({ drvPath }) => drvPath !== derivation.drvPath)
    if (others.length === this.#state.derivations.length - 1 && this.#state.derivations[0]?.drvPath === derivation.drvPath) return
    this.#set({ derivations: [derivation, ...others].slice(0, MOST) })
  }

  #set(change: Partial<KeptState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}
