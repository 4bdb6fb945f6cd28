// Explanations as JSON. Byte strings that are no UTF-8 are given in Base64, as `{ "base64": … }`.

import { printBase64 } from "../hash/base64.ts"
import type { Bytes } from "../hash/digest.ts"
import { invalidUtf8At } from "../json/utf8.ts"
import type { JsonObject, JsonValue } from "../json/value.ts"
import type { Explanation, Origin, Step } from "./step.ts"
import type { Check, Verdict } from "./verify.ts"

function bytesToJson(bytes: Bytes): JsonValue {
  if (typeof bytes === "string" && invalidUtf8At(bytes) < 0) return bytes
  const array = typeof bytes === "string" ? Uint8Array.from(bytes, (char) => char.charCodeAt(0)) : bytes
  return { base64: printBase64(array) }
}

function originToJson(from: Origin): JsonObject {
  switch (from.kind) {
    case "attribute": {
      const { file, line, column } = from.position ?? { file: "", line: 0, column: 0 }
      return {
        kind: from.kind,
        name: bytesToJson(from.name),
        ...(from.index === undefined ? {} : { index: from.index }),
        ...(from.position === undefined ? {} : { position: { file: bytesToJson(file), line, column } }),
      }
    }
    case "file":
      return { kind: from.kind, path: bytesToJson(from.path) }
    default:
      return { ...from }
  }
}

function stepToJson(step: Step): JsonObject {
  return {
    id: step.id,
    kind: step.kind,
    title: step.title,
    source: step.source,
    inputs: step.inputs.map(({ name, value, from, span }) => ({
      name: bytesToJson(name),
      value: bytesToJson(value),
      from: originToJson(from),
      ...(span === undefined ? {} : { span }),
    })),
    bytes: bytesToJson(step.bytes),
    algo: step.algo ?? null,
    result: step.result,
    shell: bytesToJson(step.shell),
  }
}

/** The steps in order, and by name of what they lead to the step that gives it. */
export function explanationToJson(explanation: Explanation): JsonObject {
  return { steps: explanation.steps.map(stepToJson), results: Object.fromEntries(explanation.results) }
}

function checkToJson(check: Check): JsonObject {
  const json: { [key: string]: JsonValue } = {}
  for (const [key, value] of Object.entries(check) as [string, string][]) json[key] = bytesToJson(value) // all fields of Check are texts
  return json
}

/** The verdict: its checks, and the explanation's two members. */
export function verdictToJson(verdict: Verdict): JsonObject {
  return { status: verdict.status, checks: verdict.checks.map(checkToJson), ...explanationToJson(verdict.explanation) }
}
