// Reads a Nix archive that comes in chunks of any size, handing out events as soon as they are complete.
// Needs memory for one chunk and one string of the grammar, whatever sizes the archive claims.
// C++ Nix: libutil/archive.cc parseDump, libutil/serialise.cc readString

import { fail } from "../error.ts"
import {
  badArchive,
  checkNarName,
  checkNarTarget,
  type NarHandler,
  narMagic,
  narMaxDepth,
  narMaxName,
  narMaxTag,
  narMaxTarget,
} from "./grammar.ts"

/** What the parser asks for: exactly `size` bytes, or up to `atMost` of those that are there. */
type Want = { readonly size: number } | { readonly atMost: number }

/** Reads one archive. Give it chunks with push(), then call finish(). */
export class NarReader {
  readonly #handle: NarHandler
  readonly #parser: Generator<Want, void, Uint8Array>
  #want: Want | undefined
  /** Bytes not consumed yet: those from before, when a wanted piece was not complete. */
  #kept: Uint8Array = new Uint8Array(0)
  #consumed = 0

  constructor(handle: NarHandler) {
    this.#handle = handle
    this.#parser = this.#archive()
    this.#advance(this.#parser.next())
  }

  /** True once the archive is complete. */
  get done(): boolean {
    return this.#want === undefined
  }

  /** How many bytes of the archive have been read. */
  get offset(): number {
    return this.#consumed
  }

  #advance(result: IteratorResult<Want, void>): void {
    this.#want = result.done === true ? undefined : result.value
  }

  /** Takes a chunk; gives what follows the end of the archive (empty while it goes on). Fails on bad archives. */
  push(chunk: Uint8Array): Uint8Array {
    let at = 0
    while (this.#want !== undefined) {
      const want = this.#want
      if ("atMost" in want) {
        if (at === chunk.length) return chunk.subarray(at)
        const size = Math.min(want.atMost, chunk.length - at)
        this.#consumed += size
        at += size
        this.#advance(this.#parser.next(chunk.subarray(at - size, at)))
        continue
      }
      const missing = want.size - this.#kept.length
      if (chunk.length - at < missing) {
        this.#kept = concat(this.#kept, chunk.subarray(at))
        return chunk.subarray(chunk.length)
      }
      const piece = this.#kept.length === 0 ? chunk.subarray(at, at + missing) : concat(this.#kept, chunk.subarray(at, at + missing))
      this.#kept = new Uint8Array(0)
      this.#consumed += want.size
      at += missing
      this.#advance(this.#parser.next(piece))
    }
    return chunk.subarray(at)
  }

  /** Says that no more chunks come; fails if the archive is not complete. */
  finish(): void {
    if (this.done) return
    fail("bad-nar", "unexpected end-of-file", this.#consumed + this.#kept.length)
  }

  *#length(): Generator<Want, number, Uint8Array> {
    const bytes = yield { size: 8 }
    const low = bytes[0]! + bytes[1]! * 0x100 + bytes[2]! * 0x10000 + bytes[3]! * 0x1000000
    const high = bytes[4]! + bytes[5]! * 0x100 + bytes[6]! * 0x10000 + bytes[7]! * 0x1000000
    // Above 2^53 this is only nearly right. No input is that long, so such a file ends before its contents do.
    return high * 0x100000000 + low
  }

  *#padding(length: number): Generator<Want, void, Uint8Array> {
    if (length % 8 === 0) return
    const zeros = yield { size: 8 - (length % 8) }
    if (zeros.some((byte) => byte !== 0)) fail("bad-nar", "non-zero padding", this.#consumed)
  }

  *#string(max: number): Generator<Want, string, Uint8Array> {
    const length = yield* this.#length()
    if (length > max) fail("bad-nar", "string is too long", this.#consumed)
    let text = ""
    if (length > 0) for (const byte of yield { size: length }) text += String.fromCharCode(byte)
    yield* this.#padding(length)
    return text
  }

  *#expect(wanted: string): Generator<Want, void, Uint8Array> {
    const tag = yield* this.#string(narMaxTag)
    if (tag !== wanted) badArchive(`expected tag '${wanted}', got '${tag}'`, this.#consumed)
  }

  *#archive(): Generator<Want, void, Uint8Array> {
    const length = yield* this.#length()
    if (length !== narMagic.length) badArchive("input doesn't look like a Nix archive", 0)
    const magic = yield { size: 16 }
    for (let i = 0; i < 16; i++) {
      if (magic[i] !== (i < narMagic.length ? narMagic.charCodeAt(i) : 0)) badArchive("input doesn't look like a Nix archive", 0)
    }
    yield* this.#node(undefined, 0)
  }

  *#node(name: string | undefined, depth: number): Generator<Want, void, Uint8Array> {
    if (depth >= narMaxDepth) badArchive(`NAR directory nesting exceeds maximum depth of ${narMaxDepth}`, this.#consumed)
    yield* this.#expect("(")
    yield* this.#expect("type")
    const type = yield* this.#string(narMaxTag)
    switch (type) {
      case "regular":
        return yield* this.#regular(name)
      case "directory":
        return yield* this.#directory(name, depth)
      case "symlink": {
        yield* this.#expect("target")
        const target = yield* this.#string(narMaxTarget)
        checkNarTarget(target, this.#consumed)
        this.#handle({ kind: "symlink", name, target })
        return yield* this.#expect(")")
      }
      default:
        return badArchive(`unknown file type '${type}'`, this.#consumed)
    }
  }

  *#regular(name: string | undefined): Generator<Want, void, Uint8Array> {
    let tag = yield* this.#string(narMaxTag)
    const executable = tag === "executable"
    if (executable) {
      yield* this.#string(0)
      tag = yield* this.#string(narMaxTag)
    }
    if (tag !== "contents") badArchive(`expected tag 'contents', got '${tag}'`, this.#consumed)
    const size = yield* this.#length()
    this.#handle({ kind: "file", name, executable, size, offset: this.#consumed })
    for (let left = size; left > 0; ) {
      const bytes = yield { atMost: left }
      this.#handle({ kind: "contents", bytes })
      left -= bytes.length
    }
    yield* this.#padding(size)
    yield* this.#expect(")")
  }

  *#directory(name: string | undefined, depth: number): Generator<Want, void, Uint8Array> {
    this.#handle({ kind: "directory", name })
    let previous: string | undefined
    for (;;) {
      const tag = yield* this.#string(narMaxTag)
      if (tag === ")") break
      if (tag !== "entry") badArchive(`expected tag 'entry' or ')', got '${tag}'`, this.#consumed)
      yield* this.#expect("(")
      yield* this.#expect("name")
      const entry = yield* this.#string(narMaxName)
      checkNarName(entry, previous, this.#consumed)
      previous = entry
      yield* this.#expect("node")
      yield* this.#node(entry, depth + 1)
      yield* this.#expect(")")
    }
    this.#handle({ kind: "end" })
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** Reads a whole archive in one or more chunks; what follows its end is refused. */
export function readNar(chunks: Uint8Array | Iterable<Uint8Array>, handle: NarHandler): void {
  const reader = new NarReader(handle)
  for (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) {
    if (reader.push(chunk).length > 0) badArchive("the input goes on after the end of the archive", reader.offset)
  }
  reader.finish()
}
