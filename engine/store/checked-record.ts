// JSON in storage that may be damaged: a BLAKE3 of all that follows, then the text in UTF-8.

import { b3, digestBytes, digestFromBytes } from "../castore/digest.ts"
import { StoreError } from "../castore/error.ts"

const DIGEST = 32

/** The bytes of a record. */
export function toRecord(json: unknown): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(JSON.stringify(json))
  const bytes = new Uint8Array(DIGEST + body.length)
  bytes.set(digestBytes(b3(body)))
  bytes.set(body, DIGEST)
  return bytes
}

/** The JSON of what storage gave; `what` names it in messages. Throws StoreError `damaged` unless it is exactly what was written. */
export function fromRecord(value: unknown, what: string): unknown {
  const damaged = (why: string): StoreError => new StoreError("damaged", `${what} is damaged: ${why}`)
  if (!(value instanceof Uint8Array) || value.length <= DIGEST) throw damaged("it is no record")
  const body = value.subarray(DIGEST)
  if (digestFromBytes(value.subarray(0, DIGEST)) !== b3(body)) throw damaged("it has another digest")
  return JSON.parse(new TextDecoder().decode(body))
}
