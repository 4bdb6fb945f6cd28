// Explanations as plain data.

import type { Explanation, Origin, SourcePosition, Step } from "../formats/explain/step.ts"
import type { Verdict } from "../formats/explain/verify.ts"
import type { Bytes } from "../formats/hash/digest.ts"
import { invalidUtf8At } from "../formats/json/utf8.ts"
import type { ExplanationView, OriginView, StepView, VerdictView } from "./derivation-protocol.ts"
import type { PlaceView } from "./protocol.ts"
import { fromBytes } from "./text.ts"

/** Bytes of one step that are shown. */
const MOST = 20_000

export function explanationView(explanation: Explanation, storeDir: string): ExplanationView {
  return { steps: explanation.steps.map((step) => stepView(step, storeDir)), results: [...explanation.results] }
}

export function verdictView(verdict: Verdict, storeDir: string): VerdictView {
  const text = (bytes: string | undefined): string | null => (bytes === undefined ? null : fromBytes(bytes))
  return {
    ...explanationView(verdict.explanation, storeDir),
    status: verdict.status,
    checks: verdict.checks.map(({ what, status, stated, computed, step, why }) => ({
      what: fromBytes(what),
      status,
      stated: text(stated),
      computed: text(computed),
      step: step ?? null,
      why: text(why),
    })),
  }
}

function stepView(step: Step, storeDir: string): StepView {
  return {
    id: step.id,
    kind: step.kind,
    title: step.title,
    source: step.source,
    inputs: step.inputs.map(({ name, value, from, span }) => ({
      name: fromBytes(name),
      value: fromBytes(value.slice(0, MOST)),
      from: originView(from, storeDir),
      span: span ?? null,
    })),
    bytes: shown(step.bytes),
    size: step.bytes.length,
    algo: step.algo ?? null,
    result: fromBytes(step.result),
    shell: fromBytes(step.shell),
  }
}

/** Bytes for people: text as it is, other bytes escaped. */
function shown(bytes: Bytes): string {
  const cut = bytes.slice(0, MOST)
  const text = typeof cut === "string" ? cut : Array.from(cut, (byte) => String.fromCharCode(byte)).join("")
  if (invalidUtf8At(text) < 0 && !text.includes("\0")) return fromBytes(text)
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
}

function placeView(position: SourcePosition | undefined): PlaceView | null {
  return position === undefined ? null : { ...position, file: fromBytes(position.file) }
}

function originView(from: Origin, storeDir: string): OriginView {
  switch (from.kind) {
    case "attribute":
      return { kind: "attribute", name: fromBytes(from.name), index: from.index ?? null, at: placeView(from.position) }
    case "file":
      return { kind: "file", path: fromBytes(from.path) }
    case "derivation":
      return { kind: "derivation", drvPaths: from.drvPaths.map((path) => `${storeDir}/${path}`) }
    case "reference":
      return { kind: "reference", path: `${storeDir}/${from.path}` }
    default:
      return from
  }
}
