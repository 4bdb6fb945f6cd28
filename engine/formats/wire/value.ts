// Values that the daemon's protocol and `nix-store --serve` have in common.
// C++ Nix: libstore/common-protocol.cc

import { fail } from "../error.ts"
import { asObject, asString, valueAt } from "../json/access.ts"
import { parseJson } from "../json/read.ts"
import { printJson } from "../json/write.ts"
import { type BuildResult, failureStatus, successStatus } from "../narinfo/build-result.ts"
import type { DrvOutput, UnkeyedRealisation } from "../narinfo/realisation.ts"
import { parseSignature, printSignature, type Signature, sortSignatures } from "../narinfo/signature.ts"
import { type ContentAddress, parseContentAddress, printContentAddress } from "../store-path/content-address.ts"
import { parseBaseName, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { type Reading, readList, readMap, readNumber, readString } from "./reading.ts"
import type { WireWriter } from "./writer.ts"

/** A version of a protocol: two numbers, and features that both sides have. */
export interface ProtocolVersion {
  readonly major: number
  readonly minor: number
  readonly features: ReadonlySet<string>
}

/** A version by its numbers. */
export function protocolVersion(major: number, minor: number, features: Iterable<string> = []): ProtocolVersion {
  return { major, minor, features: new Set(features) }
}

/** True if `version` is at least `major.minor`. */
export function isAtLeast(version: ProtocolVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor)
}

/** The version as one integer on the wire. */
export function versionToWire({ major, minor }: ProtocolVersion): number {
  return major * 256 + minor
}

/** The version from one integer. */
export function versionFromWire(wire: number): ProtocolVersion {
  return protocolVersion((wire >> 8) & 255, wire & 255)
}

/** Reads a store path. */
export function* readStorePath(storeDir: string): Reading<StorePath> {
  return parseStorePath(yield* readString(), storeDir)
}

/** Reads a store path, or the empty text for none. */
export function* readOptionalStorePath(storeDir: string): Reading<StorePath | undefined> {
  const text = yield* readString()
  return text === "" ? undefined : parseStorePath(text, storeDir)
}

/** Writes a store path, or the empty text for none. */
export function writeStorePath(writer: WireWriter, path: StorePath | undefined, storeDir: string): void {
  writer.string(path === undefined ? "" : printStorePath(path, storeDir))
}

/** Reads a set of store paths. */
export function* readStorePaths(storeDir: string): Reading<StorePath[]> {
  return [...new Set(yield* readList(() => readStorePath(storeDir)))].sort()
}

/** Writes a set of store paths. */
export function writeStorePaths(writer: WireWriter, paths: Iterable<StorePath>, storeDir: string): void {
  writer.list([...new Set(paths)].sort(), (path) => writeStorePath(writer, path, storeDir))
}

/** Reads a content address, or the empty text for none. */
export function* readOptionalContentAddress(): Reading<ContentAddress | undefined> {
  const text = yield* readString()
  return text === "" ? undefined : parseContentAddress(text)
}

/** Reads a content address. */
export function* readContentAddress(): Reading<ContentAddress> {
  return parseContentAddress(yield* readString())
}

/** Writes a content address, or the empty text for none. */
export function writeContentAddress(writer: WireWriter, address: ContentAddress | undefined): void {
  writer.string(address === undefined ? "" : printContentAddress(address))
}

/** Reads a set of signatures. */
export function* readSignatures(): Reading<Signature[]> {
  return sortSignatures((yield* readList(() => readString())).map(parseSignature))
}

/** Writes a set of signatures. */
export function writeSignatures(writer: WireWriter, signatures: readonly Signature[]): void {
  writer.strings(sortSignatures(signatures).map(printSignature))
}

/** Reads an output of a derivation. */
export function* readDrvOutput(storeDir: string): Reading<DrvOutput> {
  const drvPath = yield* readStorePath(storeDir)
  return { drvPath, outputName: yield* readString() }
}

/** Writes an output of a derivation. */
export function writeDrvOutput(writer: WireWriter, output: DrvOutput, storeDir: string): void {
  writeStorePath(writer, output.drvPath, storeDir)
  writer.string(output.outputName)
}

/** Reads what an output turned out to be. */
export function* readUnkeyedRealisation(storeDir: string): Reading<UnkeyedRealisation> {
  const outPath = yield* readStorePath(storeDir)
  return { outPath, signatures: yield* readSignatures() }
}

/** Writes what an output turned out to be. */
export function writeUnkeyedRealisation(writer: WireWriter, realisation: UnkeyedRealisation, storeDir: string): void {
  writeStorePath(writer, realisation.outPath, storeDir)
  writeSignatures(writer, realisation.signatures)
}

type End = BuildResult["end"]

/** Reads how a build ended; message and outputs are filled in by the caller. */
export function* readStatus(): Reading<End> {
  const wire = yield* readNumber(255)
  for (const [status, number] of Object.entries(successStatus)) {
    if (number === wire) return { kind: "success", status: status as keyof typeof successStatus, builtOutputs: new Map() }
  }
  for (const [status, number] of Object.entries(failureStatus)) {
    // HashMismatch has no number of its own in the protocols.
    if (number === wire && status !== "HashMismatch") {
      return { kind: "failure", status: status as keyof typeof failureStatus, message: "", isNonDeterministic: false }
    }
  }
  return fail("bad-wire", `Invalid BuildResult status ${wire} from remote`)
}

/** Writes how a build ended. */
export function writeStatus(writer: WireWriter, end: End): void {
  if (end.kind === "success") writer.integer(successStatus[end.status])
  else writer.integer(end.status === "HashMismatch" ? failureStatus.OutputRejected : failureStatus[end.status])
}

/** Puts what followed the status into the result. */
export function completeEnd(
  end: End,
  message: string,
  isNonDeterministic: boolean,
  builtOutputs: ReadonlyMap<string, UnkeyedRealisation>,
): End {
  return end.kind === "success" ? { ...end, builtOutputs } : { ...end, message, isNonDeterministic }
}

/** Reads built outputs as protocols before 2026 send them: keyed by `HASH!OUTPUT`, each a realisation as JSON text. */
export function* readOldBuiltOutputs(): Reading<Map<string, UnkeyedRealisation>> {
  const outputs = new Map<string, UnkeyedRealisation>()
  for (const [id, json] of yield* readMap(() => readString())) {
    const at = id.indexOf("!")
    if (at < 0) fail("bad-wire", `Invalid derivation output id ${id}`)
    const outPath = parseBaseName(asString(valueAt(asObject(parseJson(json)), "outPath")))
    outputs.set(id.slice(at + 1), { outPath, signatures: [] })
  }
  return outputs
}

/** Writes built outputs for such protocols, with zeros for the hash that no longer exists. C++ Nix: Hash::dummy. */
export function writeOldBuiltOutputs(writer: WireWriter, outputs: ReadonlyMap<string, UnkeyedRealisation>): void {
  const old = new Map<string, string>()
  for (const [name, { outPath }] of outputs) {
    const id = `sha256:${"0".repeat(64)}!${name}`
    old.set(id, printJson({ id, outPath }))
  }
  writer.map(old, (json) => writer.string(json))
}
