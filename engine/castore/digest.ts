// BLAKE3 digests, which name blobs and directories. Snix: castore/src/digests.rs

import { digest } from "../formats/hash/digest.ts"

/** A BLAKE3 digest: 64 lower-case hexadecimal digits, so that it can be the key of a map or of a record. */
export type B3Digest = string & { readonly B3Digest: unique symbol }

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** The digest of bytes. */
export function b3(bytes: Uint8Array): B3Digest {
  return digestFromBytes(digest("blake3", bytes))
}

/** A digest given as its 32 bytes. Throws RangeError for any other number of bytes. */
export function digestFromBytes(bytes: Uint8Array): B3Digest {
  if (bytes.length !== 32) throw new RangeError(`a BLAKE3 digest has 32 bytes, not ${bytes.length}`)
  let text = ""
  for (const byte of bytes) text += hexPairs[byte]
  return text as B3Digest
}

/** A digest given as 64 hexadecimal digits. Throws RangeError for anything else. */
export function digestFromHex(text: string): B3Digest {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new RangeError(`not a BLAKE3 digest in lower-case hexadecimal: '${text}'`)
  return text as B3Digest
}

/** The 32 bytes of a digest. */
export function digestBytes(digest: B3Digest): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let i = 0; i < 32; i++) bytes[i] = Number.parseInt(digest.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** As Tvix and Snix write it: "blake3-" and base 64 with padding. */
export function showDigest(digest: B3Digest): string {
  return `blake3-${btoa(String.fromCharCode(...digestBytes(digest)))}`
}
