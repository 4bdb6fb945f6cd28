// Results of builds as JSON.
// C++ Nix: libstore/build-result.cc

import { fail } from "../error.ts"
import { asBoolean, asObject, asString, asUnsigned, optionalAt, valueAt } from "../json/access.ts"
import type { JsonObject, JsonValue } from "../json/value.ts"
import { type DerivedPath, derivedPathFromJson, derivedPathToJson } from "../store-path/derived-path.ts"
import { type UnkeyedRealisation, unkeyedRealisationFromJson, unkeyedRealisationToJson } from "./realisation.ts"

/** Names of good ends, with their numbers on the wire. */
export const successStatus = { Built: 0, Substituted: 1, AlreadyValid: 2, ResolvesToAlreadyValid: 13 } as const

/** Names of bad ends, with their numbers on the wire. */
export const failureStatus = {
  PermanentFailure: 3,
  InputRejected: 4,
  OutputRejected: 5,
  TransientFailure: 6,
  CachedFailure: 7,
  TimedOut: 8,
  MiscFailure: 9,
  DependencyFailed: 10,
  LogLimitExceeded: 11,
  NotDeterministic: 12,
  NoSubstituters: 14,
  HashMismatch: 15,
} as const

/** How a build ended well. */
export type SuccessStatus = keyof typeof successStatus
/** How a build failed. */
export type FailureStatus = keyof typeof failureStatus

/** How a build ended. Times are seconds since 1970, processor times microseconds. */
export interface BuildResult {
  readonly end:
    | { readonly kind: "success"; readonly status: SuccessStatus; readonly builtOutputs: ReadonlyMap<string, UnkeyedRealisation> }
    | { readonly kind: "failure"; readonly status: FailureStatus; readonly message: string; readonly isNonDeterministic: boolean }
  readonly timesBuilt: number
  readonly startTime: number
  readonly stopTime: number
  readonly cpuUser: number | undefined
  readonly cpuSystem: number | undefined
}

/** What was built, and how that ended. */
export interface KeyedBuildResult extends BuildResult {
  readonly path: DerivedPath
}

/** The JSON form. */
export function buildResultToJson(result: BuildResult): JsonObject {
  const { end } = result
  const json: { [key: string]: JsonValue } = {
    timesBuilt: result.timesBuilt,
    startTime: result.startTime,
    stopTime: result.stopTime,
    success: end.kind === "success",
    status: end.status,
  }
  if (result.cpuUser !== undefined) json["cpuUser"] = result.cpuUser
  if (result.cpuSystem !== undefined) json["cpuSystem"] = result.cpuSystem
  if (end.kind === "failure") {
    json["errorMsg"] = end.message
    json["isNonDeterministic"] = end.isNonDeterministic
  } else {
    const outputs: { [key: string]: JsonValue } = Object.create(null)
    for (const [name, realisation] of end.builtOutputs) outputs[name] = unkeyedRealisationToJson(realisation)
    json["builtOutputs"] = outputs
  }
  return json
}

function endFromJson(object: JsonObject): BuildResult["end"] {
  const status = asString(valueAt(object, "status"))
  if (asBoolean(valueAt(object, "success"))) {
    if (!Object.hasOwn(successStatus, status)) fail("bad-json", `unknown built result success status '${status}'`)
    const outputs = Object.entries(asObject(valueAt(object, "builtOutputs")))
    return {
      kind: "success",
      status: status as SuccessStatus, // just looked up
      builtOutputs: new Map(outputs.map(([name, realisation]) => [name, unkeyedRealisationFromJson(realisation)])),
    }
  }
  if (!Object.hasOwn(failureStatus, status)) fail("bad-json", `unknown built result failure status '${status}'`)
  return {
    kind: "failure",
    status: status as FailureStatus, // just looked up
    message: asString(valueAt(object, "errorMsg")),
    isNonDeterministic: asBoolean(valueAt(object, "isNonDeterministic")),
  }
}

/** Reads the JSON form. */
export function buildResultFromJson(json: unknown): BuildResult {
  const object = asObject(json)
  const optional = (name: string) => {
    const value = optionalAt(object, name)
    return value === undefined ? undefined : asUnsigned(value)
  }
  return {
    end: endFromJson(object),
    timesBuilt: asUnsigned(valueAt(object, "timesBuilt")),
    startTime: asUnsigned(valueAt(object, "startTime")),
    stopTime: asUnsigned(valueAt(object, "stopTime")),
    cpuUser: optional("cpuUser"),
    cpuSystem: optional("cpuSystem"),
  }
}

/** The JSON form with what was built. */
export function keyedBuildResultToJson(result: KeyedBuildResult): JsonObject {
  return { ...buildResultToJson(result), path: derivedPathToJson(result.path) }
}

/** Reads it. */
export function keyedBuildResultFromJson(json: unknown): KeyedBuildResult {
  return { ...buildResultFromJson(json), path: derivedPathFromJson(valueAt(asObject(json), "path")) }
}
