// Division of blobs: against a slow implementation of the same paper, whatever the sizes of the pushes.
import { beforeAll, expect, test } from "vitest"
import { divide } from "../../engine/castore/chunking-writer.ts"
import { b3 } from "../../engine/castore/digest.ts"
import { avgChunkSize, FastCdc, maxChunkSize, minChunkSize } from "../../engine/castore/fast-cdc.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { randomBytes, sameBytes } from "./contract.ts"
import { gear, slowCuts, snixSizes } from "./slow-fast-cdc.ts"

beforeAll(initHashes)

function cuts(bytes: Uint8Array, pushSize: number): number[] {
  const cdc = new FastCdc()
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += pushSize) pieces.push(...cdc.push(bytes.subarray(at, at + pushSize)))
  pieces.push(...cdc.finish())
  let at = 0
  for (const piece of pieces) {
    expect(sameBytes(piece, bytes.subarray(at, at + piece.length))).toBe(true)
    at += piece.length
  }
  expect(at).toBe(bytes.length)
  return pieces.map((piece) => piece.length)
}

/** Text with few different bytes, in which the hash behaves otherwise than in noise. */
function sourceText(size: number): Uint8Array {
  const line = "  { lib, stdenv, fetchurl }: stdenv.mkDerivation { pname = "
  return Uint8Array.from({ length: size }, (_, i) => line.charCodeAt((i * 7 + (i >> 9) * 3 + (i >> 13)) % line.length))
}

test("the table begins and ends as that of Snix does", () => {
  expect([gear[0], gear[1], gear[255]]).toEqual([0x3b5d3c7d207e37dcn, 0x784d68ba91123086n, 0xaabd2b2a451504e1n])
})

test("pieces end where the slow implementation ends them", () => {
  const samples = [
    randomBytes(2_000_001, 1),
    sourceText(1_200_000),
    new Uint8Array(1_200_007),
    ...[0, 1, minChunkSize, minChunkSize + 1, minChunkSize + 2, avgChunkSize + 1, maxChunkSize, maxChunkSize + 1].map((size) =>
      randomBytes(size, size),
    ),
  ]
  for (const bytes of samples) {
    const slow = slowCuts(bytes, snixSizes).map(({ size }) => size)
    expect(cuts(bytes, bytes.length || 1)).toEqual(slow)
  }
})

test("a match at every place of a piece is found, also at the last", () => {
  // The tail of a sample that ends in a cut, moved so that the match falls on each of the interesting places.
  const sample = randomBytes(2_000_000, 2)
  const { size } = slowCuts(sample, snixSizes)[0]!
  const tail = sample.subarray(size - 64, size + 1)
  for (const place of [minChunkSize + 64, avgChunkSize - 1, avgChunkSize, avgChunkSize + 1, maxChunkSize - 2, maxChunkSize - 1]) {
    for (const extra of [1, 2, 3]) {
      const bytes = new Uint8Array(place + extra)
      bytes.set(tail.subarray(0, Math.min(tail.length, bytes.length - place + 64)), place - 64)
      expect(cuts(bytes, 1 << 20)).toEqual(slowCuts(bytes, snixSizes).map((cut) => cut.size))
    }
  }
})

test("the sizes of the pushes make no difference", () => {
  const bytes = randomBytes(3_000_000, 3)
  const whole = cuts(bytes, bytes.length)
  expect(whole.length).toBeGreaterThan(5)
  for (const size of [997, 65_536, maxChunkSize - 1, maxChunkSize, maxChunkSize + 1, 1_000_003]) expect(cuts(bytes, size)).toEqual(whole)
})

test("all pieces but the last have from 128 to 512 KiB, and zeros are divided at the maximum", () => {
  const sizes = cuts(randomBytes(6_000_000, 4), 100_000)
  for (const size of sizes.slice(0, -1)) {
    expect(size).toBeGreaterThanOrEqual(minChunkSize)
    expect(size).toBeLessThanOrEqual(maxChunkSize)
  }
  expect(cuts(new Uint8Array(2 * maxChunkSize + 5), 77_777)).toEqual([maxChunkSize, maxChunkSize, 5])
})

test("an insertion changes the pieces around it and no others", () => {
  const bytes = randomBytes(4_000_000, 5)
  const changed = new Uint8Array(bytes.length + 3)
  changed.set(bytes.subarray(0, 1_500_000))
  changed.set(bytes.subarray(1_500_000), 1_500_003)
  const before = new Set(divide(bytes).map(({ digest }) => digest))
  const after = divide(changed)
  expect(after.filter(({ digest }) => !before.has(digest)).length).toBeLessThanOrEqual(3)
  expect(after.length).toBeGreaterThan(8)
})

test("a blob that makes one piece is not divided", () => {
  expect(divide(new Uint8Array(0))).toEqual([])
  expect(divide(randomBytes(minChunkSize, 6))).toEqual([])
  expect(divide(new Uint8Array(maxChunkSize))).toEqual([])
  const two = divide(new Uint8Array(maxChunkSize + 1))
  expect(two.map(({ digest, bytes }) => [digest, bytes.length])).toEqual([
    [b3(new Uint8Array(maxChunkSize)), maxChunkSize],
    [b3(new Uint8Array(1)), 1],
  ])
})
