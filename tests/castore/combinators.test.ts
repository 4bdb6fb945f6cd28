// Stores made of other stores: each keeps the contract, and does its own part.
import { beforeAll, describe, expect, test } from "vitest"
import type { BlobReader, BlobStore } from "../../engine/castore/blob-store.ts"
import { CacheBlobStore } from "../../engine/castore/cache-blob-store.ts"
import { CacheDirectoryStore } from "../../engine/castore/cache-directory-store.ts"
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { directoryDigest, directoryNode, directoryOf, emptyDirectory } from "../../engine/castore/directory.ts"
import type { DirectoryStore } from "../../engine/castore/directory-store.ts"
import { StoreError, type StoreErrorCode } from "../../engine/castore/error.ts"
import type { Patience } from "../../engine/castore/failover.ts"
import { FirstBlobStore } from "../../engine/castore/first-blob-store.ts"
import { FirstDirectoryStore } from "../../engine/castore/first-directory-store.ts"
import { MemoryBlobStore, type MemoryBlobs } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { Directory, Node } from "../../engine/castore/node.ts"
import { PriorityBlobStore } from "../../engine/castore/priority-blob-store.ts"
import { PriorityDirectoryStore } from "../../engine/castore/priority-directory-store.ts"
import { ReadOnlyBlobStore, ReadOnlyDirectoryStore } from "../../engine/castore/read-only-store.ts"
import { VerifyingBlobStore, VerifyingDirectoryStore } from "../../engine/castore/verifying-store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { blobStoreContract } from "./blob-store-contract.ts"
import { bytesOf, codeOf, collect, randomBytes, sameBytes, writeBlob } from "./contract.ts"
import { directoryStoreContract } from "./directory-store-contract.ts"

beforeAll(initHashes)

function memory() {
  const inside: MemoryBlobs = { blobs: new Map(), chunks: new Map() }
  return { store: new MemoryBlobStore(inside), inside }
}

function flip(bytes: Uint8Array | readonly unknown[] | undefined): void {
  if (!(bytes instanceof Uint8Array)) throw new RangeError("there are no bytes")
  bytes[bytes.length >> 1]! ^= 1
}

function damage(inside: MemoryBlobs) {
  return async (digest: B3Digest) => flip(inside.blobs.get(digest) ?? inside.chunks.get(digest)?.bytes)
}

/** Waits that were asked for. */
function patience(retries: number, waits: number[] = []): Patience {
  return { retries, backoff: 100, sleep: async (milliseconds) => void waits.push(milliseconds) }
}

/** A store that fails so many times with a fault before it works. */
function failing<Store extends object>(store: Store, code: StoreErrorCode, times = Number.POSITIVE_INFINITY): Store {
  let left = times
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name)
      if (typeof method !== "function") return method
      return (...args: unknown[]) => {
        if (left-- > 0) {
          const fault = new StoreError(code, "out of order")
          if (name === "write") throw fault
          if (name === "getRecursive") return failingStream(fault)
          return Promise.reject(fault)
        }
        return method.apply(target, args)
      }
    },
  })
}

function failingStream(fault: StoreError): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(fault) }) }
}

function noReport(fault: unknown): void {
  throw fault
}

blobStoreContract("a cache", () => {
  const far = memory()
  // What is removed far stays near: filled through a store that nothing can be removed from.
  const fill = new FirstBlobStore([far.store])
  return { store: new CacheBlobStore(new MemoryBlobStore(), far.store, noReport), fill, damage: damage(far.inside) }
})
blobStoreContract("a cache, written to near,", () => ({
  store: new CacheBlobStore(new MemoryBlobStore(), new MemoryBlobStore(), noReport),
}))
blobStoreContract("the first of several", () => {
  const second = memory()
  return { store: new FirstBlobStore([new MemoryBlobStore(), second.store]), fill: second.store, damage: damage(second.inside) }
})
blobStoreContract("a list by priority", () => {
  const second = memory()
  return {
    store: new PriorityBlobStore([new MemoryBlobStore(), second.store], patience(1)),
    fill: second.store,
    damage: damage(second.inside),
  }
})
blobStoreContract("a read-only store", () => {
  const inner = memory()
  return { store: new ReadOnlyBlobStore(inner.store), fill: inner.store, damage: damage(inner.inside) }
})
blobStoreContract("a verifying store", () => {
  const inner = memory()
  return { store: new VerifyingBlobStore(inner.store), damage: damage(inner.inside) }
})

