// Why a derivation could not be built. Machinery that failed is told from builders that did, because only the former is worth
// another attempt.

import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"

export type BuildFaultReason =
  /** The builder ended with another status than 0. */
  | "builder"
  /** An output is missing, or is not what was promised; found there or here. */
  | "output-rejected"
  /** It cannot be built there, or at all. */
  | "input-rejected"
  | "timeout"
  | "silence"
  | "log-limit"
  | "output-limit"
  | "cancelled"
  /** It waited there too long for its turn. */
  | "queue-timeout"
  /** Something that it needs could not be built. */
  | "dependency"
  /** The machinery failed: there, on the way, or here. */
  | "infrastructure"

/** The end of a build that did not succeed. Message and lines are for people: text, not bytes. */
export class BuildFault extends Error {
  override readonly name = "BuildFault"
  readonly reason: BuildFaultReason
  /** Of the builder, if it ended by itself. */
  readonly exitCode: number | undefined
  /** Of the log. */
  readonly lastLines: readonly string[]

  constructor(reason: BuildFaultReason, message: string, options: BuildFaultOptions = {}) {
    super(message, options)
    this.reason = reason
    this.exitCode = options.exitCode
    this.lastLines = options.lastLines ?? []
  }
}

export interface BuildFaultOptions extends ErrorOptions {
  readonly exitCode?: number | undefined
  readonly lastLines?: readonly string[] | undefined
}

/** What was thrown, as a fault. Bugs of ours are thrown on. */
export function buildFaultOf(error: unknown): BuildFault {
  if (error instanceof BuildFault) return error
  if (error instanceof FormatError) return new BuildFault("input-rejected", error.message, { cause: error })
  if (!(error instanceof StoreError)) throw error
  const { code, message } = error
  const reason = code === "cancelled" ? "cancelled" : code === "unsupported" || code === "invalid" ? "input-rejected" : "infrastructure"
  return new BuildFault(reason, message, { cause: error })
}
