// The client's side of thunkpad.gateway.v1.StoreService (engine/proto/gateway.proto): what it offers beside Snix's services, if the
// server has it at all, and how much it takes in one call.

import { type Client, createClient, type Transport } from "@connectrpc/connect"
import { StoreService } from "../proto/gen/gateway_pb.ts"
import { StoreError } from "./error.ts"
import { type RetryPolicy, retrying } from "./rpc-retry.ts"

export interface CompanionLimits {
  /** Bytes of one call. */
  readonly messageBytes: number
  /** Bytes of one part of a blob. */
  readonly partBytes: number
  /** Things in one call. */
  readonly items: number
}

export interface Companion {
  readonly client: Client<typeof StoreService>
  readonly limits: CompanionLimits
}

/** A server that is asked once whether it has the companion. */
export class CompanionSource {
  readonly #client: Client<typeof StoreService>
  readonly #retry: RetryPolicy
  #found: Promise<Companion | null> | undefined

  constructor(transport: Transport, retry: RetryPolicy) {
    this.#client = createClient(StoreService, transport)
    this.#retry = retry
  }

  /** The companion; null if the server (one of Snix, say) has none. Rejects with StoreError. */
  get(): Promise<Companion | null> {
    this.#found ??= this.#ask().catch((error: unknown) => {
      // Not remembered: the next call may reach the server.
      this.#found = undefined
      throw error
    })
    return this.#found
  }

  async #ask(): Promise<Companion | null> {
    try {
      const { limits } = await retrying(this.#retry, "asking what the server offers", () => this.#client.describe({}))
      return {
        client: this.#client,
        limits: {
          // Some room for what is around the bytes.
          messageBytes: Number(limits?.messageBytes || 1n << 22n) - 65_536,
          partBytes: Number(limits?.partBytes || 1n << 20n),
          items: limits?.items || 1000,
        },
      }
    } catch (error) {
      // A server that knows no such service says UNIMPLEMENTED, or 404, which Connect takes for the same.
      if (error instanceof StoreError && error.code === "unsupported") return null
      throw error
    }
  }
}

/** Lists of at most `items` things whose `size`s are together at most `bytes` (or one thing). */
export function* batches<T>(things: readonly T[], size: (thing: T) => number, limits: { readonly items: number; readonly bytes: number }) {
  let batch: T[] = []
  let bytes = 0
  for (const thing of things) {
    const more = size(thing)
    if (batch.length > 0 && (batch.length >= limits.items || bytes + more > limits.bytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(thing)
    bytes += more
  }
  if (batch.length > 0) yield batch
}

/** Runs `work` for each thing, at most `width` at a time; the results in the order of the things. */
export async function inParallel<T, R>(things: readonly T[], width: number, work: (thing: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(things.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < things.length) {
      const i = next++
      results[i] = await work(things[i] as T) // i is in range
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, things.length) }, worker))
  return results
}