function memoryDirectories() {
  const inside = new Map<B3Digest, Uint8Array>()
  return { store: new MemoryDirectoryStore(inside), damage: async (digest: B3Digest) => flip(inside.get(digest)) }
}

directoryStoreContract("a cache", () => {
  const far = memoryDirectories()
  return { store: new CacheDirectoryStore(new MemoryDirectoryStore(), far.store, () => {}), fill: far.store, damage: far.damage }
})
directoryStoreContract("the first of several", () => {
  const second = memoryDirectories()
  return { store: new FirstDirectoryStore([new MemoryDirectoryStore(), second.store]), fill: second.store, damage: second.damage }
})
directoryStoreContract("a list by priority", () => {
  const second = memoryDirectories()
  return {
    store: new PriorityDirectoryStore([new MemoryDirectoryStore(), second.store], patience(1)),
    fill: second.store,
    damage: second.damage,
  }
})
directoryStoreContract("a read-only store", () => {
  const inner = memoryDirectories()
  return { store: new ReadOnlyDirectoryStore(inner.store), fill: inner.store, damage: inner.damage }
})
directoryStoreContract("a verifying store", () => {
  const inner = memoryDirectories()
  return { store: new VerifyingDirectoryStore(inner.store), fill: inner.store, damage: inner.damage }
})

/** Counts how often each method is called. */
function counting<Store extends object>(store: Store) {
  const calls: Record<string, number> = {}
  const proxy = new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name)
      if (typeof method !== "function") return method
      return (...args: unknown[]) => {
        calls[String(name)] = (calls[String(name)] ?? 0) + 1
        return method.apply(target, args)
      }
    },
  })
  return { store: proxy, calls }
}

describe("a cache of blobs", () => {
  test("asks far once for what was read, small blobs and large ones", async () => {
    const far = memory()
    const counted = counting(far.store)
    const near = new MemoryBlobStore()
    const cache = new CacheBlobStore(near, counted.store, noReport)
    const [small] = await far.store.putMany([bytesOf("small")])
    const large = randomBytes(1_500_000, 1)
    const digest = await writeBlob(far.store, large)
    await cache.getMany([small!])
    expect(sameBytes(await collect((await cache.open(digest))!.stream()), large)).toBe(true)
    expect((await near.missing([small!, digest])).size).toBe(0)
    for (const name of Object.keys(counted.calls)) delete counted.calls[name]
    await cache.getMany([small!, small!])
    expect(sameBytes(await collect((await cache.open(digest))!.stream()), large)).toBe(true)
    expect(await cache.missing([small!, digest])).toEqual(new Set())
    expect(counted.calls).toEqual({})
  })

  test("a part of a large blob brings the chunks of that part and no others", async () => {
    const far = memory()
    const near = memory()
    const cache = new CacheBlobStore(near.store, far.store, noReport)
    const large = randomBytes(3_000_000, 2)
    const digest = await writeBlob(far.store, large)
    const reader = (await cache.open(digest))!
    expect(sameBytes(await reader.read(1_000_000, 1_000_010), large.subarray(1_000_000, 1_000_010))).toBe(true)
    expect(near.inside.blobs.size).toBe(1)
    const [chunk] = near.inside.blobs.keys()
    expect(far.inside.chunks.has(chunk!)).toBe(true)
  })

  test("a stream that is given up leaves nothing half in near", async () => {
    const far = memory()
    const near = memory()
    const cache = new CacheBlobStore(near.store, far.store, noReport)
    const digest = await writeBlob(far.store, randomBytes(3_000_000, 3))
    for await (const _ of (await cache.open(digest))!.stream()) break
    expect((await near.store.missing([digest])).size).toBe(1)
  })

  test("what is damaged near is reported and comes from far", async () => {
    const far = memory()
    const near = memory()
    const faults: unknown[] = []
    const cache = new CacheBlobStore(near.store, far.store, (fault) => void faults.push(fault))
    const large = randomBytes(1_500_000, 4)
    for (const store of [far.store, near.store]) {
      await store.putMany([bytesOf("small"), bytesOf("sound")])
      await writeBlob(store, large)
    }
    const small = b3(bytesOf("small"))
    flip(near.inside.blobs.get(small))
    flip([...near.inside.chunks.values()][1]!.bytes)
    const [found] = await cache.getMany([small, b3(bytesOf("sound"))])
    expect(sameBytes(found, bytesOf("small"))).toBe(true)
    expect(sameBytes(await collect((await cache.open(b3(large)))!.stream()), large)).toBe(true)
    expect(faults.length).toBeGreaterThan(1)
    expect(faults.every((fault) => fault instanceof StoreError && fault.code === "damaged")).toBe(true)
    // The small one has been repaired.
    expect(sameBytes((await near.store.getMany([small]))[0], bytesOf("small"))).toBe(true)
  })

  test("that near is full is reported, and reading goes on", async () => {
    const far = memory()
    const near = new MemoryBlobStore()
    const full: BlobStore = Object.assign(Object.create(near) as BlobStore, {
      missing: near.missing.bind(near),
      open: near.open.bind(near),
      getMany: near.getMany.bind(near),
      putMany: () => Promise.reject(new StoreError("quota", "full")),
      write: () => ({ write: () => Promise.reject(new StoreError("quota", "full")), close: async () => "", abort: async () => {} }),
    })
    const faults: unknown[] = []
    const cache = new CacheBlobStore(full, far.store, (fault) => void faults.push(fault))
    const large = randomBytes(1_500_000, 5)
    await far.store.putMany([bytesOf("small")])
    const digest = await writeBlob(far.store, large)
    expect(sameBytes((await cache.getMany([b3(bytesOf("small"))]))[0], bytesOf("small"))).toBe(true)
    expect(sameBytes(await collect((await cache.open(digest))!.stream()), large)).toBe(true)
    expect(faults.length).toBeGreaterThan(1)
    expect(faults.every((fault) => fault instanceof StoreError && fault.code === "quota")).toBe(true)
  })
})

