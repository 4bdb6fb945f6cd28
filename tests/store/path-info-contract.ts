// What every store of path infos does, in Node and in the browser. Nothing of Node is imported.
import { describe, expect } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { parseBaseName, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import type { ListingInfos, PathInfoStore, StoredPath } from "../../engine/store/path-info-store.ts"
import { bytesOf, codeOf, type Make, subjectTest } from "../castore/contract.ts"

/** A path by its number. */
export function pathOf(n: number): StorePath {
  return parseBaseName(`${n.toString().padStart(32, "0")}-p${n}`)
}

const part = (n: number): string => pathOf(n).slice(0, 32)

/** An info with everything in it. */
export function infoOf(n: number, changes: Partial<StoredPath> = {}): StoredPath {
  return {
    path: pathOf(n),
    storeDir: "/nix/store",
    node: { kind: "file", digest: b3(bytesOf(`${n}`)), size: 1, executable: n % 2 === 0 },
    narHash: { algo: "sha256", bytes: new Uint8Array(32).fill(n) },
    narSize: 100 + n,
    references: [pathOf(n), pathOf(n + 1)],
    deriver: parseBaseName(`${n.toString().padStart(32, "1")}-d.drv`),
    registrationTime: 1_700_000_000 + n,
    ultimate: n % 3 === 0,
    signatures: [{ keyName: "key-1", bytes: new Uint8Array(64).fill(n) }],
    ca: { method: "flat", hash: { algo: "md5", bytes: new Uint8Array(16).fill(n) } },
    ...changes,
  }
}

const bad: readonly (readonly [string, Partial<StoredPath>])[] = [
  ["a bad path", { path: "nonsense" as StorePath }],
  ["a bad reference", { references: ["x" as StorePath] }],
  ["references out of order", { references: [pathOf(3), pathOf(2)] }],
  ["a reference twice", { references: [pathOf(2), pathOf(2)] }],
  ["a hash of the archive that is no SHA-256", { narHash: { algo: "sha1", bytes: new Uint8Array(20) } }],
  ["a short hash of the archive", { narHash: { algo: "sha256", bytes: new Uint8Array(31) } }],
  ["no size of the archive", { narSize: 0 }],
  ["half a byte of an archive", { narSize: 1.5 }],
  ["a short signature", { signatures: [{ keyName: "k", bytes: new Uint8Array(63) }] }],
  ["a signature without a name", { signatures: [{ keyName: "", bytes: new Uint8Array(64) }] }],
  ["a short content address", { ca: { method: "nar", hash: { algo: "sha256", bytes: new Uint8Array(20) } } }],
  ["a deriver that is no derivation", { deriver: pathOf(9) }],
  ["a symlink to nothing", { node: { kind: "symlink", target: "" } }],
  ["a relative store", { storeDir: "nix/store" }],
]

/** Runs the contract on what `make` gives. */
export function pathInfoStoreContract(name: string, make: Make<PathInfoStore>): void {
  const test = subjectTest(make)
  describe(`path infos in ${name}`, () => {
    test("what is not there is null", async ({ store }) => {
      expect(await store.get(part(1))).toBe(null)
      expect(await store.getMany([part(1), part(2)])).toEqual([null, null])
      expect(await store.getMany([])).toEqual([])
      await store.deleteMany([part(1)])
    })

    test("comes back as it was written, in the order asked", async ({ store, reopen }, fill) => {
      const infos = [
        infoOf(1),
        infoOf(2, { deriver: undefined, ca: undefined, signatures: [], references: [] }),
        infoOf(3, {
          node: { kind: "symlink", target: "\xff\x01 \xe4" },
          ca: { method: "git", hash: { algo: "sha1", bytes: new Uint8Array(20) } },
        }),
        infoOf(4, { node: { kind: "directory", digest: b3(bytesOf("d")), size: 2 ** 40 }, narSize: 2 ** 52 }),
      ]
      await fill.putMany(infos)
      for (const one of [store, await reopen?.()]) {
        if (one === undefined) continue
        expect(await one.getMany([part(4), part(7), part(1), part(2), part(3), part(1)])).toEqual([
          infos[3],
          null,
          infos[0],
          infos[1],
          infos[2],
          infos[0],
        ])
      }
    })

    test("is written over", async ({ store }, fill) => {
      await fill.putMany([infoOf(1)])
      await fill.putMany([infoOf(1, { registrationTime: 5 })])
      expect((await store.get(part(1)))?.registrationTime).toBe(5)
    })

    test("is listed and removed", async ({ store }, fill) => {
      const infos = Array.from({ length: 2500 }, (_, i) => infoOf(i))
      await fill.putMany(infos)
      await fill.deleteMany([part(3), part(2499), part(9999)])
      const listed: string[] = []
      for await (const batch of store.list()) listed.push(...batch.map(({ path }) => path))
      const left = infos.map(({ path }) => path).filter((path) => path !== pathOf(3) && path !== pathOf(2499))
      expect(listed.sort()).toEqual(left.sort())
      if (!("hashParts" in store)) return
      const parts: string[] = []
      for await (const batch of (store as unknown as ListingInfos).hashParts()) parts.push(...batch)
      expect(parts.sort()).toEqual(left.map((path) => path.slice(0, 32)).sort())
    })

    for (const [what, changes] of bad)
      test(`${what} is refused, and all that came with it`, async ({ store }, fill) => {
        expect(await codeOf(fill.putMany([infoOf(1), infoOf(2, changes)]))).toBe("invalid")
        expect(await store.get(part(1))).toBe(null)
      })
  })
}
