// xz: streams one after the other, with zeros between them. https://tukaani.org/xz/xz-file-format.txt
//
// The decoder is xz-embedded as WebAssembly, of the package xz-decompress. Its XzReadableStream lets only one stream
// of the whole program go on at a time, and ignores further streams and whatever follows: so the WebAssembly is driven from here.

import * as xzPackage from "xz-decompress"
import { StoreError } from "../../castore/error.ts"
import type { ByteFeed } from "./byte-feed.ts"
import { corrupt, trailing, truncated } from "./fault.ts"

/** What the WebAssembly offers. A context begins with eight words: see `word`. */
interface Exports {
  readonly memory: WebAssembly.Memory
  create_context(): number
  supply_input(context: number, size: number): void
  get_next_output(context: number): number
  destroy_context(context: number): void
}

/** The statics of its class that compile the WebAssembly: not in its types, hence the exact version in package.json. */
interface XzClass {
  _getModuleInstance(): Promise<void>
  readonly _moduleInstance: { readonly exports: Exports }
}

/** Places in a context, counted in words of 32 bits. */
const word = { bufferSize: 0, input: 1, inputUsed: 2, inputSize: 3, output: 4, outputUsed: 5 }

/** xz-embedded's enum xz_ret (include/linux/xz.h). */
const answer = { ok: 0, end: 1, unknownCheck: 2, noMemory: 3, tooMuchMemory: 4, noXz: 5, unknownOptions: 6, damaged: 7, noProgress: 8 }

async function compile(): Promise<Exports> {
  // CommonJS: bundlers give its exports, Node gives them as the default export.
  const module = ("default" in xzPackage ? xzPackage.default : xzPackage) as { readonly XzReadableStream: unknown }
  const xz = module.XzReadableStream as XzClass // checked by the tests against the exact version
  await xz._getModuleInstance()
  return xz._moduleInstance.exports
}

/** Decodes xz data of one or more streams; xz-embedded goes from one to the next itself. */
export async function* decodeXz(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  const exports = await compile()
  const context = exports.create_context()
  if (context === 0) throw new StoreError("quota", "there is not enough memory to decompress xz data")
  try {
    // Made anew each time: the memory may have grown.
    const words = (): Uint32Array => new Uint32Array(exports.memory.buffer, context, 8)
    const bufferSize = words()[word.bufferSize]!
    let size = 0
    /** The output buffer was full: there may be more without any input. */
    let hasMore = false
    for (let isEnd = false; !isEnd; ) {
      const state = words()
      if (!hasMore && state[word.inputUsed] === state[word.inputSize]) {
        const input = await feed.some(bufferSize)
        if (input !== null) new Uint8Array(exports.memory.buffer).set(input, words()[word.input]!)
        // No input at all says that this is the end.
        exports.supply_input(context, input?.length ?? 0)
        isEnd = input === null
      }
      const result = exports.get_next_output(context)
      const after = words()
      const count = after[word.outputUsed]!
      hasMore = count === bufferSize
      if (count > 0) {
        const from = after[word.output]!
        const bytes = new Uint8Array(exports.memory.buffer).slice(from, from + count)
        after[word.outputUsed] = 0
        size += count
        yield bytes
      }
      // After what was decoded before the fault: some do not mind what follows the data.
      if (result > answer.end) throw fault(result, size > 0)
      if (isEnd && result !== answer.end) throw truncated("xz")
    }
  } finally {
    exports.destroy_context(context)
  }
}

function fault(result: number, isLater: boolean): StoreError {
  switch (result) {
    case answer.noXz:
      return isLater ? trailing("xz") : corrupt("xz", "it does not begin as xz data do")
    case answer.unknownCheck:
    case answer.unknownOptions:
      return new StoreError("unsupported", "the xz data uses a filter or a check that is not supported")
    case answer.noMemory:
    case answer.tooMuchMemory:
      return new StoreError("unsupported", "the xz data needs a larger dictionary than is supported")
    default:
      return corrupt("xz", `it cannot be decoded (${result})`)
  }
}
