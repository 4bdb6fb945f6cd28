// Every decoder in a real browser: what real programs wrote comes out, what is cut or goes on does not.
import { describe, expect, test } from "vitest"
import { decompress } from "../../engine/store/decompress.ts"
import { codeOf, collect, sameBytes } from "../castore/contract.ts"
import { plainText, samples } from "../store/compressed-samples.ts"

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

describe.each(samples)("%s (%s)", (method, _, bytes) => {
  test("is decompressed", async () => {
    for (const size of [100, 1 << 20]) expect(sameBytes(await collect(decompress(method, cut(bytes, size))), plainText)).toBe(true)
  })

  test("is damaged if it is cut, or goes on", async () => {
    expect(await codeOf(collect(decompress(method, cut(bytes.slice(0, -3), 100))))).toBe("damaged")
    expect(await codeOf(collect(decompress(method, cut(new Uint8Array([...bytes, 7]), 100))))).toBe("damaged")
  })
})
