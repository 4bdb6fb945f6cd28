// What whoever watches builds is told. Plain data: it crosses to the page.

import type { BuildFaultReason } from "./build-fault.ts"

export type BuildStage = "planned" | "waiting" | "substituting" | "uploading" | "building" | "fetching" | "done" | "failed"

/** A derivation of a plan. Store paths are full. */
export interface PlanRow {
  readonly drvPath: string
  readonly name: string
  readonly action: "none" | "substitute" | "build"
  /** Paths of the outputs by their names; null if not known before it is built. */
  readonly outputs: Readonly<Record<string, string | null>>
  /** Derivations that it needs, if it is built. */
  readonly inputs: readonly string[]
  readonly system: string
}

/** Why a derivation was not built. */
export interface FaultRow {
  readonly reason: BuildFaultReason
  readonly message: string
  readonly exitCode: number | null
  /** The last lines of the log. */
  readonly lastLines: readonly string[]
}

/** Milliseconds since 1970 are in `time`. */
export type BuildNews =
  | { readonly kind: "planned"; readonly rows: readonly PlanRow[]; readonly time: number }
  | { readonly kind: "stage"; readonly drvPath: string; readonly stage: BuildStage; readonly time: number }
  /** Bytes of an upload or fetch, or of the files of a binary cache. */
  | { readonly kind: "progress"; readonly drvPath: string; readonly done: number; readonly all: number }
  | { readonly kind: "queued"; readonly drvPath: string; readonly position: number }
  | {
      readonly kind: "started"
      readonly drvPath: string
      readonly executor: string
      readonly machine: string
      readonly attempt: number
      readonly time: number
    }
  /** The endpoint gave it to one of its machines. */
  | { readonly kind: "placed"; readonly drvPath: string; readonly machine: string }
  /** What the builder wrote; lines may be cut anywhere. */
  | { readonly kind: "log"; readonly drvPath: string; readonly bytes: Uint8Array; readonly time: number }
  /** The log begins anew. */
  | { readonly kind: "anew"; readonly drvPath: string }
  /** The machinery failed, and tries again after so many milliseconds. */
  | { readonly kind: "retry"; readonly drvPath: string; readonly reason: string; readonly delay: number; readonly time: number }
  /** How long the builder took, in milliseconds, without waiting, sending and fetching; also if that was before it was asked for. */
  | { readonly kind: "built"; readonly drvPath: string; readonly took: number }
  /** `differs`: outputs of a build that was done again which are not what they were. */
  | {
      readonly kind: "done"
      readonly drvPath: string
      readonly outputs: Readonly<Record<string, string>>
      readonly differs: readonly string[]
      readonly time: number
    }
  | { readonly kind: "failed"; readonly drvPath: string; readonly fault: FaultRow; readonly time: number }
  | { readonly kind: "warning"; readonly message: string }
  /** Who told has ended: nothing more is said of what was under way there. Endpoints go on with it for some time. */
  | { readonly kind: "left" }
