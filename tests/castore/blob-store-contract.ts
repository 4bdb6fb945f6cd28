// The contract of stores of blobs, as one suite that every implementation runs: blobStoreContract(name, make).
import { describe, expect } from "vitest"
import type { BlobStore } from "../../engine/castore/blob-store.ts"
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { StoreError } from "../../engine/castore/error.ts"
import {
  allOf,
  bytesOf,
  codeOf,
  collect,
  isDeleting,
  type Make,
  randomBytes,
  sameBytes,
  subjectTest,
  unknown,
  writeBlob,
} from "./contract.ts"

/** What every store of blobs promises. */
export function blobStoreContract(name: string, make: Make<BlobStore>): void {
  const check = subjectTest(make)

  describe(`${name} keeps the contract of stores of blobs`, () => {
    check("blobs come back, with digests in the order given", async ({ store }, fill) => {
      const blobs = [bytesOf("one"), new Uint8Array(0), bytesOf("two"), bytesOf("one"), randomBytes(70_000, 1)]
      const digests = await fill.putMany(blobs)
      expect(digests).toEqual(blobs.map((blob) => b3(blob)))
      const back = await store.getMany([...digests].reverse())
      expect(back.map((blob) => blob?.length)).toEqual(blobs.map((blob) => blob.length).reverse())
      back.reverse().forEach((blob, i) => void expect(sameBytes(blob, blobs[i]!)).toBe(true))
    })

    check("nothing in, nothing out", async ({ store }, fill) => {
      expect(await fill.putMany([])).toEqual([])
      expect(await store.getMany([])).toEqual([])
      expect(await store.missing([])).toEqual(new Set())
    })

    check("what is absent is null, in its place, and missing", async ({ store }, fill) => {
      const [here] = await fill.putMany([bytesOf("here")])
      const back = await store.getMany([unknown, here!, unknown])
      expect([back[0], back[2]]).toEqual([null, null])
      expect(sameBytes(back[1], bytesOf("here"))).toBe(true)
      expect(await store.missing([unknown, here!])).toEqual(new Set([unknown]))
      expect(await store.open(unknown)).toBeNull()
      expect(await store.chunks(unknown)).toBeNull()
    })

    check("a small blob is not divided, and is read in ranges", async ({ store }, fill) => {
      const bytes = randomBytes(1000, 2)
      const [digest] = await fill.putMany([bytes])
      expect(await store.chunks(digest!)).toEqual([])
      const reader = (await store.open(digest!))!
      expect(reader.size).toBe(1000)
      expect(sameBytes(await reader.read(10, 20), bytes.subarray(10, 20))).toBe(true)
      expect(sameBytes(await reader.read(990, 5000), bytes.subarray(990))).toBe(true)
      expect((await reader.read(1000, 2000)).length).toBe(0)
      expect((await reader.read(3000, 4000)).length).toBe(0)
      expect((await reader.read(5, 5)).length).toBe(0)
      expect(sameBytes(await collect(reader.stream()), bytes)).toBe(true)
      expect(sameBytes(await collect(reader.stream(999)), bytes.subarray(999))).toBe(true)
      expect((await collect(reader.stream(1000))).length).toBe(0)
    })

    check("the empty blob is a blob", async ({ store }, fill) => {
      const [put] = await fill.putMany([new Uint8Array(0)])
      const written = await fill.write().close()
      expect(written).toBe(put)
      const reader = (await store.open(put!))!
      expect(reader.size).toBe(0)
      expect((await reader.read(0, 10)).length).toBe(0)
      expect((await collect(reader.stream())).length).toBe(0)
      expect(await store.chunks(put!)).toEqual([])
    })

    check("what was handed out or taken in can be overwritten without harm", async ({ store }, fill) => {
      const bytes = bytesOf("precious")
      const [digest] = await fill.putMany([bytes])
      bytes.fill(0)
      const [back] = await store.getMany([digest!])
      back!.fill(0)
      const read = await (await store.open(digest!))!.read(0, 100)
      read.fill(0)
      for await (const piece of (await store.open(digest!))!.stream()) piece.fill(0)
      expect(sameBytes((await store.getMany([digest!]))[0], bytesOf("precious"))).toBe(true)
      const writer = fill.write()
      const reused = new Uint8Array(4)
      for (const word of ["abcd", "efgh"]) {
        reused.set(bytesOf(word))
        await writer.write(reused)
      }
      expect(await writer.close()).toBe(b3(bytesOf("abcdefgh")))
    })

    check("a large blob written in pieces comes back in ranges and as a stream", async ({ store }, fill) => {
      const bytes = randomBytes(3_000_000, 3)
      const digest = await writeBlob(fill, bytes, 77_777)
      expect(digest).toBe(b3(bytes))
      expect(await store.missing([digest])).toEqual(new Set())
      const reader = (await store.open(digest))!
      expect(reader.size).toBe(bytes.length)
      for (const [from, to] of [
        [0, 1],
        [0, 300_000],
        [524_287, 524_289],
        [1_000_000, 2_700_000],
        [2_999_999, 9_000_000],
        [3_000_000, 3_000_001],
      ] as const) {
        expect(sameBytes(await reader.read(from, to), bytes.subarray(from, to))).toBe(true)
      }
      let largest = 0
      for await (const piece of reader.stream()) largest = Math.max(largest, piece.length)
      expect(largest).toBeLessThanOrEqual(1.1 * (1 << 20))
      expect(sameBytes(await collect(reader.stream()), bytes)).toBe(true)
      expect(sameBytes(await collect(reader.stream(1_234_567)), bytes.subarray(1_234_567))).toBe(true)
      expect(sameBytes((await store.getMany([digest]))[0], bytes)).toBe(true)
    })

    check("the chunks of a large blob make the blob, and each can be read by its digest", async ({ store }, fill) => {
      const bytes = randomBytes(2_000_000, 4)
      const digest = await writeBlob(fill, bytes)
      const chunks = await store.chunks(digest)
      expect(chunks).not.toBeNull()
      // A store may leave it whole; a list of one chunk would say nothing.
      expect(chunks!.length).not.toBe(1)
      let at = 0
      for (const chunk of chunks!) {
        expect(chunk.digest).toBe(b3(bytes.subarray(at, at + chunk.size)))
        const reader = (await store.open(chunk.digest))!
        expect(sameBytes(await reader.read(0, reader.size), bytes.subarray(at, at + chunk.size))).toBe(true)
        at += chunk.size
      }
      if (chunks!.length > 0) expect(at).toBe(bytes.length)
      expect(await store.missing(chunks!.map((chunk) => chunk.digest))).toEqual(new Set())
      const last = chunks!.at(-1)
      if (last !== undefined) {
        expect((await store.getMany([last.digest]))[0]!.length).toBe(last.size)
        expect(await store.chunks(last.digest)).toEqual([])
      }
    })

    check("a large blob may be put whole, too", async ({ store }, fill) => {
      const bytes = randomBytes(1_500_000, 5)
      const digests = await fill.putMany([bytesOf("small"), bytes])
      expect(digests[1]).toBe(b3(bytes))
      expect(sameBytes(await collect((await store.open(digests[1]!))!.stream()), bytes)).toBe(true)
    })

    check("the same blob put and written again is the same blob", async ({ store }, fill) => {
      const bytes = randomBytes(900_000, 6)
      const first = await writeBlob(fill, bytes, 50_000)
      expect(await writeBlob(fill, bytes, 123_456)).toBe(first)
      expect(await fill.putMany([bytes, bytes])).toEqual([first, first])
      expect(sameBytes((await store.getMany([first]))[0], bytes)).toBe(true)
    })

    check("nothing is visible before close, and nothing at all after abort", async ({ store }, fill) => {
      const bytes = randomBytes(1_200_000, 7)
      const writer = fill.write()
      await writer.write(bytes)
      expect(await store.open(b3(bytes))).toBeNull()
      await writer.abort()
      expect(await store.missing([b3(bytes)])).toEqual(new Set([b3(bytes)]))
      await writer.abort()
      const small = fill.write()
      await small.write(bytesOf("given up"))
      await small.abort()
      expect(await store.open(b3(bytesOf("given up")))).toBeNull()
    })

    check("abort leaves the chunks of other blobs", async ({ store }, fill) => {
      const bytes = randomBytes(1_200_000, 8)
      const kept = await writeBlob(fill, bytes)
      const writer = fill.write()
      await writer.write(bytes)
      await writer.write(bytes)
      await writer.abort()
      expect(sameBytes((await store.getMany([kept]))[0], bytes)).toBe(true)
    })

    check("closing twice gives the same digest", async ({ store }, fill) => {
      const writer = fill.write()
      await writer.write(bytesOf("twice"))
      const digest = await writer.close()
      expect(await writer.close()).toBe(digest)
      expect(await store.missing([digest])).toEqual(new Set())
    })

    check("writers and batches at the same time do not disturb each other", async ({ store }, fill) => {
      const large = [9, 10, 11].map((seed) => randomBytes(700_000 + seed, seed))
      const small = Array.from({ length: 60 }, (_, i) => randomBytes(i * 37, i + 20))
      const [a, b, c, ...batches] = await Promise.all([
        ...large.map((bytes) => writeBlob(fill, bytes, 65_536)),
        fill.putMany(small.slice(0, 30)),
        fill.putMany(small.slice(20)),
      ])
      expect([a, b, c]).toEqual(large.map((bytes) => b3(bytes)))
      expect(batches.map((batch) => (batch as B3Digest[]).length)).toEqual([30, 40])
      const back = await Promise.all(large.map(async (bytes) => collect((await store.open(b3(bytes)))!.stream())))
      back.forEach((bytes, i) => void expect(sameBytes(bytes, large[i]!)).toBe(true))
      const all = await store.getMany(small.map((bytes) => b3(bytes)))
      all.forEach((bytes, i) => void expect(sameBytes(bytes, small[i]!)).toBe(true))
    })

    check("many small blobs in one batch", async ({ store, many = 1500 }, fill) => {
      const blobs = Array.from({ length: many }, (_, i) => bytesOf(`blob number ${i}`))
      const digests = await fill.putMany(blobs)
      expect(new Set(digests).size).toBe(many)
      const back = await store.getMany(digests)
      expect(back.every((blob, i) => sameBytes(blob, blobs[i]!))).toBe(true)
      expect((await store.missing([...digests, unknown])).size).toBe(1)
    })

    check("what was stored is there after a reload", async ({ store, reopen }, fill) => {
      if (reopen === undefined) return
      const large = randomBytes(1_000_000, 12)
      const [small] = await fill.putMany([bytesOf("lasting")])
      const digest = await writeBlob(fill, large)
      await store.missing([])
      const again = await reopen()
      expect(sameBytes((await again.getMany([small!]))[0], bytesOf("lasting"))).toBe(true)
      expect(sameBytes(await collect((await again.open(digest))!.stream()), large)).toBe(true)
    })

    check("damaged blobs and chunks are never handed out", async ({ store, damage }, fill) => {
      if (damage === undefined) return
      const sound = bytesOf("sound")
      const [bad, good] = await fill.putMany([randomBytes(5000, 13), sound])
      await damage(bad!)
      expect(await codeOf(store.getMany([bad!]))).toBe("damaged")
      expect(await codeOf(store.getMany([good!, bad!]))).toBe("damaged")
      expect(await codeOf(readWhole(store, bad!))).toBe("damaged")
      expect(sameBytes((await store.getMany([good!]))[0], sound)).toBe(true)

      const bytes = randomBytes(2_000_000, 14)
      const digest = await writeBlob(fill, bytes)
      const chunks = (await store.chunks(digest))!
      await damage(chunks.at(1)?.digest ?? digest)
      expect(await codeOf(readWhole(store, digest))).toBe("damaged")
      expect(await codeOf(store.getMany([digest]))).toBe("damaged")
      if (chunks.length > 1) {
        const first = chunks[0]!
        // The undamaged part is served, or nothing is (already at opening): never wrong bytes.
        const code = await codeOf(readPart(store, digest, first.size, first.size + 10))
        expect(code).toBe("damaged")
      }
    })

    check("a damaged blob that is stored again is sound", async ({ store, damage, repairs }, fill) => {
      if (damage === undefined || repairs !== true) return
      const bytes = randomBytes(5000, 19)
      const large = randomBytes(1_800_000, 20)
      for (const found of [true, false]) {
        const [small] = await fill.putMany([bytes])
        const whole = await writeBlob(fill, large)
        await damage(small!)
        await damage((await store.chunks(whole))!.at(1)?.digest ?? whole)
        // Whether anybody has noticed the damage before or not.
        if (found) for (const digest of [small!, whole]) expect(await codeOf(readWhole(store, digest))).toBe("damaged")
        await fill.putMany([bytes])
        await writeBlob(fill, large)
        expect(sameBytes((await store.getMany([small!]))[0], bytes)).toBe(true)
        expect(sameBytes(await collect((await store.open(whole))!.stream()), large)).toBe(true)
      }
    })

    check("a damaged blob that is removed and stored again is sound", async ({ store, damage }, fill) => {
      if (damage === undefined || !isDeleting(fill)) return
      const bytes = randomBytes(5000, 15)
      const [digest] = await fill.putMany([bytes])
      await damage(digest!)
      await fill.deleteMany([digest!])
      await fill.putMany([bytes])
      expect(sameBytes((await store.getMany([digest!]))[0], bytes)).toBe(true)
      const large = randomBytes(1_800_000, 16)
      const whole = await writeBlob(fill, large)
      await damage((await store.chunks(whole))!.at(1)?.digest ?? whole)
      await fill.deleteMany([whole])
      await writeBlob(fill, large)
      expect(sameBytes((await store.getMany([whole]))[0], large)).toBe(true)
    })

    check("what is removed is gone, chunks too unless another blob has them", async ({ store }, fill) => {
      if (!isDeleting(fill)) return
      const start = randomBytes(1_500_000, 17)
      const longer = new Uint8Array(start.length + 400_000)
      longer.set(start)
      longer.set(randomBytes(400_000, 18), start.length)
      const one = await writeBlob(fill, start)
      const two = await writeBlob(fill, longer)
      const [small, other] = await fill.putMany([bytesOf("small"), bytesOf("other")])
      expect([...(await allOf(fill))]).toEqual(expect.arrayContaining([one, two, small, other]))
      const chunks = (await store.chunks(two))!.map((chunk) => chunk.digest)

      await fill.deleteMany([one, small!, unknown])
      expect(await store.missing([one, small!])).toEqual(new Set([one, small]))
      expect(await store.open(small!)).toBeNull()
      expect(sameBytes((await store.getMany([two]))[0], longer)).toBe(true)
      expect(sameBytes((await store.getMany([other!]))[0], bytesOf("other"))).toBe(true)

      await fill.deleteMany([two, other!])
      expect(await store.missing([two, other!, ...chunks])).toEqual(new Set([two, other, ...chunks]))
      expect((await allOf(fill)).size).toBe(0)
      await fill.deleteMany([two])
    })
  })
}

function readWhole(store: BlobStore, digest: B3Digest): Promise<Uint8Array> {
  return readPart(store, digest, 0, Number.MAX_SAFE_INTEGER)
}

async function readPart(store: BlobStore, digest: B3Digest, from: number, to: number): Promise<Uint8Array> {
  const reader = await store.open(digest)
  if (reader === null) throw new StoreError("absent", "it is absent")
  return reader.read(from, to)
}
