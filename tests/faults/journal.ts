// What a gateway's journal says of its builds, read from the disk after it has ended.
import * as fs from "node:fs"
import { fromBinary, toBinary } from "@bufbuild/protobuf"
import { sizeDelimitedEncode } from "@bufbuild/protobuf/wire"
import { EventLog } from "../../engine/gateway/build/event-log.ts"
import { BuildEventSchema, JobSchema } from "../../engine/proto/gen/gateway_build_pb.ts"

/** One build. */
export interface JournalBuild {
  readonly id: string
  /** Of its derivation. */
  readonly name: string
  /** The builder and its arguments. */
  readonly script: string
  readonly kinds: readonly string[]
  /** What was logged in each attempt. */
  readonly attempts: readonly string[]
  /** What is not as it should be. */
  readonly faults: readonly string[]
}

/** All builds of a journal. The file of one must be whole: nothing may follow the last event. */
export function readJournal(folder: string): JournalBuild[] {
  const names = fs.readdirSync(folder).filter((name) => name !== "lock")
  return names.map((id) => {
    const job = fromBinary(JobSchema, fs.readFileSync(`${folder}/${id}/job`))
    const file = `${folder}/${id}/events`
    const bytes = fs.statSync(file).size
    const log = EventLog.open(file)
    const events = log.read(0)
    log.end()
    const faults: string[] = []
    const kinds: string[] = []
    const attempts: string[] = []
    let used = 0
    let isRunning = false
    for (const message of events) {
      const { event } = message
      const kind = event.case ?? "unknown"
      if (["done", "failed"].some((end) => kinds.includes(end))) faults.push(`'${kind}' follows the end`)
      if (event.case === "started") {
        // An attempt begins when there is none, or after the gateway said that the last is over.
        if (isRunning) faults.push("an attempt began while another was running")
        if (event.value.attempt !== attempts.length + 1) faults.push(`attempt ${event.value.attempt} is number ${attempts.length + 1}`)
        attempts.push("")
        isRunning = true
      }
      if (event.case === "retry") isRunning = false
      if (event.case === "log") attempts[attempts.length - 1] += Buffer.from(event.value.data).toString("latin1")
      if (event.case === "log" && !isRunning) faults.push("a log without an attempt")
      kinds.push(kind)
      used += sizeDelimitedEncode(BuildEventSchema, message).length
    }
    if (used !== bytes) faults.push(`${bytes - used} bytes of the events are none`)
    if (kinds[0] !== "accepted") faults.push(`it begins with '${kinds[0]}'`)
    if (!/^(done|failed)$/.test(kinds.at(-1) ?? "")) faults.push(`it ends with '${kinds.at(-1)}'`)
    if (toBinary(JobSchema, job).length !== fs.statSync(`${folder}/${id}/job`).size) faults.push("its job is not whole")
    const script = job.request?.commandArgs.join(" ") ?? ""
    return { id, name: job.derivationPath.replace(/^[^-]*-/, "").replace(/\.drv$/, ""), script, kinds, attempts, faults }
  })
}

/** What is wrong with a journal in which each derivation should be built once, with these logs (`logOf`). */
export function journalFaults(builds: readonly JournalBuild[], names: readonly string[], logOf: (name: string) => string): string[] {
  const faults = builds.flatMap(({ name, faults: own }) => own.map((fault) => `${name}: ${fault}`))
  for (const name of names) {
    const own = builds.filter((build) => build.name === name)
    if (own.length !== 1) faults.push(`${name} has ${own.length} builds`)
    for (const { attempts } of own) {
      const whole = logOf(name)
      for (const [i, log] of attempts.entries()) {
        // An attempt that was broken off has the beginning of the log, from its first line on.
        const isRight = i === attempts.length - 1 ? log === whole : whole.startsWith(log)
        if (!isRight) faults.push(`${name}, attempt ${i + 1} of ${attempts.length}, logged ${JSON.stringify(log)}`)
      }
    }
  }
  return faults
}
