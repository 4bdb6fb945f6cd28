// The check that stands between stored bytes and everybody else.

import { type B3Digest, b3 } from "./digest.ts"
import { StoreError } from "./error.ts"

/** The bytes, if they have this digest; throws `damaged` otherwise. `what` is "blob" or "chunk". */
export function verified<Bytes extends Uint8Array>(digest: B3Digest, bytes: Bytes, what = "blob"): Bytes {
  const found = b3(bytes)
  if (found === digest) return bytes
  throw new StoreError("damaged", `the ${what} ${digest} is damaged: its ${bytes.length} bytes have the digest ${found}`)
}

/** Throws `cancelled` if the signal says so. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new StoreError("cancelled", "it was stopped", { cause: signal.reason })
}
