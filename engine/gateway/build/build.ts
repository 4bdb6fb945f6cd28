// One build, from its acceptance to its end: its events, and those who watch them.

import * as fs from "node:fs"
import { join } from "node:path"
import type { B3Digest } from "../../castore/digest.ts"
import type { BuildEvent } from "../../proto/gen/gateway_build_pb.ts"
import type { Account } from "../account.ts"
import { type BuildNews, EventLog } from "./event-log.ts"

export type BuildState = "waiting" | "running" | "done" | "failed"

/** Milliseconds that lines of the log wait for others. */
const logDelay = 50
/** Bytes of one event of the log, at most. */
const logPiece = 64 << 10

export class Build {
  readonly id: string
  readonly key: B3Digest
  readonly derivationPath: string
  /** Whose it is, if that is known. */
  readonly account: Account | undefined
  readonly #log: EventLog
  readonly #stop = new AbortController()
  readonly #now: () => number
  #state: BuildState = "waiting"
  #waiting = new Set<() => void>()
  #pieces: Uint8Array[] = []
  #pending = 0
  #logTimer: NodeJS.Timeout | undefined
  #watchers = 0
  /** Called when the last watcher has gone, and when the first comes. */
  onWatchers: (count: number) => void = () => {}

  constructor(id: string, key: B3Digest, derivationPath: string, log: EventLog, now: () => number, account?: Account) {
    this.id = id
    this.key = key
    this.derivationPath = derivationPath
    this.account = account
    this.#log = log
    this.#now = now
    const last = log.last?.event
    if (last?.case === "done" || last?.case === "failed") {
      this.#state = last.case
      log.end()
    }
  }

  get state(): BuildState {
    return this.#state
  }

  get ended(): boolean {
    return this.#state === "done" || this.#state === "failed"
  }

  get events(): number {
    return this.#log.length
  }

  /** Bytes of its events in the journal. */
  get bytes(): number {
    return this.#log.bytes
  }

  /** Fires when the build is to be stopped. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get watchers(): number {
    return this.#watchers
  }

  /** When it was accepted, in milliseconds since 1970. */
  get accepted(): number {
    return Number(this.#log.first?.time ?? 0n)
  }

  /** The event it ended with, if it did. */
  get end(): BuildEvent | undefined {
    return this.ended ? this.#log.last : undefined
  }

  /** How many attempts were begun. */
  get attempts(): number {
    return this.#log.read(0).filter(({ event }) => event.case === "started").length
  }

  /** What the builder wrote in the last attempt. */
  readLog(): Uint8Array {
    let pieces: Uint8Array[] = []
    for (const { event } of this.#log.read(0)) {
      if (event.case === "started") pieces = []
      if (event.case === "log") pieces.push(event.value.data)
    }
    return Buffer.concat(pieces)
  }

  /** Tells what happened. What the builder wrote before comes first. */
  tell(event: BuildNews): void {
    this.#flush()
    this.#append(event)
  }

  #append(event: BuildNews): void {
    this.#log.append(event, this.#now())
    if (event.case === "started") this.#state = "running"
    if (event.case === "done" || event.case === "failed") {
      this.#state = event.case
      this.#log.end()
    }
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }

  /** Takes what the builder wrote. */
  log(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#pending += bytes.length
    if (this.#pending >= logPiece) this.#flush()
    else this.#logTimer ??= setTimeout(() => this.#flush(), logDelay)
  }

  #flush(): void {
    clearTimeout(this.#logTimer)
    this.#logTimer = undefined
    if (this.#pending === 0) return
    const data = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#pending = 0
    for (let at = 0; at < data.length; at += logPiece) {
      this.#append({ case: "log", value: { data: new Uint8Array(data.subarray(at, at + logPiece)) } })
    }
  }

  /** Stops it; it ends by itself then. */
  cancel(): void {
    this.#stop.abort()
  }

  /** The events from number `from` on, as they come, until the build has ended or the signal fires. */
  async *watch(from: number, signal: AbortSignal): AsyncGenerator<BuildEvent> {
    this.#watchers++
    this.onWatchers(this.#watchers)
    try {
      for (let next = from; !signal.aborted; ) {
        const events = this.#log.read(next)
        yield* events
        next += events.length
        if (this.ended && next >= this.#log.length) return
        if (next >= this.#log.length) await this.#news(signal)
      }
    } finally {
      this.#watchers--
      this.onWatchers(this.#watchers)
    }
  }

  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener("abort", wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener("abort", wake, { once: true })
    })
  }
}

/** Makes the folder of a new build, durably: with its job and the name of its account, before its first event. Gives its log. */
export function createBuildFolder(folder: string, id: string, job: Uint8Array, owner = ""): EventLog {
  const fresh = join(folder, `new-${id}`)
  fs.mkdirSync(fresh, { recursive: true })
  if (owner !== "") fs.writeFileSync(join(fresh, "owner"), owner, { flag: "wx" })
  const file = fs.openSync(join(fresh, "job"), "wx")
  fs.writeSync(file, job)
  fs.fsyncSync(file)
  fs.closeSync(file)
  fs.renameSync(fresh, join(folder, id))
  syncFolder(folder)
  return EventLog.create(join(folder, id, "events"))
}

/** The name of the account of a build, by its folder; "" if it is not known. */
export function readOwner(folder: string): string {
  const file = join(folder, "owner")
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : ""
}

function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, "r")
  fs.fsyncSync(handle)
  fs.closeSync(handle)
}
