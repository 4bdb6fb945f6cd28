// Decompression: what real programs wrote, cut anywhere, damaged anywhere, with something behind it; bombs stay small.
import { spawnSync } from "node:child_process"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import { StoreError } from "../../engine/castore/error.ts"
import { TrailingBytes } from "../../engine/store/compression/fault.ts"
import { decompress, type ReadableCompression, sniffCompression } from "../../engine/store/decompress.ts"
import { plainText, samples } from "./compressed-samples.ts"

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

async function collect(method: ReadableCompression, bytes: Uint8Array, size = 1 << 16): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of decompress(method, cut(bytes, size))) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function faultOf(method: ReadableCompression, bytes: Uint8Array): Promise<unknown> {
  try {
    await collect(method, bytes)
    return undefined
  } catch (error) {
    return error
  }
}

const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Bytes that are hard, easy and very easy to compress by turns. */
function mixture(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = 1
  for (let i = 0; i < size; i++) {
    if ((i >> 16) % 3 === 0) bytes[i] = 0
    else {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      bytes[i] = (i >> 16) % 3 === 1 ? state >>> 24 : 97 + ((state >>> 24) % 5)
    }
  }
  return bytes
}

describe.each(samples)("%s (%s)", (method, name, bytes) => {
  test.each([1, 7, 1000, 1 << 20])("in pieces of %i bytes", async (size) => {
    expect(Buffer.compare(await collect(method, bytes, size), plainText)).toBe(0)
  })

  test("is known by its first bytes, but brotli", () => {
    expect(sniffCompression(bytes.subarray(0, 6))).toBe(method === "br" ? "none" : method)
  })

  test("cut anywhere is damaged", async () => {
    // Between two members nothing can be noticed.
    const whole = new Set([0])
    for (let i = 0; i < bytes.length; i += i < 24 ? 1 : 127) {
      const fault = await faultOf(method, bytes.slice(0, i))
      if (fault === undefined) whole.add(i)
      else expect(fault).toMatchObject({ code: "damaged" })
    }
    expect(await faultOf(method, bytes.slice(0, -1))).toMatchObject({ code: "damaged" })
    if (!name.endsWith("Members")) expect([...whole]).toEqual([0])
  })

  test("followed by anything is damaged", async () => {
    for (const rest of [[1], [0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]])
      expect(await faultOf(method, join(bytes, Uint8Array.from(rest)))).toMatchObject({ code: "damaged" })
  })

  test.each([7, 1 << 20])("a fault that tells of bytes behind the data comes after all of the data (pieces of %i bytes)", async (size) => {
    const pieces: Uint8Array[] = []
    const reading = async (): Promise<void> => {
      for await (const piece of decompress(method, cut(join(bytes, new Uint8Array(40).fill(0x55)), size))) pieces.push(piece)
    }
    const fault: unknown = await reading().catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(StoreError)
    // Those who do not mind what follows take what came before for the whole.
    if (fault instanceof TrailingBytes) expect(Buffer.compare(Buffer.concat(pieces), plainText)).toBe(0)
  })

  test("with any byte changed is never other data", async () => {
    let unnoticed = 0
    for (let i = 0; i < bytes.length; i += 37) {
      const changed = bytes.slice()
      changed[i]! ^= 0x55
      try {
        // Fields that mean nothing for the contents (times, operating system, skipped frames) may change.
        const out = await collect(method, changed)
        // Brotli has no checksum.
        if (method === "br") unnoticed++
        else expect(Buffer.compare(out, plainText)).toBe(0)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        expect(["damaged", "unsupported"]).toContain(error.code)
      }
    }
    if (method !== "br") expect(unnoticed).toBe(0)
  })
})

test("nothing at all is no compressed data", async () => {
  for (const method of ["gzip", "xz", "zstd", "bzip2", "br"] as const)
    if (method !== "zstd") expect(await faultOf(method, new Uint8Array(0))).toMatchObject({ code: "damaged" })
  expect(await collect("none", new Uint8Array(0))).toHaveLength(0)
})

