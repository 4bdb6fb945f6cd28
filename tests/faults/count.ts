// How much of an experiment is done: a little in the usual tests, more when `npm run faults` says so; and its random numbers.

/** How many moments, by default `few`. */
export function momentsOf(few: number): number {
  const given = Number(process.env["THUNKPAD_FAULTS_COUNT"] ?? "")
  return given > 0 ? given : few
}

/** Whether `npm run faults` runs, not the usual tests. */
export const isExperiment = process.env["THUNKPAD_FAULTS_COUNT"] !== undefined

/** Numbers from 0 to below 1 that follow from a seed, which is printed. */
export function randomNumbers(): () => number {
  const given = process.env["THUNKPAD_FAULTS_SEED"]
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given)
  // Also of the usual tests, where vitest shows it.
  if (isExperiment) say(`seed ${seed}`)
  else console.log(`seed ${seed}`)
  let state = seed >>> 0
  // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Tells how a moment ended; past the reporter, which would hold it back. */
export function say(line: string): void {
  if (isExperiment) process.stderr.write(`${line}\n`)
}
