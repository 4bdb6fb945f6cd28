// xxHash64 with seed 0, of which zstd uses the low half. The lanes are kept in halves of 32 bits: BigInt in the loop would be ten times
// slower than the decoder beside it. https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

/** The first two primes in halves, for the loop. */
const P1H = 0x9e3779b1
const P1L = 0x85ebca87
const P2H = 0xc2b2ae3d
const P2L = 0x27d4eb4f
/** All five. */
const P3 = 0x165667b19e3779f9n
const P5 = 0x27d4eb2f165667c5n
const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P4 = 0x85ebca77c2b2ae63n
const MASK = (1n << 64n) - 1n

/** The checksum of a stream of bytes. */
export class XxHash64 {
  /** Lane i: high half at 2i, low half at 2i + 1. */
  readonly #lanes = new Uint32Array(8)
  readonly #rest = new Uint8Array(32)
  #restSize = 0
  #size = 0

  constructor() {
    for (const [i, start] of [(P1 + P2) & MASK, P2, 0n, -P1 & MASK].entries()) {
      this.#lanes[2 * i] = Number(start >> 32n)
      this.#lanes[2 * i + 1] = Number(start & 0xffffffffn)
    }
  }

  /** Adds bytes. */
  update(bytes: Uint8Array): void {
    this.#size += bytes.length
    let at = 0
    if (this.#restSize > 0) {
      at = Math.min(32 - this.#restSize, bytes.length)
      this.#rest.set(bytes.subarray(0, at), this.#restSize)
      this.#restSize += at
      if (this.#restSize < 32) return
      this.#stripe(this.#rest, 0)
      this.#restSize = 0
    }
    for (; at + 32 <= bytes.length; at += 32) this.#stripe(bytes, at)
    this.#rest.set(bytes.subarray(at))
    this.#restSize = bytes.length - at
  }

  /** lane = rotl(lane + input * P2, 31) * P1, for the four lanes. */
  #stripe(bytes: Uint8Array, at: number): void {
    const lanes = this.#lanes
    for (let lane = 0; lane < 8; lane += 2, at += 8) {
      const inLow = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
      const inHigh = (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)) >>> 0
      let low = Math.imul(inLow, P2L) >>> 0
      let high = (multiplyHigh(inLow, P2L) + Math.imul(inLow, P2H) + Math.imul(inHigh, P2L)) >>> 0
      const sum = low + lanes[lane + 1]!
      low = sum >>> 0
      high = (high + lanes[lane]! + (sum > 0xffffffff ? 1 : 0)) >>> 0
      // rotl 31
      const turnedHigh = ((high << 31) | (low >>> 1)) >>> 0
      const turnedLow = ((low << 31) | (high >>> 1)) >>> 0
      lanes[lane + 1] = Math.imul(turnedLow, P1L)
      lanes[lane] = multiplyHigh(turnedLow, P1L) + Math.imul(turnedLow, P1H) + Math.imul(turnedHigh, P1L)
    }
  }

  /** The low 32 bits of the checksum of all so far. */
  get low(): number {
    const lane = (i: number): bigint => (BigInt(this.#lanes[2 * i]!) << 32n) | BigInt(this.#lanes[2 * i + 1]!)
    let acc: bigint
    if (this.#size >= 32) {
      acc = (rotate(lane(0), 1n) + rotate(lane(1), 7n) + rotate(lane(2), 12n) + rotate(lane(3), 18n)) & MASK
      for (let i = 0; i < 4; i++) acc = ((acc ^ round(0n, lane(i))) * P1 + P4) & MASK
    } else acc = P5
    acc = (acc + BigInt(this.#size)) & MASK
    const view = new DataView(this.#rest.buffer)
    let at = 0
    for (; at + 8 <= this.#restSize; at += 8) acc = (rotate(acc ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & MASK
    if (at + 4 <= this.#restSize) {
      acc = (rotate(acc ^ ((BigInt(view.getUint32(at, true)) * P1) & MASK), 23n) * P2 + P3) & MASK
      at += 4
    }
    for (; at < this.#restSize; at++) acc = (rotate(acc ^ ((BigInt(view.getUint8(at)) * P5) & MASK), 11n) * P1) & MASK
    acc = ((acc ^ (acc >> 33n)) * P2) & MASK
    acc = ((acc ^ (acc >> 29n)) * P3) & MASK
    return Number((acc ^ (acc >> 32n)) & 0xffffffffn)
  }
}

function round(acc: bigint, input: bigint): bigint {
  return (rotate((acc + input * P2) & MASK, 31n) * P1) & MASK
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK
}

/** The high 32 bits of the product of two 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)
}