const tools = ["gzip -1", "xz -0", "xz -9e", "xz --check=crc32", "zstd -1", "zstd -19", "zstd --long=27", "bzip2 -1", "bzip2 -9"].map(
  (line) => line.split(" "),
)

describe.each(tools)("%s %s", (program, level) => {
  const isHere = spawnSync(program!, ["--version"]).status === 0
  test.skipIf(!isHere)(`writes what is read again${isHere ? "" : `: ${program} is not on PATH`}`, { timeout: 120_000 }, async () => {
    const plain = mixture(2_500_000)
    const { stdout } = spawnSync(program!, [level!, "-c"], { input: plain, maxBuffer: 2 ** 26 })
    const method = program as ReadableCompression
    expect(Buffer.compare(await collect(method, stdout), plain)).toBe(0)
    const twice = await collect(method, join(stdout, stdout), 12_345)
    expect(Buffer.compare(twice, Buffer.concat([plain, plain]))).toBe(0)
  })
})

test("Node's gzip and brotli are read again", async () => {
  const plain = mixture(3_000_000)
  expect(Buffer.compare(await collect("gzip", gzipSync(plain)), plain)).toBe(0)
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  expect(Buffer.compare(await collect("br", brotli), plain)).toBe(0)
})

describe("long streams with bytes changed here and there are damaged", () => {
  const plain = mixture(400_000)
  const gzip = (): Uint8Array => gzipSync(plain)
  const made: readonly (readonly [ReadableCompression, () => Uint8Array])[] = [
    ["gzip", gzip],
    ...(["xz", "zstd", "bzip2"] as const)
      .filter((program) => spawnSync(program, ["--version"]).status === 0)
      .map((program) => [program, () => spawnSync(program, ["-c"], { input: plain, maxBuffer: 2 ** 26 }).stdout] as const),
  ]
  test.each(made)("%s", async (method, make) => {
    const bytes = make()
    let state = 7
    const next = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return (state >>> 8) % below
    }
    for (let run = 0; run < 25; run++) {
      const changed = Uint8Array.from(bytes)
      for (let i = next(3); i >= 0; i--) changed[next(changed.length)]! ^= 1 + next(255)
      if (next(4) === 0) changed.copyWithin(next(changed.length), next(changed.length), next(changed.length))
      const fault = await faultOf(method, changed)
      if (fault === undefined) expect(Buffer.compare(await collect(method, changed), plain)).toBe(0)
      else expect(fault).toBeInstanceOf(StoreError)
    }
  })
})

test("streams go on side by side", async () => {
  const all = await Promise.all(samples.map(([method, , bytes]) => collect(method, bytes, 100)))
  for (const out of all) expect(Buffer.compare(out, plainText)).toBe(0)
})

describe("memory", () => {
  const zeros = new Uint8Array(64 << 20)
  const bombs: readonly (readonly [ReadableCompression, () => Uint8Array])[] = [
    ["gzip", () => gzipSync(zeros)],
    ["br", () => brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })],
    ...(["xz", "zstd", "bzip2"] as const)
      .filter((program) => spawnSync(program, ["--version"]).status === 0)
      .map((program) => [program, () => new Uint8Array(spawnSync(program, ["-c"], { input: zeros, maxBuffer: 2 ** 26 }).stdout)] as const),
  ]
  test.each(bombs)("%s: the input is read only as the output is wanted, and given back", { timeout: 120_000 }, async (method, make) => {
    const bytes = make()
    let isClosed = false
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        // Without end.
        for (;;) yield bytes
      } finally {
        isClosed = true
      }
    }
    let largest = 0
    let size = 0
    for await (const piece of decompress(method, source())) {
      largest = Math.max(largest, piece.length)
      size += piece.length
      if (size > 32 << 20) break
    }
    expect(largest).toBeLessThanOrEqual(9 << 20)
    expect(isClosed).toBe(true)
  })

  test("a zstd frame that wants gigabytes for itself gets nothing", async () => {
    // Window descriptor 0xa8: 2 GiB.
    const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0])
    expect(await faultOf("zstd", frame)).toMatchObject({ code: "unsupported" })
  })
})
