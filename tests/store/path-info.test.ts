// Path infos in memory, and as records that may be damaged.
import { beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"
import { pathInfoFromRecord, pathInfoToRecord } from "../../engine/store/path-info-record.ts"
import { infoOf, pathInfoStoreContract } from "./path-info-contract.ts"

beforeAll(initHashes)

pathInfoStoreContract("memory", () => ({ store: new MemoryPathInfoStore() }))

test("a record with any byte changed, cut anywhere, or of another path is damaged", () => {
  const info = infoOf(1)
  const part = info.path.slice(0, 32)
  const record = pathInfoToRecord(info)
  expect(pathInfoFromRecord(part, record)).toEqual(info)
  for (let i = 0; i < record.length; i++) {
    const changed = record.slice()
    changed[i]! ^= 1 << (i % 8)
    expect(() => pathInfoFromRecord(part, changed)).toThrow(expect.objectContaining({ code: "damaged" }))
    expect(() => pathInfoFromRecord(part, record.slice(0, i))).toThrow(expect.objectContaining({ code: "damaged" }))
  }
  for (const other of [null, {}, "text", 1])
    expect(() => pathInfoFromRecord(part, other)).toThrow(expect.objectContaining({ code: "damaged" }))
  expect(() => pathInfoFromRecord(infoOf(2).path.slice(0, 32), record)).toThrow(expect.objectContaining({ code: "damaged" }))
})
