// The frame of a conversation with the Nix daemon: greeting, operations, and what it says while it works.
//
//   client  magic, version, [features]     CPU affinity 0, reserve space 0
//   daemon  magic, version, [features]     [its Nix version], [whether it trusts the client], messages up to `last`
//
// An operation is its number and its arguments; the daemon answers with messages up to `last`, then the result.
// C++ Nix: libstore/worker-protocol-connection.cc

import { fail } from "../error.ts"
import type { LogField } from "../log/internal-json.ts"
import { type Reading, readInteger, readList, readNumber, readString, readStrings } from "./reading.ts"
import { isAtLeast, type ProtocolVersion, protocolVersion, versionFromWire, versionToWire } from "./value.ts"
import { oldestWorker } from "./worker.ts"
import type { WireWriter } from "./writer.ts"

/** What client and daemon say first. */
const workerMagic = { client: 0x6e697863, daemon: 0x6478696f } as const

/** Numbers of the operations. */
export const workerOperations = {
  isValidPath: 1,
  queryReferrers: 6,
  addToStore: 7,
  buildPaths: 9,
  ensurePath: 10,
  addTempRoot: 11,
  addIndirectRoot: 12,
  syncWithGC: 13,
  findRoots: 14,
  setOptions: 19,
  collectGarbage: 20,
  querySubstitutablePathInfo: 21,
  queryAllValidPaths: 23,
  queryPathInfo: 26,
  queryPathFromHashPart: 29,
  querySubstitutablePathInfos: 30,
  queryValidPaths: 31,
  querySubstitutablePaths: 32,
  queryValidDerivers: 33,
  optimiseStore: 34,
  verifyStore: 35,
  buildDerivation: 36,
  addSignatures: 37,
  narFromPath: 38,
  addToStoreNar: 39,
  queryMissing: 40,
  queryDerivationOutputMap: 41,
  registerDrvOutput: 42,
  queryRealisation: 43,
  addMultipleToStore: 44,
  addBuildLog: 45,
  buildPathsWithResults: 46,
  addPermRoot: 47,
} as const

const messageNumbers = {
  next: 0x6f6c6d67,
  read: 0x64617461,
  write: 0x64617416,
  last: 0x616c7473,
  error: 0x63787470,
  startActivity: 0x53545254,
  stopActivity: 0x53544f50,
  result: 0x52534c54,
} as const

/** An error of the daemon. */
export interface DaemonError {
  readonly level: number
  readonly message: string
  readonly traces: readonly string[]
  /** Exit status, in versions before 1.26. */
  readonly status: number | undefined
}

/** What the daemon says while it works. */
export type DaemonMessage =
  | { readonly kind: "next"; readonly text: string }
  | { readonly kind: "read"; readonly size: number }
  | { readonly kind: "write"; readonly data: string }
  | { readonly kind: "last" }
  | { readonly kind: "error"; readonly error: DaemonError }
  | {
      readonly kind: "startActivity"
      readonly id: number | bigint
      readonly level: number
      readonly type: number
      readonly text: string
      readonly fields: readonly LogField[]
      readonly parent: number | bigint
    }
  | { readonly kind: "stopActivity"; readonly id: number | bigint }
  | { readonly kind: "result"; readonly id: number | bigint; readonly type: number; readonly fields: readonly LogField[] }

/** What a client sends first. */
export function writeClientGreeting(writer: WireWriter, version: ProtocolVersion): void {
  writer.integer(workerMagic.client).integer(versionToWire(version))
}

/** What a daemon answers. */
export function writeDaemonGreeting(writer: WireWriter, version: ProtocolVersion): void {
  writer.integer(workerMagic.daemon).integer(versionToWire(version))
}

function* readGreeting(magic: number, mismatch: string): Reading<ProtocolVersion> {
  if ((yield* readNumber()) !== magic) fail("bad-wire", mismatch)
  const version = versionFromWire(yield* readNumber(0xffffffff))
  if (version.major !== oldestWorker.major) fail("bad-wire", "Nix daemon protocol version not supported")
  return version
}

/** Reads the daemon's greeting: its version. */
export function* readDaemonGreeting(): Reading<ProtocolVersion> {
  const version = yield* readGreeting(workerMagic.daemon, "nix-daemon protocol mismatch from")
  if (!isAtLeast(version, 1, 10)) fail("bad-wire", "the Nix daemon version is too old")
  return version
}

/** Reads a client's greeting: its version. */
export function readClientGreeting(): Reading<ProtocolVersion> {
  return readGreeting(workerMagic.client, "protocol mismatch")
}

