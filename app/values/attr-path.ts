// Places in a value as texts.

import type { Ref } from "../../engine/worker/client.ts"
import { attrName } from "./quote.ts"

/** A place as an attribute path, as `nix-instantiate -A` takes it: `a."b c".0`; "" is the value itself. */
export function attrPath(ref: Ref): string {
  return ref.map((step) => (typeof step === "number" ? String(step) : attrName(step))).join(".")
}
