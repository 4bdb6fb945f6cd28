// The most memory that a process and its children had at a time, where /proc tells (Linux).
import { readFileSync } from "node:fs"

/** Megabytes that one process had at most; 0 if nobody knows. @param {number} pid */
export function highWater(pid) {
  try {
    const line = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))
    return line === null ? 0 : Math.round(Number(line[1]) / 1000)
  } catch {
    return 0
  }
}

/** @param {number} pid @returns {number[]} */
function withChildren(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number)
    return [pid, ...children.flatMap(withChildren)]
  } catch {
    return [pid]
  }
}

/** Looks at a process while it runs; a wrapper around the real program is its parent. */
export class Peak {
  #most = 0
  /** @type {NodeJS.Timeout} */
  #timer

  /** @param {number | undefined} pid */
  constructor(pid) {
    this.#timer = setInterval(() => {
      if (pid !== undefined) for (const one of withChildren(pid)) this.#most = Math.max(this.#most, highWater(one))
    }, 20)
  }

  /** The most that was seen, in megabytes. */
  end() {
    clearInterval(this.#timer)
    return this.#most
  }
}
