// Realisations: which store path an output of a derivation turned out to be, and who says so.
//
//   id           DRVPATH "^" OUTPUT
//   JSON         { key: { drvPath, outputName }, value: { outPath, signatures } }
//   fingerprint  that JSON in one line, without the signatures
//
// C++ Nix: libstore/realisation.cc

import { fail } from "../error.ts"
import { asArray, asObject, asString, optionalAt, valueAt } from "../json/access.ts"
import type { JsonObject } from "../json/value.ts"
import { printJson } from "../json/write.ts"
import { defaultStoreDir, parseBaseName, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import {
  type PublicKey,
  type SecretKey,
  type Signature,
  signatureFromJson,
  signatureToJson,
  signText,
  sortSignatures,
  verifyText,
} from "./signature.ts"

/** An output of a derivation. */
export interface DrvOutput {
  readonly drvPath: StorePath
  readonly outputName: string
}

/** What an output turned out to be. */
export interface UnkeyedRealisation {
  readonly outPath: StorePath
  /** Sorted, without doubles. */
  readonly signatures: readonly Signature[]
}

/** The output, and what it turned out to be. */
export interface Realisation {
  readonly key: DrvOutput
  readonly value: UnkeyedRealisation
}

/** Reads `/nix/store/….drv^out`. */
export function parseDrvOutput(text: string, storeDir: string = defaultStoreDir): DrvOutput {
  const at = text.lastIndexOf("^")
  if (at < 0) fail("bad-realisation", `Invalid derivation output id '${text}': missing '^'`)
  return { drvPath: parseStorePath(text.slice(0, at), storeDir), outputName: text.slice(at + 1) }
}

/** Writes `/nix/store/….drv^out`. */
export function printDrvOutput(output: DrvOutput, storeDir: string = defaultStoreDir): string {
  return `${printStorePath(output.drvPath, storeDir)}^${output.outputName}`
}

/** The JSON form of an output. */
export function drvOutputToJson(output: DrvOutput): JsonObject {
  return { drvPath: output.drvPath, outputName: output.outputName }
}

/** Reads it. */
export function drvOutputFromJson(json: unknown): DrvOutput {
  const object = asObject(json)
  return { drvPath: parseBaseName(asString(valueAt(object, "drvPath"))), outputName: asString(valueAt(object, "outputName")) }
}

/** The JSON form of what an output turned out to be. */
export function unkeyedRealisationToJson(realisation: UnkeyedRealisation): JsonObject {
  return { outPath: realisation.outPath, signatures: realisation.signatures.map(signatureToJson) }
}

/** Reads it; signatures may be text as well. */
export function unkeyedRealisationFromJson(json: unknown): UnkeyedRealisation {
  const object = asObject(json)
  const signatures = optionalAt(object, "signatures")
  return {
    outPath: parseBaseName(asString(valueAt(object, "outPath"))),
    signatures: signatures === undefined ? [] : sortSignatures(asArray(signatures).map(signatureFromJson)),
  }
}

/** The JSON form. */
export function realisationToJson(realisation: Realisation): JsonObject {
  return { key: drvOutputToJson(realisation.key), value: unkeyedRealisationToJson(realisation.value) }
}

/** Reads it. */
export function realisationFromJson(json: unknown): Realisation {
  const object = asObject(json)
  return { key: drvOutputFromJson(valueAt(object, "key")), value: unkeyedRealisationFromJson(valueAt(object, "value")) }
}

/** The text that is signed. */
export function realisationFingerprint(realisation: Realisation): string {
  return printJson({ key: drvOutputToJson(realisation.key), value: { outPath: realisation.value.outPath } })
}

/** The realisation with one more signature. */
export function signRealisation(realisation: Realisation, key: SecretKey): Realisation {
  const signature = signText(key, realisationFingerprint(realisation))
  const signatures = sortSignatures([...realisation.value.signatures, signature])
  return { ...realisation, value: { ...realisation.value, signatures } }
}

/** How many signatures are good. */
export function checkRealisation(realisation: Realisation, keys: readonly PublicKey[]): number {
  const text = realisationFingerprint(realisation)
  return realisation.value.signatures.filter((signature) => verifyText(text, signature, keys)).length
}
