// Keys that may have signed a commit, as git inputs name them: `{ type?, key }`.
// C++ Nix: libfetchers/fetchers.cc PublicKey

import { asObject, asString, optionalAt, valueAt } from "../json/access.ts"
import type { JsonObject } from "../json/value.ts"

/** A key as ssh has it. */
export interface CommitKey {
  readonly type: string
  readonly key: string
}

/** Reads a key; without a type it is ed25519. */
export function commitKeyFromJson(json: unknown): CommitKey {
  const object = asObject(json)
  const type = optionalAt(object, "type")
  return { type: type === undefined ? "ssh-ed25519" : asString(type), key: asString(valueAt(object, "key")) }
}

/** Writes a key. */
export function commitKeyToJson(key: CommitKey): JsonObject {
  return { type: key.type, key: key.key }
}