/** The version that both speak, by numbers; from 1.38 on both then send their features. */
export function commonVersion(ours: ProtocolVersion, theirs: ProtocolVersion): ProtocolVersion {
  const lower = isAtLeast(ours, theirs.major, theirs.minor) ? theirs : ours
  return protocolVersion(lower.major, lower.minor)
}

/** True if features are exchanged. */
export function hasFeatures(version: ProtocolVersion): boolean {
  return isAtLeast(version, 1, 38)
}

/** Reads the other side's features. */
export function readFeatures(): Reading<string[]> {
  return readStrings()
}

/** Writes the features of a version. */
export function writeFeatures(writer: WireWriter, version: ProtocolVersion): void {
  writer.strings([...version.features].sort())
}

/** The version with the features that both have. */
export function withCommonFeatures(version: ProtocolVersion, ours: Iterable<string>, theirs: Iterable<string>): ProtocolVersion {
  const has = new Set(theirs)
  return { ...version, features: new Set([...ours].filter((feature) => has.has(feature))) }
}

function* readField(): Reading<LogField> {
  const type = yield* readNumber(0xffffffff)
  if (type === 0) return Number(yield* readInteger())
  if (type === 1) return yield* readString()
  return fail("bad-wire", `got unsupported field type ${type.toString(16)} from Nix daemon`)
}

function* readError(version: ProtocolVersion): Reading<DaemonError> {
  if (!isAtLeast(version, 1, 26)) {
    const message = yield* readString()
    return { level: 0, message, traces: [], status: yield* readNumber(0xffffffff) }
  }
  const type = yield* readString()
  if (type !== "Error") fail("bad-wire", `unexpected error type '${type}'`)
  const level = yield* readNumber(0xffffffff)
  yield* readString() // a name, no longer used
  const message = yield* readString()
  const noPosition = function* (): Reading<void> {
    if ((yield* readNumber()) !== 0) fail("bad-wire", "deserializing error positions is not supported")
  }
  yield* noPosition()
  const traces = yield* readList(function* (): Reading<string> {
    yield* noPosition()
    return yield* readString()
  })
  return { level, message, traces, status: undefined }
}

/** Reads one message. */
export function* readDaemonMessage(version: ProtocolVersion): Reading<DaemonMessage> {
  const number = yield* readNumber()
  switch (number) {
    case messageNumbers.next:
      return { kind: "next", text: yield* readString() }
    case messageNumbers.read:
      return { kind: "read", size: yield* readNumber() }
    case messageNumbers.write:
      return { kind: "write", data: yield* readString() }
    case messageNumbers.last:
      return { kind: "last" }
    case messageNumbers.error:
      return { kind: "error", error: yield* readError(version) }
    case messageNumbers.startActivity: {
      const id = yield* readInteger()
      const level = yield* readNumber(0xffffffff)
      const type = yield* readNumber(0xffffffff)
      const text = yield* readString()
      const fields = yield* readList(readField)
      return { kind: "startActivity", id, level, type, text, fields, parent: yield* readInteger() }
    }
    case messageNumbers.stopActivity:
      return { kind: "stopActivity", id: yield* readInteger() }
    case messageNumbers.result: {
      const id = yield* readInteger()
      const type = yield* readNumber(0xffffffff)
      return { kind: "result", id, type, fields: yield* readList(readField) }
    }
    default:
      return fail("bad-wire", `got unknown message type ${number.toString(16)} from Nix daemon`)
  }
}

function writeFields(writer: WireWriter, fields: readonly LogField[]): void {
  writer.list(fields, (field) => {
    if (typeof field === "number") writer.integer(0).integer(field)
    else writer.integer(1).string(field)
  })
}

function writeError(writer: WireWriter, error: DaemonError, version: ProtocolVersion): void {
  if (!isAtLeast(version, 1, 26)) {
    writer.string(error.message).integer(error.status ?? 1)
    return
  }
  writer.string("Error").integer(error.level).string("Error").string(error.message).integer(0)
  writer.list(error.traces, (trace) => writer.integer(0).string(trace))
}

/** Writes one message. */
export function writeDaemonMessage(writer: WireWriter, message: DaemonMessage, version: ProtocolVersion): void {
  writer.integer(messageNumbers[message.kind])
  switch (message.kind) {
    case "next":
      writer.string(message.text)
      return
    case "read":
      writer.integer(message.size)
      return
    case "write":
      writer.string(message.data)
      return
    case "last":
      return
    case "error":
      writeError(writer, message.error, version)
      return
    case "startActivity":
      writer.integer(message.id).integer(message.level).integer(message.type).string(message.text)
      writeFields(writer, message.fields)
      writer.integer(message.parent)
      return
    case "stopActivity":
      writer.integer(message.id)
      return
    case "result":
      writer.integer(message.id).integer(message.type)
      writeFields(writer, message.fields)
  }
}
