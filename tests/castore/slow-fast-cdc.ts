// FastCDC of 2020 as the paper has it, one byte at a time and with 64-bit numbers: slow, and independent of the engine's own.
// With the sizes and masks of the crate fastcdc's own tests it gives the cuts published there for its sample picture.
import { createHash } from "node:crypto"

/** For each byte value the first 8 bytes of the MD5 of 64 times that byte. */
export const gear: readonly bigint[] = Array.from({ length: 256 }, (_, byte) => {
  return createHash("md5").update(new Uint8Array(64).fill(byte)).digest().readBigUInt64BE(0)
})

export interface CdcSizes {
  readonly min: number
  readonly avg: number
  readonly max: number
  readonly strict: bigint
  readonly lax: bigint
}

/** What Snix uses. */
export const snixSizes: CdcSizes = {
  min: 131_072,
  avg: 262_144,
  max: 524_288,
  strict: 0x0000d91707537000n,
  lax: 0x0000d90703537000n,
}

/** The sizes of the pieces, and the value of the hash at each cut. */
export function slowCuts(bytes: Uint8Array, sizes: CdcSizes): { readonly size: number; readonly hash: bigint }[] {
  const cuts: { size: number; hash: bigint }[] = []
  for (let start = 0; start < bytes.length; ) {
    const rest = bytes.length - start
    const end = Math.min(rest, sizes.max)
    let hash = 0n
    let size = end
    // Two bytes a step, as in the paper: of an odd rest the last byte is not looked at.
    for (let i = rest <= sizes.min ? end : sizes.min; i < end - (end % 2); i++) {
      hash = BigInt.asUintN(64, (hash << 1n) + gear[bytes[start + i]!]!)
      if ((hash & (i < Math.min(end, sizes.avg) - (Math.min(end, sizes.avg) % 2) ? sizes.strict : sizes.lax)) === 0n) {
        size = i
        break
      }
    }
    cuts.push({ size, hash })
    start += size
  }
  return cuts
}
