// Archives with bytes changed, cut out and doubled: each gives a tree or an error for the user, in bounded time, and an error leaves
// nothing in the store. The seed is in the name; what has failed once is in the list.

import { beforeAll, describe, expect, test } from "vitest"
import { NixError } from "../../engine/eval/error.ts"
import { defaultFetchSettings } from "../../engine/fetch/fetch-settings.ts"
import type { Fetcher } from "../../engine/fetch/fetcher.ts"
import { SourceFetcher } from "../../engine/fetch/source-fetcher.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { memoryStores } from "../store/eval-io-run.ts"
import { archives } from "./archives.ts"
import { contextOf } from "./tab.ts"

/** Numbers that follow from a seed: at least 0, below `below`. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function mutated(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  let out = Uint8Array.from(bytes)
  for (let change = next(6) + 1; change > 0; change--) {
    // Most of an archive is padding: what is there is changed more often.
    let at = next(out.length)
    for (let i = 0; i < 50 && out[at] === 0; i++) at = next(out.length)
    const size = next(20) + 1
    const kind = next(4)
    if (kind <= 1) out[at] = next(256)
    else if (kind === 2) out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at + size)])
    else out = Uint8Array.from([...out.subarray(0, at + size), ...out.subarray(at)])
  }
  return out
}

beforeAll(() => initHashes())

const seeds = [1, 2, 3, 4]
const names = [
  "plain.tar",
  "plain.tar.gz",
  "plain.tar.xz",
  "plain.tar.bz2",
  "plain.tar.zst",
  "plain.zip",
  "pax-path.tar",
  "gnu-both.tar",
  "hard-link.tar",
  "streamed.zip",
]

describe.each(names)("%s", (name) => {
  const bytes = archives().get(name) as Uint8Array
  test.each(seeds)("seed %i", async (seed) => {
    const next = numbers(seed * 7919 + name.length)
    for (let round = 0; round < 60; round++) {
      const body = mutated(bytes, next)
      const fetcher: Fetcher = async (url) => ({
        status: 200,
        urls: [url],
        header: () => null,
        body: (async function* () {
          for (let at = 0; at < body.length; at += 1000) yield body.slice(at, at + 1000)
        })(),
      })
      const stores = memoryStores()
      const settings = { ...defaultFetchSettings, maxUnpacked: 1 << 24, maxEntries: 1000, downloadAttempts: 1 }
      const source = new SourceFetcher(contextOf({ base: "http://x", stores, context: { fetcher, settings } }))
      const path = await source.download({ url: `http://x/${name}`, name: "source", unpack: true }).catch((e: unknown) => {
        if (!(e instanceof NixError)) throw e
        return null
      })
      let objects = 0
      for await (const infos of stores.infos.list()) objects += infos.length
      expect(objects).toBe(path === null ? 0 : 1)
    }
  })
})