function tree(seed: string): { readonly directories: Directory[]; readonly root: B3Digest } {
  const file: Node = { kind: "file", digest: b3(bytesOf(seed)), size: seed.length, executable: false }
  const leaf = directoryOf([[seed, file]])
  const middle = directoryOf([["leaf", directoryNode(leaf)]])
  const root = directoryOf([
    ["a", directoryNode(leaf)],
    ["b", directoryNode(middle)],
    ["c", directoryNode(emptyDirectory)],
  ])
  return { directories: [leaf, emptyDirectory, middle, root], root: directoryDigest(root) }
}

describe("a cache of directories", () => {
  test("one reading brings the whole tree, in one stream, also for several who ask at once", async () => {
    const far = new MemoryDirectoryStore()
    const counted = counting<DirectoryStore>(far)
    const near = new MemoryDirectoryStore()
    const cache = new CacheDirectoryStore(near, counted.store, noReport)
    const { directories, root } = tree("x")
    await far.putMany(directories)
    await Promise.all([cache.get(root), cache.get(root), cache.getMany([root])])
    expect(counted.calls).toEqual({ getRecursive: 1 })
    expect((await near.getMany(directories.map(directoryDigest))).every((found) => found !== null)).toBe(true)
    for await (const _ of cache.getRecursive(root));
    expect(counted.calls).toEqual({ getRecursive: 1 })
  })

  test("a tree that is not whole far is read as far as it goes", async () => {
    const far = new MemoryDirectoryStore()
    const { directories, root } = tree("x")
    await far.putMany(directories)
    await far.deleteMany([directoryDigest(directories[0]!)])
    const faults: unknown[] = []
    const cache = new CacheDirectoryStore(new MemoryDirectoryStore(), far, (fault) => void faults.push(fault))
    expect((await cache.get(root))?.size).toBe(3)
    expect(await cache.get(directoryDigest(directories[0]!))).toBeNull()
    expect(faults.length).toBe(1)
  })
})

