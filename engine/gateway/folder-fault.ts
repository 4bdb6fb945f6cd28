// Faults of the file system as faults of a store.

import { StoreError, type StoreErrorCode } from "../castore/error.ts"

const codes: Readonly<Record<string, StoreErrorCode>> = {
  ENOSPC: "quota",
  EDQUOT: "quota",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "read-only",
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : ""
}

/** Whether a file or folder was not there. */
export function isAbsent(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR"
}

/** The StoreError for a fault; `what` says what was being done. */
export function asStoreError(error: unknown, what: string): StoreError {
  if (error instanceof StoreError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new StoreError(codes[codeOf(error)] ?? "unreachable", `${what}: ${why}`, { cause: error })
}
