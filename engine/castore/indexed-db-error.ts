// What the browser's storage reports, as StoreError. Its DOMExceptions differ by browser more in message than in name.

import { StoreError } from "./error.ts"

/** What a failure while opening storage means; `what` is the storage's name in a sentence ("the browser's database"). */
export function openingError(problem: unknown, what: string): StoreError {
  if (problem instanceof StoreError) return problem
  const name = nameOf(problem)
  if (name === "QuotaExceededError") return storageError(problem, what)
  if (name === "VersionError")
    return new StoreError("denied", `${what} was written by a newer version of this page; reload the page`, { cause: problem })
  return new StoreError("denied", `the browser does not let this page use ${what} (${describe(problem)})`, { cause: problem })
}

/** What a failure while reading or writing storage means. */
export function storageError(problem: unknown, what: string): StoreError {
  if (problem instanceof StoreError) return problem
  const options = { cause: problem }
  switch (nameOf(problem)) {
    case "QuotaExceededError":
      return new StoreError("quota", `there is no room left in ${what}; delete what you no longer need, or free space on the disk`, options)
    case "SecurityError":
    case "NotAllowedError":
      return new StoreError("denied", `the browser does not let this page use ${what} (${describe(problem)})`, options)
    // A value whose bytes the browser kept in a file of its own, and lost.
    case "DataError":
    case "NotReadableError":
    case "NotFoundError":
    case "DataCloneError":
      return new StoreError("damaged", `a record of ${what} cannot be read (${describe(problem)})`, options)
    default:
      return new StoreError("unreachable", `${what} failed (${describe(problem)})`, options)
  }
}

function nameOf(problem: unknown): string {
  return problem instanceof Error || problem instanceof DOMException ? problem.name : ""
}

function describe(problem: unknown): string {
  if (problem === null || problem === undefined) return "it gave no reason"
  const message = problem instanceof Error || problem instanceof DOMException ? problem.message : String(problem)
  return `${nameOf(problem)}: ${message}`.replace(/^: /, "").replace(/\.$/, "")
}
