// The events of one build, in a file: numbered without gaps, each written before anybody sees it, so that a gateway that dies
// leaves a log that a watcher can go on with. Each event is its size and its message, one after the other.

import * as fs from "node:fs"
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf"
import { sizeDelimitedEncode } from "@bufbuild/protobuf/wire"
import { type BuildEvent, BuildEventSchema } from "../../proto/gen/gateway_build_pb.ts"

/** What happens in a build, without number and time. */
export type BuildNews = NonNullable<MessageInitShape<typeof BuildEventSchema>["event"]>

export class EventLog {
  readonly #file: string
  /** Of a build that is not ended; else it is read when it is wanted. */
  #events: BuildEvent[]
  #descriptor: number | undefined
  #length: number
  #first: BuildEvent | undefined
  #last: BuildEvent | undefined

  #bytes: number

  private constructor(file: string, events: BuildEvent[], bytes: number) {
    this.#bytes = bytes
    this.#file = file
    this.#events = events
    this.#length = events.length
    this.#first = events[0]
    this.#last = events.at(-1)
  }

  /** A new log. */
  static create(file: string): EventLog {
    const log = new EventLog(file, [], 0)
    log.#descriptor = fs.openSync(file, "ax")
    return log
  }

  /** The log in a file; what was only half written when a gateway died is cut off. */
  static open(file: string): EventLog {
    const bytes = fs.readFileSync(file)
    const { events, used } = decode(bytes)
    if (used < bytes.length) fs.truncateSync(file, used)
    return new EventLog(file, events, used)
  }

  /** How many events there are. */
  get length(): number {
    return this.#length
  }

  /** The size of the file. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds an event and gives it. */
  append(event: BuildNews, time: number): BuildEvent {
    this.#descriptor ??= fs.openSync(this.#file, "a")
    const message = create(BuildEventSchema, { number: BigInt(this.#length), time: BigInt(time), event })
    // At once, not when the system likes: events are few (the log is batched), and their order is that of the file.
    const bytes = sizeDelimitedEncode(BuildEventSchema, message)
    fs.writeSync(this.#descriptor, bytes)
    this.#bytes += bytes.length
    this.#events.push(message)
    this.#length++
    this.#first ??= message
    this.#last = message
    return message
  }

  /** Makes all durable and forgets what is in memory: the build has ended. */
  end(): void {
    if (this.#descriptor !== undefined) {
      fs.fsyncSync(this.#descriptor)
      fs.closeSync(this.#descriptor)
    }
    this.#descriptor = undefined
    this.#events = []
  }

  /** The events from number `from` on. */
  read(from: number): readonly BuildEvent[] {
    if (from >= this.#length) return []
    const events = this.#events.length === this.#length ? this.#events : decode(fs.readFileSync(this.#file)).events
    return events.slice(from)
  }

  /** The first event. */
  get first(): BuildEvent | undefined {
    return this.#first
  }

  /** The last event. */
  get last(): BuildEvent | undefined {
    return this.#last
  }
}

/** The whole events of a file, and how many bytes they are. */
function decode(file: Uint8Array): { events: BuildEvent[]; used: number } {
  // What is read of it are views: plain arrays, not Node's buffers.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length)
  const events: BuildEvent[] = []
  let used = 0
  for (;;) {
    let size = 0
    let at = used
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined || shift > 28) return { events, used }
      size += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    if (at + size > bytes.length) return { events, used }
    let event: BuildEvent
    try {
      event = fromBinary(BuildEventSchema, bytes.subarray(at, at + size))
    } catch {
      return { events, used } // half of the disk's block was written
    }
    if (event.number !== BigInt(events.length)) return { events, used }
    events.push(event)
    used = at + size
  }
}
