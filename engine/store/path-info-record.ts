// Path infos as bytes for storage that may be damaged: a BLAKE3 of all that follows, then JSON in UTF-8 of Nix's form (version 3)
// with the path and, as an Entry message in Base64, the tree.

import { b3, digestBytes, digestFromBytes } from "../castore/digest.ts"
import { entryFromBytes, entryToBytes } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"
import { parseBase64, printBase64 } from "../formats/hash/base64.ts"
import { pathInfoFromJson, pathInfoToJson } from "../formats/narinfo/path-info.ts"
import { hashPart, parseBaseName } from "../formats/store-path/store-path.ts"
import { checkStoredPath } from "./path-info-check.ts"
import type { StoredPath } from "./path-info-store.ts"

const DIGEST = 32

/** The bytes of an info that keeps the rules. */
export function pathInfoToRecord(info: StoredPath): Uint8Array<ArrayBuffer> {
  const json = { path: info.path, node: printBase64(entryToBytes(info.node)), ...pathInfoToJson(info, 3) }
  const body = new TextEncoder().encode(JSON.stringify(json))
  const bytes = new Uint8Array(DIGEST + body.length)
  bytes.set(digestBytes(b3(body)))
  bytes.set(body, DIGEST)
  return bytes
}

/** The info of a hash part, of whatever storage gave for it. Throws StoreError `damaged` unless it is exactly what was written. */
export function pathInfoFromRecord(part: string, value: unknown): StoredPath {
  const damaged = (why: string, cause?: unknown): StoreError =>
    new StoreError("damaged", `what was stored of the store path ${part} is damaged: ${why}`, { cause })
  if (!(value instanceof Uint8Array) || value.length <= DIGEST) throw damaged("it is no record")
  const body = value.subarray(DIGEST)
  if (digestFromBytes(value.subarray(0, DIGEST)) !== b3(body)) throw damaged("it has another digest")
  try {
    const json = JSON.parse(new TextDecoder().decode(body))
    const path = parseBaseName(json.path)
    if (hashPart(path) !== part) throw damaged(`it belongs to '${path}'`)
    const { node } = entryFromBytes(parseBase64(json.node))
    const info = { ...pathInfoFromJson(json), path, node }
    checkStoredPath(info)
    return info
  } catch (error) {
    if (error instanceof FormatError || error instanceof SyntaxError) throw damaged(error.message, error)
    throw error
  }
}
