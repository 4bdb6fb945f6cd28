// Brotli (RFC 7932): one stream, no checksum, no magic number. Decoded by brotli-dec-wasm.

import * as brotli from "brotli-dec-wasm/web"
// As text in the bundle: Node's fetch reads no files, and a page may not fetch what its policy does not name.
import wasm from "brotli-dec-wasm/web/bg.wasm?url&inline"
import type { ByteFeed } from "./byte-feed.ts"
import { corrupt, trailing, truncated } from "./fault.ts"

const INPUT = 1 << 16
const OUTPUT = 1 << 18

/** Decodes brotli data. */
export async function* decodeBrotli(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  // Compiled once: the package remembers it.
  await brotli.default({ module_or_path: wasmBytes() })
  const decoder = new brotli.BrotliDecStream()
  try {
    for (let input = await feed.some(INPUT); input !== null; input = await feed.some(INPUT)) {
      for (;;) {
        const { buf, code, consumed } = step(decoder, input)
        input = input.subarray(consumed)
        if (buf.length > 0) yield buf
        if (code === brotli.BrotliStreamResultCode.ResultSuccess) {
          if (input.length > 0 || (await feed.fill(1))) throw trailing("brotli")
          return
        }
        if (code === brotli.BrotliStreamResultCode.NeedsMoreInput) break
      }
    }
    throw truncated("brotli")
  } finally {
    decoder.free()
  }
}

function step(decoder: brotli.BrotliDecStream, input: Uint8Array): { buf: Uint8Array; code: number; consumed: number } {
  try {
    const result = decoder.dec(input, OUTPUT)
    const answer = { buf: result.buf, code: result.code, consumed: result.input_offset }
    result.free()
    return answer
  } catch (error) {
    // The package throws error numbers of the decoder, as numbers or as text.
    if (error instanceof WebAssembly.RuntimeError) throw error
    throw corrupt("brotli", `it cannot be decoded (${String(error)})`)
  }
}

function wasmBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(wasm.slice(wasm.indexOf(",") + 1))
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}
