// Links: what is shared as the fragment of an address, and back.
//
//   #1.PAYLOAD   an envelope, compressed against dictionary 1, in base 64 for addresses, without padding
//   #code=TEXT   one file as it is, percent-encoded, where that is shorter

import { deflateSync, Inflate } from "fflate"
import { dictionary1 } from "./dictionary.ts"
import { readEnvelope, type Shared, usualFile, writeEnvelope } from "./envelope.ts"

/** What comes out of a link may have this many bytes: more is a bomb or belongs into a file. */
const LARGEST = 8 * 2 ** 20

/** Why a link cannot be read; a sentence for people. */
export class LinkError extends Error {
  override readonly name = "LinkError"
}

/** Whether a link can carry this at all: what is larger is not read again, and writing it would take long. */
export function fitsLink({ files }: Shared): boolean {
  return Object.values(files).reduce((size, text) => size + text.length, 0) <= LARGEST / 2
}

/** The fragment (with `#`) for what is shared: the shorter of both forms. */
export function encodeLink(shared: Shared): string {
  const bytes = new TextEncoder().encode(writeEnvelope(shared))
  const packed = `#1.${base64url(deflateSync(bytes, { level: 9, dictionary: new TextEncoder().encode(dictionary1) }))}`
  const names = Object.keys(shared.files)
  if (names.length !== 1 || names[0] !== usualFile || Object.keys(shared.settings).length > 0) return packed
  const plain = `#code=${encodeURIComponent(shared.files[usualFile] as string).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`
  return plain.length <= packed.length ? plain : packed
}

/** What a fragment (with or without `#`) carries; null if it is none of ours. Throws LinkError if it is damaged, too large or of a later version. */
export function decodeLink(fragment: string): Shared | null {
  const text = fragment.replace(/^#/, "")
  if (text.startsWith("code=")) return plainCode(text.slice(5))
  const match = /^([0-9A-Za-z])\.([\s\S]*)$/.exec(text)
  if (match === null) return null
  const [, version, payload] = match as unknown as [string, string, string]
  if (version !== "1")
    throw new LinkError(`this link is of version ${version}, which is later than this page; reload the page to get a newer one`)
  try {
    return readEnvelope(new TextDecoder("utf-8", { fatal: true }).decode(inflate(payload)))
  } catch (e) {
    if (e instanceof LinkError) throw e
    if (e instanceof RangeError && e.message.startsWith("the link")) throw new LinkError(e.message)
    throw new LinkError("this link is damaged: part of it is missing, or it was changed on its way", { cause: e })
  }
}

function plainCode(text: string): Shared {
  try {
    // Some programs write spaces as plus signs; a plus sign of ours is %2B.
    const code = decodeURIComponent(text.replace(/\+/g, " "))
    if (code.length > LARGEST) throw new LinkError("this link is too large")
    return { files: { [usualFile]: code }, settings: {} }
  } catch (e) {
    if (e instanceof LinkError) throw e
    throw new LinkError("this link is damaged: part of it is missing, or it was changed on its way", { cause: e })
  }
}

/** Inflates in pieces, so that a small text that claims to be a large one is noticed in time. */
function inflate(payload: string): Uint8Array<ArrayBuffer> {
  const packed = fromBase64url(payload)
  const parts: Uint8Array[] = []
  let size = 0
  let ended = false
  const inflater = new Inflate({ dictionary: new TextEncoder().encode(dictionary1) }, (chunk, final) => {
    size += chunk.length
    if (size > LARGEST) throw new LinkError("this link is too large")
    parts.push(chunk)
    if (final) ended = true
  })
  const step = 4096
  for (let at = 0; at < packed.length; at += step) inflater.push(packed.subarray(at, at + step), at + step >= packed.length)
  if (!ended) throw new RangeError("unexpected end")
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function base64url(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
}

function fromBase64url(text: string): Uint8Array {
  const plain = text.replace(/[=\s]+$/g, "")
  if (!/^[A-Za-z0-9_-]*$/.test(plain)) throw new RangeError("bad character")
  return Uint8Array.from(atob(plain.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0))
}
