// Values of the daemon's protocol (version 1.x), which differ by version and features.
// C++ Nix: libstore/worker-protocol.cc

import { fail } from "../error.ts"
import { parseHash, printHashDigits } from "../hash/hash.ts"
import type { BuildResult, KeyedBuildResult } from "../narinfo/build-result.ts"
import type { PathInfo, UnkeyedPathInfo } from "../narinfo/path-info.ts"
import type { DrvOutput, Realisation, UnkeyedRealisation } from "../narinfo/realisation.ts"
import { type DerivedPath, opaque, parseDerivedPathLegacy, printDerivedPathLegacy } from "../store-path/derived-path.ts"
import { allOutputs, outputNames } from "../store-path/outputs-spec.ts"
import { isDerivationPath, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
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
  readStorePath,
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

/** Both sides send realisations with the derivation's path instead of its hash. */
export const realisationWithPath = "realisation-with-path-not-hash"

/** The newest version that is spoken here. */
export const latestWorker: ProtocolVersion = protocolVersion(1, 38, [realisationWithPath])

/** The oldest that is understood. */
export const oldestWorker: ProtocolVersion = protocolVersion(1, 18)

/** How a thing is to be built. */
export const buildModes = ["normal", "repair", "check"] as const
/** One of them. */
export type BuildMode = (typeof buildModes)[number]

/** Reads a build mode. */
export function* readBuildMode(): Reading<BuildMode> {
  return buildModes[yield* readNumber(255)] ?? fail("bad-wire", "Invalid build mode")
}

/** Writes a build mode. */
export function writeBuildMode(writer: WireWriter, mode: BuildMode): void {
  writer.integer(buildModes.indexOf(mode))
}

/** Reads whether the daemon trusts the client; undefined if it does not say. */
export function* readTrust(): Reading<boolean | undefined> {
  const wire = yield* readNumber(255)
  if (wire > 2) fail("bad-wire", "Invalid trusted status from remote")
  return wire === 0 ? undefined : wire === 1
}

/** Writes whether the client is trusted. */
export function writeTrust(writer: WireWriter, trusted: boolean | undefined): void {
  writer.integer(trusted === undefined ? 0 : trusted ? 1 : 2)
}

/** What the daemon says of itself. */
export interface DaemonInfo {
  readonly nixVersion: string | undefined
  readonly trusted: boolean | undefined
}

/** Reads what the daemon says of itself. */
export function* readDaemonInfo(version: ProtocolVersion): Reading<DaemonInfo> {
  const nixVersion = isAtLeast(version, 1, 33) ? yield* readString() : undefined
  return { nixVersion, trusted: isAtLeast(version, 1, 35) ? yield* readTrust() : undefined }
}

/** Writes it. */
export function writeDaemonInfo(writer: WireWriter, info: DaemonInfo, version: ProtocolVersion): void {
  if (isAtLeast(version, 1, 33)) writer.string(info.nixVersion ?? "")
  if (isAtLeast(version, 1, 35)) writeTrust(writer, info.trusted)
}

/** Before 1.30 a path is followed by "!" and outputs, and a bare derivation means all its outputs. */
function parseOldDerivedPath(text: string, storeDir: string): DerivedPath {
  const at = text.indexOf("!")
  const path = parseStorePath(at < 0 ? text : text.slice(0, at), storeDir)
  const names =
    at < 0
      ? []
      : text
          .slice(at + 1)
          .split(",")
          .filter((name) => name !== "")
  if (names.length > 0) return { kind: "outputs", drvPath: opaque(path), outputs: outputNames(names) }
  return isDerivationPath(path) ? { kind: "outputs", drvPath: opaque(path), outputs: allOutputs } : opaque(path)
}

function printOldDerivedPath(path: DerivedPath, version: ProtocolVersion, storeDir: string): string {
  if (path.kind === "opaque") {
    if (!isDerivationPath(path.path)) return printStorePath(path.path, storeDir)
    const { major, minor } = version
    return fail(
      "bad-wire",
      `trying to request '${printStorePath(path.path, storeDir)}', but daemon protocol ${major}.${minor} is too old (< 1.29) to request a derivation file`,
    )
  }
  if (path.drvPath.kind !== "opaque") {
    return fail(
      "bad-wire",
      "wanted to build a derivation that is itself a build product, but protocols do not support that. Try upgrading the Nix on the other end of this connection",
    )
  }
  const names = path.outputs.kind === "all" || path.outputs.names.length === 0 ? "" : `!${path.outputs.names.join(",")}`
  return printStorePath(path.drvPath.path, storeDir) + names
}

/** Reads a derived path. */
export function* readDerivedPath(version: ProtocolVersion, storeDir: string): Reading<DerivedPath> {
  const text = yield* readString()
  return isAtLeast(version, 1, 30) ? parseDerivedPathLegacy(text, storeDir) : parseOldDerivedPath(text, storeDir)
}

/** Writes a derived path; fails where the version has no words for it. */
export function writeDerivedPath(writer: WireWriter, path: DerivedPath, version: ProtocolVersion, storeDir: string): void {
  writer.string(isAtLeast(version, 1, 30) ? printDerivedPathLegacy(path, storeDir) : printOldDerivedPath(path, version, storeDir))
}

function* readMicroseconds(): Reading<number | undefined> {
  const tag = yield* readNumber(255)
  if (tag > 1) fail("bad-wire", "Invalid optional tag from remote")
  return tag === 0 ? undefined : yield* readSigned()
}

function writeMicroseconds(writer: WireWriter, time: number | undefined): void {
  if (time === undefined) writer.integer(0)
  else writer.integer(1).integer(time)
}

/** Reads the result of a build. */
export function* readBuildResult(version: ProtocolVersion, storeDir: string): Reading<BuildResult> {
  const end = yield* readStatus()
  const message = yield* readString()
  const timed = isAtLeast(version, 1, 29)
  const timesBuilt = timed ? yield* readNumber() : 0
  const isNonDeterministic = timed ? yield* readBool() : false
  const startTime = timed ? yield* readSigned() : 0
  const stopTime = timed ? yield* readSigned() : 0
  const cpuUser = isAtLeast(version, 1, 37) ? yield* readMicroseconds() : undefined
  const cpuSystem = isAtLeast(version, 1, 37) ? yield* readMicroseconds() : undefined
  let outputs: ReadonlyMap<string, UnkeyedRealisation> = new Map()
  if (version.features.has(realisationWithPath)) outputs = yield* readMap(() => readUnkeyedRealisation(storeDir))
  else if (isAtLeast(version, 1, 28)) outputs = yield* readOldBuiltOutputs()
  return { end: completeEnd(end, message, isNonDeterministic, outputs), timesBuilt, startTime, stopTime, cpuUser, cpuSystem }
}

/** Writes the result of a build. */
export function writeBuildResult(writer: WireWriter, result: BuildResult, version: ProtocolVersion, storeDir: string): void {
  const { end } = result
  writeStatus(writer, end)
  writer.string(end.kind === "failure" ? end.message : "")
  if (isAtLeast(version, 1, 29)) {
    writer.integer(result.timesBuilt).bool(end.kind === "failure" && end.isNonDeterministic)
    writer.integer(result.startTime).integer(result.stopTime)
  }
  if (isAtLeast(version, 1, 37)) {
    writeMicroseconds(writer, result.cpuUser)
    writeMicroseconds(writer, result.cpuSystem)
  }
  const outputs = end.kind === "success" ? end.builtOutputs : new Map<string, UnkeyedRealisation>()
  if (version.features.has(realisationWithPath)) {
    writer.map(outputs, (realisation) => writeUnkeyedRealisation(writer, realisation, storeDir))
  } else if (isAtLeast(version, 1, 28)) writeOldBuiltOutputs(writer, outputs)
}

/** Reads the result of a build, with what was built. */
export function* readKeyedBuildResult(version: ProtocolVersion, storeDir: string): Reading<KeyedBuildResult> {
  const path = yield* readDerivedPath(version, storeDir)
  return { ...(yield* readBuildResult(version, storeDir)), path }
}

/** Writes it. */
export function writeKeyedBuildResult(writer: WireWriter, result: KeyedBuildResult, version: ProtocolVersion, storeDir: string): void {
  writeDerivedPath(writer, result.path, version, storeDir)
  writeBuildResult(writer, result, version, storeDir)
}

/** Reads what the store knows of an object. */
export function* readUnkeyedPathInfo(version: ProtocolVersion, storeDir: string): Reading<UnkeyedPathInfo> {
  const deriver = yield* readOptionalStorePath(storeDir)
  const narHash = parseHash(yield* readString(), "sha256")
  const references = yield* readStorePaths(storeDir)
  const registrationTime = yield* readNumber()
  const narSize = yield* readNumber()
  const more = isAtLeast(version, 1, 16)
  const ultimate = more ? yield* readBool() : false
  const signatures = more ? yield* readSignatures() : []
  const ca = more ? yield* readOptionalContentAddress() : undefined
  return { storeDir, deriver, narHash, references, registrationTime, narSize, ultimate, signatures, ca }
}

/** Writes it. */
export function writeUnkeyedPathInfo(writer: WireWriter, info: UnkeyedPathInfo, version: ProtocolVersion): void {
  const { storeDir } = info
  writeStorePath(writer, info.deriver, storeDir)
  writer.string(printHashDigits(info.narHash, "base16"))
  writeStorePaths(writer, info.references, storeDir)
  writer.integer(info.registrationTime).integer(info.narSize)
  if (!isAtLeast(version, 1, 16)) return
  writer.bool(info.ultimate)
  writeSignatures(writer, info.signatures)
  writeContentAddress(writer, info.ca)
}

/** Reads an object's path and what the store knows of it. */
export function* readPathInfo(version: ProtocolVersion, storeDir: string): Reading<PathInfo> {
  const path: StorePath = yield* readStorePath(storeDir)
  return { ...(yield* readUnkeyedPathInfo(version, storeDir)), path }
}

/** Writes it. */
export function writePathInfo(writer: WireWriter, info: PathInfo, version: ProtocolVersion): void {
  writeStorePath(writer, info.path, info.storeDir)
  writeUnkeyedPathInfo(writer, info, version)
}

function requireRealisations(version: ProtocolVersion, why: string): void {
  if (version.features.has(realisationWithPath)) return
  fail("bad-wire", `the daemon is missing the '${realisationWithPath}' protocol feature, needed to ${why}`)
}

/** Reads an output of a derivation; fails without the feature. */
export function* readWorkerDrvOutput(version: ProtocolVersion, storeDir: string): Reading<DrvOutput> {
  requireRealisations(version, "support content-addressing derivations")
  return yield* readDrvOutput(storeDir)
}

/** Reads a realisation; fails without the feature. */
export function* readRealisation(version: ProtocolVersion, storeDir: string): Reading<Realisation> {
  const key = yield* readWorkerDrvOutput(version, storeDir)
  return { key, value: yield* readUnkeyedRealisation(storeDir) }
}

/** Writes a realisation; fails without the feature. */
export function writeRealisation(writer: WireWriter, realisation: Realisation, version: ProtocolVersion, storeDir: string): void {
  requireRealisations(version, "understand build trace")
  writeDrvOutput(writer, realisation.key, storeDir)
  writeUnkeyedRealisation(writer, realisation.value, storeDir)
}

/** Reads a realisation that may not be known. */
export function* readOptionalRealisation(version: ProtocolVersion, storeDir: string): Reading<UnkeyedRealisation | undefined> {
  if (!version.features.has(realisationWithPath)) {
    yield* readString() // what an old daemon answers cannot be used
    return undefined
  }
  const tag = yield* readNumber(255)
  if (tag > 1) fail("bad-wire", "Invalid optional build trace from remote")
  return tag === 0 ? undefined : yield* readUnkeyedRealisation(storeDir)
}
