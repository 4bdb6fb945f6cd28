// Path infos as records with a checksum: Nix's JSON (version 3) with the path and, as an Entry message in Base64, the tree.

import { entryFromBytes, entryToBytes } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"
import { parseBase64, printBase64 } from "../formats/hash/base64.ts"
import { asObject, asString, valueAt } from "../formats/json/access.ts"
import { pathInfoFromJson, pathInfoToJson } from "../formats/narinfo/path-info.ts"
import { hashPart, parseBaseName } from "../formats/store-path/store-path.ts"
import { fromRecord, toRecord } from "./checked-record.ts"
import { checkStoredPath } from "./path-info-check.ts"
import type { StoredPath } from "./path-info-store.ts"

/** The bytes of an info that keeps the rules. */
export function pathInfoToRecord(info: StoredPath): Uint8Array<ArrayBuffer> {
  return toRecord({ path: info.path, node: printBase64(entryToBytes(info.node)), ...pathInfoToJson(info, 3) })
}

/** The info of a hash part, of whatever storage gave for it. Throws StoreError `damaged` unless it is exactly what was written. */
export function pathInfoFromRecord(part: string, value: unknown): StoredPath {
  const what = `what was stored of the store path ${part}`
  const json = fromRecord(value, what)
  try {
    const object = asObject(json)
    const path = parseBaseName(asString(valueAt(object, "path")))
    if (hashPart(path) !== part) throw new StoreError("damaged", `${what} is damaged: it belongs to '${path}'`)
    const { node } = entryFromBytes(parseBase64(asString(valueAt(object, "node"))))
    const info = { ...pathInfoFromJson(json), path, node }
    checkStoredPath(info)
    return info
  } catch (error) {
    if (error instanceof FormatError) throw new StoreError("damaged", `${what} is damaged: ${error.message}`, { cause: error })
    throw error
  }
}
