// The counts of a test run and the line that closes it.

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * "N passed, N failed", and how many were skipped, if any.
 * @param {Tally} tally
 * @returns {string}
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
}
