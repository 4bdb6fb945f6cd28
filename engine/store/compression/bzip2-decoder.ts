// bzip2: streams one after the other, each of blocks that hold at most 900,000 bytes after the first run-length coding.
//
//   stream  "BZh" level('1'..'9') block* 0x177245385090 crc:32 pad-to-byte
//   block   0x314159265359 crc:32 randomised:1 origin:24 used-ranges:16 used-symbols:16* tables:3 selectors:15 selector* table* symbol*
//
// There is no standard; the reference is libbzip2 1.0.8 (decompress.c). Packages that stream bzip2 are abandoned, those that are
// kept want all of the data and the size of the output at once: hence our own. A block is decoded at once, as it must be.

import { StoreError } from "../../castore/error.ts"
import type { ByteFeed } from "./byte-feed.ts"
import { BlockOutput } from "./bzip2-output.ts"
import { corrupt, trailing, truncated } from "./fault.ts"

/** No block is longer: 900,001 symbols of at most 20 bits, and its tables. */
const LONGEST_BLOCK = 2_500_000
const GROUP = 50
const MAX_LENGTH = 20

/** Decodes bzip2 data of one or more streams. */
export async function* decodeBzip2(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  if (!(await feed.fill(1))) throw truncated("bzip2")
  for (let streams = 0; await feed.fill(1); streams++) {
    const head = await feed.take(4)
    const [b, z, h, digit] = head ?? []
    if (b !== 0x42 || z !== 0x5a || h !== 0x68 || digit === undefined || digit < 0x31 || digit > 0x39) {
      if (streams > 0) throw trailing("bzip2")
      throw head === null ? truncated("bzip2") : corrupt("bzip2", "it does not begin as bzip2 data do")
    }
    yield* decodeStream(feed, (digit - 0x30) * 100_000)
  }
}

async function* decodeStream(feed: ByteFeed, blockSize: number): AsyncGenerator<Uint8Array> {
  const block = new Uint32Array(blockSize)
  let combined = 0
  /** Bits of the first buffered byte that belong to what was decoded already. */
  let offset = 0
  for (;;) {
    const hasAll = await feed.fill(LONGEST_BLOCK)
    const bits = new BitReader(feed.buffered, offset)
    try {
      const kind = bits.read(24) * 0x1000000 + bits.read(24)
      const crc = ((bits.read(16) << 16) | bits.read(16)) >>> 0
      if (kind === 0x177245385090) {
        if (crc !== combined) throw corrupt("bzip2", "wrong checksum")
        feed.skip(Math.ceil(bits.position / 8))
        return
      }
      if (kind !== 0x314159265359) throw corrupt("bzip2", "no block begins here")
      const { size, origin } = readBlock(bits, block)
      feed.skip(bits.position >> 3)
      offset = bits.position & 7
      const output = new BlockOutput(block, size, origin)
      for (let bytes = output.next(); bytes.length > 0; bytes = output.next()) yield bytes
      if (output.crc !== crc) throw corrupt("bzip2", "wrong checksum of a block")
      combined = (((combined << 1) | (combined >>> 31)) ^ crc) >>> 0
    } catch (error) {
      if (!(error instanceof EndOfBits)) throw error
      throw hasAll ? corrupt("bzip2", "a block is too long") : truncated("bzip2")
    }
  }
}

class EndOfBits extends Error {}

/** Reads bits, the highest of each byte first. */
class BitReader {
  readonly #bytes: Uint8Array
  /** Bits read. */
  position: number

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes
    this.position = position
  }

  /** At most 24 bits. */
  read(count: number): number {
    const value = this.peek24() >>> (24 - count)
    this.skip(count)
    return value
  }

  /** The next 24 bits, zeros after the end. */
  peek24(): number {
    const at = this.position >> 3
    const bytes = this.#bytes
    // Beyond the end the array gives undefined, which is 0 in these operations.
    const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    return (word << (this.position & 7)) >>> 8
  }

  skip(count: number): void {
    this.position += count
    if (this.position > this.#bytes.length * 8) throw new EndOfBits()
  }
}

