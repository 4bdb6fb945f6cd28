// The counts of a test run and the line that closes it.

/** @typedef {{ passed: number, failed: number, skipped: number, retried: string[] }} Tally `retried`: tests that passed only when they were tried again, and why not before */

/**
 * What is to be read before the closing line: tests that passed only when they were tried again.
 * @param {Tally} tally
 * @returns {string} empty if there are none, else lines, each with its end
 */
export function retriedLines({ retried }) {
  if (retried.length === 0) return ""
  const tests = retried.length === 1 ? "1 test" : `${retried.length} tests`
  return [
    `${tests} failed at first and passed when tried again; that is a fault to be found:`,
    ...retried.map((one) => `  ${one}`),
    "",
  ].join("\n")
}

/**
 * "N passed, N failed", and how many were skipped, if any.
 * @param {Omit<Tally, "retried">} tally
 * @returns {string}
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
}
