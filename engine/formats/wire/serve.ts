// Values of the protocol of `nix-store --serve` (version 2.x).
// C++ Nix: libstore/serve-protocol.cc

import { fail } from "../error.ts"
import { type Hash, parsePrefixedHash, printHash } from "../hash/hash.ts"
import type { BuildResult } from "../narinfo/build-result.ts"
import type { UnkeyedPathInfo } from "../narinfo/path-info.ts"
import type { Realisation, UnkeyedRealisation } from "../narinfo/realisation.ts"
import { type Reading, readBool, readMap, readNumber, readSigned, readString } from "./reading.ts"
import {
  completeEnd,
  isAtLeast,
  type ProtocolVersion,
  protocolVersion,
  readDrvOutput,
  readOldBuiltOutputs,
  readOptionalContentAddress,
  readOptionalStorePath,
  readSignatures,
  readStatus,
  readStorePaths,
  readUnkeyedRealisation,
  writeContentAddress,
  writeDrvOutput,
  writeOldBuiltOutputs,
  writeSignatures,
  writeStatus,
  writeStorePath,
  writeStorePaths,
  writeUnkeyedRealisation,
} from "./value.ts"
import type { WireWriter } from "./writer.ts"

/** The newest version that is spoken here. */
export const latestServe: ProtocolVersion = protocolVersion(2, 8)

/** What the client says first, and what the server answers; each is followed by a version. */
export const serveMagic = { client: 0x390c9deb, server: 0x5452eecb } as const

/** Numbers of the commands. */
export const serveCommands = {
  queryValidPaths: 1,
  queryPathInfos: 2,
  dumpStorePath: 3,
  importPaths: 4,
  buildPaths: 6,
  queryClosure: 7,
  buildDerivation: 8,
  addToStoreNar: 9,
} as const

/** Settings for a build. */
export interface ServeBuildOptions {
  /** Seconds. */
  readonly maxSilentTime: number
  /** Seconds. */
  readonly buildTimeout: number
  /** Bytes. */
  readonly maxLogSize: number
  readonly nrRepeats: number
  readonly enforceDeterminism: boolean
  readonly keepFailed: boolean
}

/** Reads settings for a build. */
export function* readServeBuildOptions(version: ProtocolVersion): Reading<ServeBuildOptions> {
  const maxSilentTime = yield* readNumber(0xffffffff)
  const buildTimeout = yield* readNumber(0xffffffff)
  const maxLogSize = isAtLeast(version, 2, 2) ? yield* readNumber() : 0
  const repeated = isAtLeast(version, 2, 3)
  const nrRepeats = repeated ? yield* readNumber(0xffffffff) : 0
  const enforceDeterminism = repeated ? yield* readBool() : false
  const keepFailed = isAtLeast(version, 2, 7) ? yield* readBool() : false
  return { maxSilentTime, buildTimeout, maxLogSize, nrRepeats, enforceDeterminism, keepFailed }
}

/** Writes them. */
export function writeServeBuildOptions(writer: WireWriter, options: ServeBuildOptions, version: ProtocolVersion): void {
  writer.integer(options.maxSilentTime).integer(options.buildTimeout)
  if (isAtLeast(version, 2, 2)) writer.integer(options.maxLogSize)
  if (isAtLeast(version, 2, 3)) writer.integer(options.nrRepeats).bool(options.enforceDeterminism)
  if (isAtLeast(version, 2, 7)) writer.bool(options.keepFailed)
}

/** Reads the result of a build. */
export function* readServeBuildResult(version: ProtocolVersion, storeDir: string): Reading<BuildResult> {
  const end = yield* readStatus()
  const message = yield* readString()
  const timed = isAtLeast(version, 2, 3)
  const timesBuilt = timed ? yield* readNumber() : 0
  const isNonDeterministic = timed ? yield* readBool() : false
  const startTime = timed ? yield* readSigned() : 0
  const stopTime = timed ? yield* readSigned() : 0
  let outputs: ReadonlyMap<string, UnkeyedRealisation> = new Map()
  if (isAtLeast(version, 2, 8)) outputs = yield* readMap(() => readUnkeyedRealisation(storeDir))
  else if (isAtLeast(version, 2, 6)) outputs = yield* readOldBuiltOutputs()
  return {
    end: completeEnd(end, message, isNonDeterministic, outputs),
    timesBuilt,
    startTime,
    stopTime,
    cpuUser: undefined,
    cpuSystem: undefined,
  }
}

/** Writes it. */
export function writeServeBuildResult(writer: WireWriter, result: BuildResult, version: ProtocolVersion, storeDir: string): void {
  const { end } = result
  writeStatus(writer, end)
  writer.string(end.kind === "failure" ? end.message : "")
  if (isAtLeast(version, 2, 3)) {
    writer.integer(result.timesBuilt).bool(end.kind === "failure" && end.isNonDeterministic)
    writer.integer(result.startTime).integer(result.stopTime)
  }
  const outputs = end.kind === "success" ? end.builtOutputs : new Map<string, UnkeyedRealisation>()
  if (isAtLeast(version, 2, 8)) writer.map(outputs, (realisation) => writeUnkeyedRealisation(writer, realisation, storeDir))
  else if (isAtLeast(version, 2, 6)) writeOldBuiltOutputs(writer, outputs)
}

/** Stands where a very old server does not tell the hash. C++ Nix: Hash::dummy. */
const unknownHash: Hash = { algo: "sha256", bytes: new Uint8Array(32) }

/** Reads what the store knows of an object. */
export function* readServePathInfo(version: ProtocolVersion, storeDir: string): Reading<UnkeyedPathInfo> {
  const deriver = yield* readOptionalStorePath(storeDir)
  const references = yield* readStorePaths(storeDir)
  yield* readNumber() // size of a download, no longer used
  const narSize = yield* readNumber()
  const more = isAtLeast(version, 2, 4)
  const hash = more ? yield* readString() : ""
  const ca = more ? yield* readOptionalContentAddress() : undefined
  const signatures = more ? yield* readSignatures() : []
  const narHash = hash === "" ? unknownHash : parsePrefixedHash(hash)
  return { storeDir, deriver, references, narSize, narHash, ca, signatures, registrationTime: 0, ultimate: false }
}

/** Writes it. */
export function writeServePathInfo(writer: WireWriter, info: UnkeyedPathInfo, version: ProtocolVersion): void {
  writeStorePath(writer, info.deriver, info.storeDir)
  writeStorePaths(writer, info.references, info.storeDir)
  writer.integer(info.narSize).integer(info.narSize)
  if (!isAtLeast(version, 2, 4)) return
  writer.string(printHash(info.narHash, "nix32"))
  writeContentAddress(writer, info.ca)
  writeSignatures(writer, info.signatures)
}

function requireRealisations(version: ProtocolVersion): void {
  if (isAtLeast(version, 2, 8)) return
  fail("bad-wire", `serve protocol ${version.major}.${version.minor} is too old (< 2.8) to support content-addressing derivations`)
}

/** Reads a realisation; fails where the version is too old. */
export function* readServeRealisation(version: ProtocolVersion, storeDir: string): Reading<Realisation> {
  requireRealisations(version)
  const key = yield* readDrvOutput(storeDir)
  return { key, value: yield* readUnkeyedRealisation(storeDir) }
}

/** Writes a realisation; fails where the version is too old. */
export function writeServeRealisation(writer: WireWriter, realisation: Realisation, version: ProtocolVersion, storeDir: string): void {
  requireRealisations(version)
  writeDrvOutput(writer, realisation.key, storeDir)
  writeUnkeyedRealisation(writer, realisation.value, storeDir)
}
