// CRC-32 as gzip has it (reflected, polynomial 0xedb88320), eight bytes at a time.

const tables = Array.from({ length: 8 }, () => new Uint32Array(256))
for (let i = 0; i < 256; i++) {
  let value = i
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
  tables[0]![i] = value
}
for (let t = 1; t < 8; t++)
  for (let i = 0; i < 256; i++) {
    const before = tables[t - 1]![i]!
    tables[t]![i] = (before >>> 8) ^ tables[0]![before & 255]!
  }
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]

/** The checksum of a stream of bytes. */
export class Crc32 {
  #state = -1

  /** Adds bytes. */
  update(bytes: Uint8Array): void {
    let crc = this.#state
    let i = 0
    for (const end = bytes.length - 7; i < end; i += 8) {
      const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
      crc =
        t7[low & 255]! ^
        t6[(low >>> 8) & 255]! ^
        t5[(low >>> 16) & 255]! ^
        t4[low >>> 24]! ^
        t3[bytes[i + 4]!]! ^
        t2[bytes[i + 5]!]! ^
        t1[bytes[i + 6]!]! ^
        t0[bytes[i + 7]!]!
    }
    for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!
    this.#state = crc
  }

  /** The checksum of all so far, as an unsigned number. */
  get value(): number {
    return ~this.#state >>> 0
  }
}
