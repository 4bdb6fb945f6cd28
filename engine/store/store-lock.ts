// Who may remove things while others bring things in: imports share the lock, garbage collection has it alone. What an import has
// stored but not yet registered belongs to nobody and would be removed. A tab's lock is its Storage's (castore/storage-lock.ts).
// C++ Nix: libstore/gc.cc (temporary roots, the gc lock)

import { StorageLock } from "../castore/storage-lock.ts"

/** A lock. What is given by `work` is waited for, then the lock is given back. `work` must not take it again. */
export interface StoreLock {
  /** For imports: any number at once. */
  shared<T>(work: () => Promise<T>): Promise<T>
  /** For removing: alone. */
  exclusive<T>(work: () => Promise<T>): Promise<T>
}

/** For the steps of an import that has the lock already. */
export const noLock: StoreLock = { shared: (work) => work(), exclusive: (work) => work() }

/** A lock among the users of one object: for stores that nobody else can reach. */
export class LocalLock extends StorageLock {
  constructor() {
    super("store", undefined)
  }
}
