// Who may remove things while others bring things in: imports share the lock, garbage collection has it alone. What an import has
// stored but not yet registered belongs to nobody and would be removed. C++ Nix: libstore/gc.cc (temporary roots, the gc lock)

/** A lock. The promise given by `work` is waited for, then the lock is given back. */
export interface StoreLock {
  /** For imports: any number at once. */
  shared<T>(work: () => Promise<T>): Promise<T>
  /** For removing: alone. */
  exclusive<T>(work: () => Promise<T>): Promise<T>
}

/** A lock among all tabs and workers of the site where the browser has Web Locks, else among the users of this object. */
export function storeLock(name: string): StoreLock {
  // Node has them only in later versions.
  const locks = (globalThis as { readonly navigator?: { readonly locks?: LockManager } }).navigator?.locks
  return locks === undefined ? new LocalLock() : new WebLock(locks, `${name}-store`)
}

/** For the steps of an import that has the lock already. */
export const noLock: StoreLock = { shared: (work) => work(), exclusive: (work) => work() }

class WebLock implements StoreLock {
  readonly #locks: LockManager
  readonly #name: string

  constructor(locks: LockManager, name: string) {
    this.#locks = locks
    this.#name = name
  }

  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.#locks.request(this.#name, { mode: "shared" }, work) as Promise<T> // the browser's types lose the promise
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#locks.request(this.#name, { mode: "exclusive" }, work) as Promise<T> // likewise
  }
}

/** The same among the users of one object; whoever came first goes first. */
export class LocalLock implements StoreLock {
  /** Ends when the exclusive user that came last is done. */
  #exclusive: Promise<unknown> = Promise.resolve()
  readonly #shared = new Set<Promise<unknown>>()

  shared<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#exclusive.then(work)
    const ended = run.then(
      () => {},
      () => {},
    )
    this.#shared.add(ended)
    void ended.then(() => this.#shared.delete(ended))
    return run
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = Promise.all([this.#exclusive, ...this.#shared]).then(work)
    this.#exclusive = run.catch(() => {})
    return run
  }
}