describe("a list by priority", () => {
  test("a store that cannot be reached is asked again, longer and longer apart, then the next", async () => {
    const waits: number[] = []
    const sound = new MemoryBlobStore()
    const [digest] = await sound.putMany([bytesOf("x")])
    const recovering = new PriorityBlobStore([failing(sound, "unreachable", 2)], patience(2, waits))
    expect(sameBytes((await recovering.getMany([digest!]))[0], bytesOf("x"))).toBe(true)
    expect(waits).toEqual([100, 200])
    const dead = new PriorityBlobStore([failing(new MemoryBlobStore(), "unreachable"), sound], patience(1, waits))
    expect(sameBytes((await dead.getMany([digest!]))[0], bytesOf("x"))).toBe(true)
    expect(waits).toEqual([100, 200, 100])
    expect(await codeOf(new PriorityBlobStore([failing(sound, "unreachable")], patience(0)).getMany([digest!]))).toBe("unreachable")
  })

  test("what is nowhere is null only if every store could be asked", async () => {
    const unknown = b3(bytesOf("unknown"))
    const empty = new MemoryBlobStore()
    expect(await new PriorityBlobStore([empty, empty], patience(0)).getMany([unknown])).toEqual([null])
    const half = new PriorityBlobStore([failing(empty, "unreachable"), empty], patience(0))
    expect(await codeOf(half.getMany([unknown]))).toBe("unreachable")
    expect(await codeOf(half.open(unknown))).toBe("unreachable")
    expect(await codeOf(half.chunks(unknown))).toBe("unreachable")
    expect(await codeOf(half.missing([unknown]))).toBe("unreachable")
  })

  test("one damaged blob of many comes from the next store, the others from the first", async () => {
    const first = memory()
    const second = new MemoryBlobStore()
    const blobs = [bytesOf("a"), bytesOf("b"), bytesOf("c")]
    const digests = await first.store.putMany(blobs)
    await second.putMany(blobs)
    flip(first.inside.blobs.get(digests[1]!))
    const asked = counting(second)
    const found = await new PriorityBlobStore([first.store, asked.store], patience(0)).getMany(digests)
    expect(found.map((bytes) => String.fromCharCode(...bytes!))).toEqual(["a", "b", "c"])
    expect(asked.calls).toEqual({ getMany: 1 })
  })

  test("a blob that fails on the way is read on from the next store", async () => {
    const first = memory()
    const second = new MemoryBlobStore()
    const bytes = randomBytes(2_000_000, 6)
    const digest = await writeBlob(first.store, bytes)
    await writeBlob(second, bytes)
    flip([...first.inside.chunks.values()][2]!.bytes)
    const reader = (await new PriorityBlobStore([first.store, second], patience(0)).open(digest))!
    expect(sameBytes(await collect(reader.stream()), bytes)).toBe(true)
    const again = (await new PriorityBlobStore([first.store, second], patience(0)).open(digest))!
    expect(sameBytes(await again.read(0, bytes.length), bytes)).toBe(true)
    expect(await codeOf(collect((await new PriorityBlobStore([first.store], patience(1)).open(digest))!.stream()))).toBe("damaged")
  })

  test("a reader that stops reading does not move on to the next store", async () => {
    const store = new MemoryBlobStore()
    const digest = await writeBlob(store, randomBytes(2_000_000, 7))
    const reader: BlobReader = (await new PriorityBlobStore([store, failing(store, "absent")], patience(0)).open(digest))!
    for await (const _ of reader.stream()) break
    expect((await reader.read(0, 10)).length).toBe(10)
  })

  test("writes go to the first store that takes them", async () => {
    const target = new MemoryBlobStore()
    const store = new PriorityBlobStore(
      [new ReadOnlyBlobStore(new MemoryBlobStore()), failing(target, "unreachable", 1), target],
      patience(0),
    )
    const [digest] = await store.putMany([bytesOf("x")])
    expect((await target.missing([digest!])).size).toBe(0)
    const written = await writeBlob(store, bytesOf("y"))
    expect((await target.missing([written])).size).toBe(0)
    const refusing = new PriorityBlobStore([new ReadOnlyBlobStore(target)], patience(0))
    expect(await codeOf(refusing.putMany([bytesOf("z")]))).toBe("read-only")
    expect(() => refusing.write()).toThrow(expect.objectContaining({ code: "read-only" }))
  })

  test("directories: a walk that fails on the way goes on with the other stores", async () => {
    const inside = new Map<B3Digest, Uint8Array>()
    const first = new MemoryDirectoryStore(inside)
    const second = new MemoryDirectoryStore()
    const { directories, root } = tree("x")
    await first.putMany(directories)
    await second.putMany(directories)
    flip(inside.get(directoryDigest(directories[0]!)))
    const found: B3Digest[] = []
    for await (const [digest] of new PriorityDirectoryStore([first, second], patience(0)).getRecursive(root)) found.push(digest)
    expect([...found].sort()).toEqual(directories.map(directoryDigest).sort())
  })
})