/** Decodes symbols, moves to front and run lengths into `block`, one byte a word; gives the number of bytes and where the text begins. */
function readBlock(bits: BitReader, block: Uint32Array): { size: number; origin: number } {
  if (bits.read(1) === 1) throw new StoreError("unsupported", "the bzip2 data was made by a version before 0.9.5 (randomised blocks)")
  const origin = bits.read(24)
  const used = readUsed(bits)
  const endSymbol = used.length + 1
  const tableCount = bits.read(3)
  if (tableCount < 2 || tableCount > 6) throw corrupt("bzip2", "bad number of tables")
  const selectors = readSelectors(bits, tableCount)
  const tables = Array.from({ length: tableCount }, () => new Table(readLengths(bits, endSymbol + 1)))

  const front = Uint8Array.from(used)
  let size = 0
  let group = 0
  let left = 0
  let table = tables[0]!
  let run = 0
  let runBit = 1
  for (;;) {
    if (left === 0) {
      if (group >= selectors.length) throw corrupt("bzip2", "more symbols than selectors")
      table = tables[selectors[group++]!]!
      left = GROUP
    }
    left--
    const symbol = table.read(bits)
    if (symbol <= 1) {
      run += runBit << symbol
      runBit <<= 1
      if (run > block.length) throw corrupt("bzip2", "a block is too long")
      continue
    }
    if (run > 0) {
      if (size + run > block.length) throw corrupt("bzip2", "a block is too long")
      block.fill(front[0]!, size, size + run)
      size += run
      run = 0
      runBit = 1
    }
    if (symbol === endSymbol) break
    if (size === block.length) throw corrupt("bzip2", "a block is too long")
    const place = symbol - 1
    const byte = front[place]!
    front.copyWithin(1, 0, place)
    front[0] = byte
    block[size++] = byte
  }
  if (size === 0 ? origin !== 0 : origin >= size) throw corrupt("bzip2", "bad origin of a block")
  return { size, origin }
}

function readUsed(bits: BitReader): number[] {
  const ranges = bits.read(16)
  const used: number[] = []
  for (let i = 0; i < 16; i++) {
    if (((ranges >> (15 - i)) & 1) === 0) continue
    const symbols = bits.read(16)
    for (let j = 0; j < 16; j++) if (((symbols >> (15 - j)) & 1) === 1) used.push(i * 16 + j)
  }
  if (used.length === 0) throw corrupt("bzip2", "a block without symbols")
  return used
}

function readSelectors(bits: BitReader, tableCount: number): Uint8Array {
  const count = bits.read(15)
  if (count === 0) throw corrupt("bzip2", "a block without selectors")
  const selectors = new Uint8Array(count)
  const front = Uint8Array.from({ length: tableCount }, (_, i) => i)
  for (let i = 0; i < count; i++) {
    let place = 0
    while (bits.read(1) === 1) if (++place >= tableCount) throw corrupt("bzip2", "bad selector")
    const selector = front[place]!
    front.copyWithin(1, 0, place)
    front[0] = selector
    selectors[i] = selector
  }
  return selectors
}

function readLengths(bits: BitReader, count: number): Uint8Array {
  const lengths = new Uint8Array(count)
  let length = bits.read(5)
  for (let i = 0; i < count; i++) {
    for (;;) {
      if (length < 1 || length > MAX_LENGTH) throw corrupt("bzip2", "bad length of a code")
      if (bits.read(1) === 0) break
      length += bits.read(1) === 0 ? 1 : -1
    }
    lengths[i] = length
  }
  return lengths
}

const FAST = 10

/** A prefix code: short codes by one look, longer ones by their length. */
class Table {
  /** Index: ten bits; value: symbol * 32 + length, or 0. */
  readonly #fast = new Uint16Array(1 << FAST)
  /** For each length the first code beyond it (as a 20-bit number), and what to add to a code's number to have its place in #symbols. */
  readonly #limit = new Float64Array(MAX_LENGTH + 2)
  readonly #base = new Int32Array(MAX_LENGTH + 2)
  readonly #symbols: Uint16Array

  constructor(lengths: Uint8Array) {
    const symbols: number[] = []
    let code = 0
    for (let length = 1; length <= MAX_LENGTH; length++) {
      this.#base[length] = symbols.length - code
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue
        if (length <= FAST && code < 1 << length) {
          const from = code << (FAST - length)
          this.#fast.fill(symbol * 32 + length, from, from + (1 << (FAST - length)))
        }
        symbols.push(symbol)
        code++
      }
      this.#limit[length] = code * 2 ** (MAX_LENGTH - length)
      code *= 2
    }
    this.#symbols = Uint16Array.from(symbols)
  }

  read(bits: BitReader): number {
    const next = bits.peek24()
    const entry = this.#fast[next >>> (24 - FAST)]!
    if (entry !== 0) {
      bits.skip(entry & 31)
      return entry >> 5
    }
    const code = next >>> (24 - MAX_LENGTH)
    for (let length = 1; length <= MAX_LENGTH; length++) {
      if (code >= this.#limit[length]!) continue
      const symbol = this.#symbols[(code >>> (MAX_LENGTH - length)) + this.#base[length]!]
      if (symbol === undefined) break
      bits.skip(length)
      return symbol
    }
    throw corrupt("bzip2", "an unknown code")
  }
}
