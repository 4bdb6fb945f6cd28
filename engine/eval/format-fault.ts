// Between the formats, which throw FormatError, and evaluation, which throws NixError.

import { FormatError } from "../formats/error.ts"
import { NixError } from "./error.ts"

/** Runs a reader of engine/formats; its faults become plain Nix errors with the same words. */
export function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (e) {
    if (e instanceof FormatError) throw new NixError(e.code === "usage" ? "usage" : "error", e.message, 0)
    throw e
  }
}
