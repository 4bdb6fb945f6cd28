// Several stores asked at the same time: the first that has a thing gives it.

import { StoreError } from "./error.ts"

/**
 * Asks all stores for all keys at once; gives the first answer to each that is not null. Does not wait for slower stores when
 * there is nothing left to find. Throws a fault if something was not found and a store could not be asked.
 */
export function race<Store, Key, T>(
  stores: readonly Store[],
  keys: readonly Key[],
  question: (store: Store, keys: readonly Key[]) => Promise<readonly (T | null)[]>,
): Promise<(T | null)[]> {
  if (keys.length === 0) return Promise.resolve([])
  return new Promise((resolve, reject) => {
    const found: (T | null)[] = keys.map(() => null)
    let open = keys.length
    let asked = stores.length
    let fault: unknown
    const answered = (): void => {
      asked--
      if (open === 0) resolve(found)
      else if (asked === 0) fault === undefined ? resolve(found) : reject(fault)
    }
    const take = (answers: readonly (T | null)[]): void => {
      answers.forEach((answer, i) => {
        if (answer === null || found[i] !== null) return
        found[i] = answer
        open--
      })
      answered()
    }
    const failed = (error: unknown): void => {
      fault ??= error
      // A bug is told at once; that a store is out of order only if the others cannot help.
      if (!(error instanceof StoreError)) reject(error)
      answered()
    }
    for (const store of stores) question(store, keys).then(take, failed)
  })
}
