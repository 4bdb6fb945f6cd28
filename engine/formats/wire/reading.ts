// Reading from a stream without knowing whether it waits: a Reading is a generator that asks for a number of bytes and
// is given them. It runs over bytes in memory (readFrom) or over chunks that arrive (WireInput); there is one copy of
// each reader for both. Primitives of Nix's protocols:
//
//   integer   64 bits, little end first
//   string    length as an integer, the bytes, zeros up to a multiple of 8
//   list      number of items as an integer, the items
//
// C++ Nix: libutil/serialise.cc

import { fail } from "../error.ts"

/** A reader that asks for bytes by their number and ends with a value. What it is given it may keep only by copying. */
export type Reading<T> = Generator<number, T, Uint8Array>

/** The longest string that is read, in bytes: what is longer comes in frames or as an archive. */
export const maxStringLength = 1 << 28

/** Reads an unsigned integer of 64 bits: a number while it is safe, a bigint beyond. */
export function* readInteger(): Reading<number | bigint> {
  const bytes = yield 8
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  const high = view.getUint32(4, true)
  return high < 0x200000 ? high * 0x100000000 + view.getUint32(0, true) : view.getBigUint64(0, true)
}

/** Reads an integer from 0 to `max` (at most 2^53 - 1). */
export function* readNumber(max: number = Number.MAX_SAFE_INTEGER): Reading<number> {
  const value = yield* readInteger()
  if (typeof value === "bigint" || value > max) return fail("bad-wire", `serialised integer ${value} is too large, expected at most ${max}`)
  return value
}

/** Reads a signed integer of 64 bits that is safe as a number. */
export function* readSigned(): Reading<number> {
  const value = yield* readInteger()
  const signed = Number(typeof value === "bigint" ? BigInt.asIntN(64, value) : value)
  return Number.isSafeInteger(signed) ? signed : fail("bad-wire", `serialised integer ${signed} is too large`)
}

/** Reads a truth value: any integer but 0 is true. */
export function* readBool(): Reading<boolean> {
  return (yield* readInteger()) !== 0
}

/** Reads a byte string of at most `max` bytes. */
export function* readString(max: number = maxStringLength): Reading<string> {
  const length = yield* readNumber()
  if (length > max) fail("bad-wire", "string is too long")
  let text = ""
  for (let left = length; left > 0; ) {
    const bytes = yield Math.min(left, 8192)
    text += String.fromCharCode(...bytes)
    left -= bytes.length
  }
  if (length % 8 !== 0 && (yield 8 - (length % 8)).some((byte) => byte !== 0)) fail("bad-wire", "non-zero padding")
  return text
}

/** Reads a list. */
export function* readList<T>(item: () => Reading<T>): Reading<T[]> {
  const items: T[] = []
  for (let left = yield* readNumber(); left > 0; left--) items.push(yield* item())
  return items
}

/** Reads a list of strings. */
export function readStrings(): Reading<string[]> {
  return readList(() => readString())
}

/** Reads a map of strings to something; the last of equal keys counts. */
export function* readMap<T>(value: () => Reading<T>): Reading<Map<string, T>> {
  const map = new Map<string, T>()
  for (let left = yield* readNumber(); left > 0; left--) {
    const key = yield* readString()
    map.set(key, yield* value())
  }
  return map
}

/** Runs a reader over bytes from `offset` on; gives the value and where it ended. Fails if they end too early. */
export function readFrom<T>(bytes: Uint8Array, reading: Reading<T>, offset = 0): { readonly value: T; readonly offset: number } {
  let at = offset
  let step = reading.next()
  while (step.done !== true) {
    const size = step.value
    if (size > bytes.length - at) fail("bad-wire", "unexpected end-of-file", at)
    step = reading.next(bytes.subarray(at, at + size))
    at += size
  }
  return { value: step.value, offset: at }
}

/** Runs a reader over all of `bytes`; fails if something is left. */
export function readWhole<T>(bytes: Uint8Array, reading: Reading<T>): T {
  const { value, offset } = readFrom(bytes, reading)
  if (offset !== bytes.length) fail("bad-wire", `${bytes.length - offset} bytes too many`, offset)
  return value
}

/** Bytes that arrive in chunks. */
export class WireInput {
  readonly #pull: () => Promise<Uint8Array | undefined>
  #chunk: Uint8Array = new Uint8Array(0)

  /** `pull` gives the next chunk, or undefined at the end. */
  constructor(pull: () => Promise<Uint8Array | undefined>) {
    this.#pull = pull
  }

  /** Whether bytes have arrived that are not read yet. */
  get hasData(): boolean {
    return this.#chunk.length > 0
  }

  /** Up to `size` bytes, at least one; none at the end. */
  async readSome(size: number): Promise<Uint8Array> {
    while (this.#chunk.length === 0) {
      const next = await this.#pull()
      if (next === undefined) return this.#chunk
      this.#chunk = next
    }
    const piece = this.#chunk.subarray(0, size)
    this.#chunk = this.#chunk.subarray(piece.length)
    return piece
  }

  async #exactly(size: number): Promise<Uint8Array> {
    const first = await this.readSome(size)
    if (first.length === size) return first
    const whole = new Uint8Array(size)
    let at = 0
    for (let piece = first; ; piece = await this.readSome(size - at)) {
      if (piece.length === 0) fail("bad-wire", "unexpected end-of-file")
      whole.set(piece, at)
      at += piece.length
      if (at === size) return whole
    }
  }

  /** Runs a reader. */
  async read<T>(reading: Reading<T>): Promise<T> {
    let step = reading.next()
    while (step.done !== true) step = reading.next(step.value === 0 ? new Uint8Array(0) : await this.#exactly(step.value))
    return step.value
  }
}
