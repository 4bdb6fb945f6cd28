// Log lines of `--log-format internal-json`: "@nix " and a JSON object.
//
//   { action: "start", id, level, type, text, parent, fields? }     an activity begins
//   { action: "stop", id }                                          and ends
//   { action: "result", id, type, fields? }                         something about an activity
//   { action: "msg", level, msg, raw_msg?, … }                      a message
//   { action: "setPhase", phase }                                   a phase of a build, written by builders
//
// C++ Nix: libutil/logging.cc JSONLogger, parseJSONMessage, handleJSONLogMessage

import { fail } from "../error.ts"
import { asArray, asObject, asString, asUnsigned, optionalAt, valueAt } from "../json/access.ts"
import { parseJson } from "../json/read.ts"
import type { JsonObject, JsonValue } from "../json/value.ts"
import { printJson } from "../json/write.ts"

/** Numbers of the kinds of results. */
export const resultTypes = {
  fileLinked: 100,
  buildLogLine: 101,
  untrustedPath: 102,
  corruptedPath: 103,
  setPhase: 104,
  progress: 105,
  setExpected: 106,
  postBuildLogLine: 107,
  fetchStatus: 108,
  fetchToStore: 109,
} as const

/** Numbers of the kinds of activities that builds are made of. C++ Nix: libutil/logging.hh ActivityType */
export const activityTypes = { build: 105 } as const

/** A value that goes with an activity or a result. */
export type LogField = string | number

/** Process id times 2^32 plus a counter: a bigint where it is not safe as a number. */
export type ActivityId = number | bigint

/** What a line says. Numbers of kinds that are not known are kept as they are. */
export type LogLine =
  | {
      readonly action: "start"
      readonly id: ActivityId
      readonly level: number
      readonly type: number
      readonly text: string
      readonly parent: ActivityId
      readonly fields: readonly LogField[]
    }
  | { readonly action: "stop"; readonly id: ActivityId }
  | { readonly action: "result"; readonly id: ActivityId; readonly type: number; readonly fields: readonly LogField[] }
  /** `rest` has what errors add: `raw_msg`, `file`, `line`, `column`, `trace`. */
  | { readonly action: "msg"; readonly level: number; readonly msg: string; readonly rest: JsonObject }
  | { readonly action: "setPhase"; readonly phase: string }

const prefix = "@nix "

/** Writes a line, without the line end; "bare" leaves out "@nix ", as for log files and sockets. */
export function printLogLine(line: LogLine, form: "prefixed" | "bare" = "prefixed"): string {
  let json: { [key: string]: JsonValue }
  if (line.action === "msg") json = { ...line.rest, action: "msg", level: line.level, msg: line.msg }
  else {
    json = { ...line }
    if ("fields" in line && line.fields.length === 0) delete json["fields"]
  }
  return (form === "prefixed" ? prefix : "") + printJson(json)
}

function readFields(json: JsonValue | undefined): LogField[] {
  if (json === undefined || json === null) return []
  return asArray(json).map((field) => (typeof field === "string" ? field : asUnsigned(field)))
}

function readId(value: JsonValue): ActivityId {
  return typeof value === "bigint" && value >= 0n ? value : asUnsigned(value)
}

/** What the JSON of a line says; fails (code `bad-log`, `bad-json`) on what makes no sense. */
function logLineFromJson(json: unknown): LogLine {
  const object = asObject(json)
  const number = (name: string) => asUnsigned(valueAt(object, name))
  const action = asString(valueAt(object, "action"))
  switch (action) {
    case "start": {
      const parent = optionalAt(object, "parent")
      return {
        action,
        id: readId(valueAt(object, "id")),
        level: number("level"),
        type: number("type"),
        text: asString(valueAt(object, "text")),
        parent: parent === undefined ? 0 : readId(parent),
        fields: readFields(optionalAt(object, "fields")),
      }
    }
    case "stop":
      return { action, id: readId(valueAt(object, "id")) }
    case "result":
      return { action, id: readId(valueAt(object, "id")), type: number("type"), fields: readFields(optionalAt(object, "fields")) }
    case "msg": {
      const { action: _, level: __, msg: ___, ...rest } = object
      return { action, level: number("level"), msg: asString(valueAt(object, "msg")), rest }
    }
    case "setPhase":
      return { action, phase: asString(valueAt(object, "phase")) }
    default:
      return fail("bad-log", `unknown action '${action}' in a JSON log message`)
  }
}

/** Reads a line (its end left off); undefined if it is ordinary text. Fails if it begins as one and is none. */
export function parseLogLine(text: string): LogLine | undefined {
  return text.startsWith(prefix) ? logLineFromJson(parseJson(text.slice(prefix.length))) : undefined
}