describe("the first of several", () => {
  test("a slow store is not waited for, a broken one is got around", async () => {
    const sound = new MemoryBlobStore()
    const [digest] = await sound.putMany([bytesOf("x")])
    const never = new Proxy(sound, { get: () => () => new Promise(() => {}) })
    const broken = failing(new MemoryBlobStore(), "unreachable")
    const store = new FirstBlobStore([never, broken, sound])
    expect(sameBytes((await store.getMany([digest!]))[0], bytesOf("x"))).toBe(true)
    expect((await store.open(digest!))?.size).toBe(1)
    expect(await store.missing([digest!])).toEqual(new Set())
    expect(await codeOf(new FirstBlobStore([broken, sound]).getMany([b3(bytesOf("unknown"))]))).toBe("unreachable")
  })
})

describe("a verifying store", () => {
  /** A store that lies: it gives these bytes, and this list of chunks, for every digest. */
  function liar(bytes: Uint8Array): BlobStore {
    const reader: BlobReader = {
      size: bytes.length,
      read: async (from, to) => bytes.slice(from, to),
      stream: async function* (from = 0) {
        for (let at = from; at < bytes.length; at += 100_000) yield bytes.slice(at, at + 100_000)
      },
    }
    return Object.assign(new MemoryBlobStore(), {
      open: async () => reader,
      getMany: async (digests: readonly B3Digest[]) => digests.map(() => bytes),
    })
  }

  test("bytes of another digest are refused, small and large", async () => {
    for (const size of [10, 3_000_000]) {
      const bytes = randomBytes(size, 8)
      const store = new VerifyingBlobStore(liar(bytes))
      const other = b3(bytesOf("other"))
      expect(await codeOf(store.open(other))).toBe("damaged")
      expect(await codeOf(store.getMany([other]))).toBe("damaged")
      expect(sameBytes(await collect((await store.open(b3(bytes)))!.stream()), bytes)).toBe(true)
    }
  })

  test("a large blob that changes after it was checked is found out", async () => {
    const bytes = randomBytes(3_000_000, 9)
    const reader = (await new VerifyingBlobStore(liar(bytes)).open(b3(bytes)))!
    bytes[2_000_000]! ^= 1
    expect((await reader.read(0, 1_000_000)).length).toBe(1_000_000)
    expect(await codeOf(reader.read(1_999_999, 2_000_001))).toBe("damaged")
    expect(await codeOf(collect(reader.stream()))).toBe("damaged")
  })

  test("directories that do not belong to a walk, or are missing from it, are found out", async () => {
    const inner = new MemoryDirectoryStore()
    const { directories, root } = tree("x")
    await inner.putMany(directories)
    const items: (readonly [B3Digest, Directory])[] = []
    for await (const item of inner.getRecursive(root)) items.push(item)
    const giving = (given: typeof items): DirectoryStore =>
      Object.assign(new MemoryDirectoryStore(), {
        getRecursive: async function* () {
          yield* given
        },
      })
    const walk = async (given: typeof items) => {
      for await (const _ of new VerifyingDirectoryStore(giving(given)).getRecursive(root));
    }
    expect(await codeOf(walk(items))).toBe("nothing thrown")
    expect(await codeOf(walk([]))).toBe("nothing thrown")
    expect(await codeOf(walk(items.slice(0, -1)))).toBe("absent")
    expect(await codeOf(walk(items.slice(1)))).toBe("damaged")
    expect(await codeOf(walk([...items, items[1]!]))).toBe("damaged")
    expect(await codeOf(walk([items[0]!, [items[1]![0], items[2]![1]]]))).toBe("damaged")
  })
})
