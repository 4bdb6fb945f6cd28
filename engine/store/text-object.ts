// Store objects that are one text: derivations and what builtins.toFile writes. C++ Nix: Store::addToStore with method text.

import type { B3Digest } from "../castore/digest.ts"
import { type Bytes, digest, Hasher } from "../formats/hash/digest.ts"
import type { Hash } from "../formats/hash/hash.ts"
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

/** A string of the archive's grammar (engine/formats/nar/grammar.ts). */
function word(text: string): string {
  return number(text.length) + text + "\0".repeat(-text.length & 7)
}

/** 64 bits, little end first. */
function number(value: number): string {
  let rest = value
  let text = ""
  for (let i = 0; i < 8; i++) {
    text += String.fromCharCode(rest % 256)
    rest = Math.floor(rest / 256)
  }
  return text
}

const plain = ["nix-archive-1", "(", "type", "regular", "contents"].map(word).join("")
const program = ["nix-archive-1", "(", "type", "regular", "executable", "", "contents"].map(word).join("")
const end = word(")")

/** Hash and size of the archive of one file. Every derivation comes through here: a writer of archives takes 5x as long. */
export function fileNarDigest(contents: Bytes, executable: boolean): NarDigest {
  const { length } = contents
  const hasher = new Hasher("sha256")
  hasher.update((executable ? program : plain) + number(length))
  hasher.update(contents)
  hasher.update("\0".repeat(-length & 7) + end)
  return { narHash: { algo: "sha256", bytes: hasher.digest() }, narSize: hasher.size }
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
