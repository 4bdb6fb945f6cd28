// Faults of the formats as faults of the store.

import { StoreError, type StoreErrorCode } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"

/** What `work` gives; a FormatError becomes a StoreError with the same message, `invalid` unless another code is given. */
export function formatFault<T>(work: () => T, code: StoreErrorCode = "invalid"): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof FormatError) throw new StoreError(code, error.message, { cause: error })
    throw error
  }
}
