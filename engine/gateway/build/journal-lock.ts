// A journal belongs to one process at a time. Its file "lock" names it: "NUMBER MARK", MARK being when it began. A process that has died
// holds nothing, nor does another that was given its number since, as happens after each restart of a machine or container.

import * as fs from "node:fs"
import { join } from "node:path"

/** Takes a journal for this process. Throws RangeError if another has it. */
export function lockJournal(folder: string): void {
  fs.mkdirSync(folder, { recursive: true })
  const file = join(folder, "lock")
  const [number, mark = ""] = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split(" ") : []
  const owner = Number(number ?? 0)
  const isHeld = owner > 0 && owner !== process.pid && isAlive(owner) && (mark === "" || mark === beginningOf(owner))
  if (isHeld) throw new RangeError(`the process ${owner} builds in ${folder}`)
  fs.writeFileSync(file, `${process.pid} ${beginningOf(process.pid)}`)
}

/** Gives it back. */
export function unlockJournal(folder: string): void {
  fs.rmSync(join(folder, "lock"), { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // no such process, or not ours: then it is no gateway over our folder
  }
}

/** When a process began, as Linux tells it, unlike for any other of its number; empty elsewhere. */
function beginningOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1")
    // The name of the program, in parentheses, may have spaces; "starttime" is the 22nd field of all.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
    return `${fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}/${ticks}`
  } catch {
    return ""
  }
}
