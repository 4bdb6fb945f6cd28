// Store objects that are one text: derivations and what builtins.toFile writes. C++ Nix: Store::addToStore with method text.

import type { B3Digest } from "../castore/digest.ts"
import { digest, Hasher } from "../formats/hash/digest.ts"
import type { Hash } from "../formats/hash/hash.ts"
import type { NarEvent } from "../formats/nar/grammar.ts"
import { NarWriter } from "../formats/nar/writer.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "./path-info-store.ts"

/** A text and what it refers to. */
export interface TextObject {
  /** A byte string. */
  readonly contents: string
  readonly references: readonly StorePath[]
}

/** Hash and size of an archive. */
export interface NarDigest {
  readonly narHash: Hash
  /** Bytes. */
  readonly narSize: number
}

/** Hash and size of the archive of one file. */
export function fileNarDigest(contents: Uint8Array, executable: boolean): NarDigest {
  return narDigest([
    { kind: "file", name: undefined, executable, size: contents.length, offset: 0 },
    { kind: "contents", bytes: contents },
  ])
}

/** Hash and size of the archive of one symlink. Throws FormatError for a target that cannot be in an archive. */
export function symlinkNarDigest(target: string): NarDigest {
  return narDigest([{ kind: "symlink", name: undefined, target }])
}

function narDigest(events: readonly NarEvent[]): NarDigest {
  const hasher = new Hasher("sha256")
  const writer = new NarWriter((chunk) => hasher.update(chunk))
  for (const event of events) writer.write(event)
  return { narSize: writer.finish(), narHash: { algo: "sha256", bytes: hasher.digest() } }
}

/** What is known of a text in the store; `time` is that of its registration, in seconds since 1970. */
export function textPathInfo(
  { path, digest: blob, bytes }: { readonly path: StorePath; readonly digest: B3Digest; readonly bytes: Uint8Array },
  references: readonly StorePath[],
  storeDir: string,
  time: number,
): StoredPath {
  return {
    ...fileNarDigest(bytes, false),
    path,
    storeDir,
    node: { kind: "file", digest: blob, size: bytes.length, executable: false },
    references: sortPaths(references),
    ca: { method: "text", hash: { algo: "sha256", bytes: digest("sha256", bytes) } },
    deriver: undefined,
    registrationTime: time,
    ultimate: false,
    signatures: [],
  }
}
