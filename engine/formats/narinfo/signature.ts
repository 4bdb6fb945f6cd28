// Signatures of store objects and realisations, and the keys that make and check them: ed25519, each as "NAME:BASE64".
// A secret key is 64 bytes (seed and public key), a public key 32, a signature 64. The only file that knows @noble/ed25519.
// C++ Nix: libutil/signature/local-keys.cc

import { getPublicKey, hashes, sign, verify } from "@noble/ed25519"
import { sha512 } from "@noble/hashes/sha2.js"
import { fail } from "../error.ts"
import { parseBase64, printBase64 } from "../hash/base64.ts"
import { asObject, asString, valueAt } from "../json/access.ts"
import type { JsonObject } from "../json/value.ts"

// The library's own way to be given its hash function; it stays the same for everybody.
hashes.sha512 = sha512

/** A signature and the name of the key that made it. */
export interface Signature {
  readonly keyName: string
  readonly bytes: Uint8Array
}

/** A key that checks signatures. */
export interface PublicKey {
  readonly name: string
  readonly bytes: Uint8Array
}

/** A key that makes signatures: 64 bytes. */
export interface SecretKey {
  readonly name: string
  readonly bytes: Uint8Array
}

function parseNamed(text: string, what: "signature" | "key"): { name: string; bytes: Uint8Array } {
  const colon = text.indexOf(":")
  if (colon <= 0) fail("bad-signature", `${what} is corrupt`)
  const bytes = parseBase64(text.slice(colon + 1))
  if (bytes.length === 0) fail("bad-signature", `${what} is corrupt`)
  return { name: text.slice(0, colon), bytes }
}

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** Reads `NAME:BASE64`; the number of bytes is looked at only when the signature is checked. */
export function parseSignature(text: string): Signature {
  const { name, bytes } = parseNamed(text, "signature")
  return { keyName: name, bytes }
}

/** Writes `NAME:BASE64`. */
export function printSignature(signature: Signature): string {
  return `${signature.keyName}:${printBase64(signature.bytes)}`
}

/** Nix's order: by name of the key, then by bytes. Removes doubles. */
export function sortSignatures(signatures: Iterable<Signature>): Signature[] {
  const byText = new Map<string, Signature>()
  for (const signature of signatures) {
    byText.set(`${signature.keyName}\0${String.fromCharCode(...signature.bytes)}`, signature)
  }
  return [...byText.keys()].sort().map((text) => byText.get(text)!)
}

/** The JSON form: `{ keyName, sig }`. */
export function signatureToJson(signature: Signature): JsonObject {
  return { keyName: signature.keyName, sig: printBase64(signature.bytes) }
}

/** Reads either form: an object, or the text. */
export function signatureFromJson(json: unknown): Signature {
  if (typeof json === "string") return parseSignature(json)
  const object = asObject(json)
  return { keyName: asString(valueAt(object, "keyName")), bytes: parseBase64(asString(valueAt(object, "sig"))) }
}

/** Reads a public key. */
export function parsePublicKey(text: string): PublicKey {
  const key = parseNamed(text, "key")
  if (key.bytes.length !== 32) fail("bad-signature", "public key is not valid")
  return key
}

/** Reads a secret key; its two halves have to fit together. Messages never show it. */
export function parseSecretKey(text: string): SecretKey {
  const key = parseNamed(text, "key")
  if (key.bytes.length !== 64) fail("bad-signature", "secret key is not valid")
  const derived = getPublicKey(key.bytes.slice(0, 32))
  if (!derived.every((byte, i) => byte === key.bytes[32 + i])) fail("bad-signature", "secret key is not valid")
  return key
}

/** Writes a key. */
export function printKey(key: PublicKey | SecretKey): string {
  return `${key.name}:${printBase64(key.bytes)}`
}

/** The key that checks what `secret` signs. */
export function publicKeyOf(secret: SecretKey): PublicKey {
  return { name: secret.name, bytes: secret.bytes.slice(32) }
}

/** A secret key from 32 random bytes, which the caller has to provide. */
export function secretKeyFromSeed(name: string, seed: Uint8Array): SecretKey {
  const bytes = new Uint8Array(64)
  bytes.set(seed)
  bytes.set(getPublicKey(seed), 32)
  return { name, bytes }
}

/** Signs a byte string. */
export function signText(secret: SecretKey, text: string): Signature {
  return { keyName: secret.name, bytes: sign(encode(text), secret.bytes.slice(0, 32)) }
}

/** True if `signature` is one of `text` by one of `keys`; fails if it has not 64 bytes (only where the key is known, as Nix). */
export function verifyText(text: string, signature: Signature, keys: readonly PublicKey[]): boolean {
  const key = keys.find(({ name }) => name === signature.keyName)
  if (key === undefined) return false
  if (signature.bytes.length !== 64) fail("bad-signature", "signature is not valid")
  // Strict, as libsodium: no points of small order, no second encodings.
  return verify(signature.bytes, encode(text), key.bytes, { zip215: false })
}
