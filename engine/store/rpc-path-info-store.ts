// Path infos on a server over Connect, gRPC-web or gRPC: single ones and the list by snix.store.v1.PathInfoService, batches by the
// gateway's companion where there is one. Path infos are not named by their content: whoever does not trust the server checks
// their signatures. What is checked here is their form, and that they are those asked for.

import { type Client, createClient, type Transport } from "@connectrpc/connect"
import { StoreError } from "../castore/error.ts"
import { batches, CompanionSource, inParallel } from "../castore/rpc-companion.ts"
import { defaultRetry, failing, type RetryPolicy, retrying } from "../castore/rpc-retry.ts"
import { parseNix32 } from "../formats/hash/nix32.ts"
import { hashPart } from "../formats/store-path/store-path.ts"
import { type PathInfo, PathInfoService } from "../proto/gen/store_pb.ts"
import type { PathInfoStore, StoredPath } from "./path-info-store.ts"
import { pathInfoMessage, pathInfoOfMessage } from "./rpc-path-info.ts"

const width = 4

/** How many infos list() hands out at once. */
const listBatch = 256

export class RpcPathInfoStore implements PathInfoStore {
  readonly #client: Client<typeof PathInfoService>
  readonly #companion: CompanionSource
  readonly #retry: RetryPolicy

  constructor(transport: Transport, retry: RetryPolicy = defaultRetry) {
    this.#client = createClient(PathInfoService, transport)
    this.#companion = new CompanionSource(transport, retry)
    this.#retry = retry
  }

  async get(hashPart: string): Promise<StoredPath | null> {
    try {
      const value = bytesOf(hashPart)
      const message = await retrying(this.#retry, `asking for the path ${hashPart}`, () =>
        this.#client.get({ byWhat: { case: "byOutputHash", value } }),
      )
      return checked(hashPart, message)
    } catch (error) {
      if (error instanceof StoreError && error.code === "absent") return null
      throw error
    }
  }

  async getMany(hashParts: readonly string[]): Promise<(StoredPath | null)[]> {
    const companion = await this.#companion.get()
    if (companion === null) return inParallel(hashParts, width, (part) => this.get(part))
    const groups = [...batches(hashParts, () => 22, { items: companion.limits.items, bytes: companion.limits.messageBytes })]
    const found = await inParallel(groups, width, async (group) => {
      const results: (StoredPath | null)[] = []
      while (results.length < group.length) {
        const rest = group.slice(results.length)
        const { infos } = await retrying(this.#retry, "asking for paths", () =>
          companion.client.getPathInfos({ hashes: rest.map(bytesOf) }),
        )
        if (infos.length === 0 || infos.length > rest.length) throw new StoreError("unreachable", "asking for paths: a senseless answer")
        for (const [i, { info }] of infos.entries()) results.push(info === undefined ? null : checked(rest[i]!, info))
      }
      return results
    })
    return found.flat()
  }

  async putMany(infos: readonly StoredPath[]): Promise<void> {
    const messages = infos.map(pathInfoMessage)
    const companion = await this.#companion.get()
    if (companion === null) {
      for (const message of messages) await retrying(this.#retry, "storing a path", () => this.#client.put(message))
      return
    }
    const { client, limits } = companion
    for (const group of batches(messages, sizeOf, { items: limits.items, bytes: limits.messageBytes })) {
      await retrying(this.#retry, "storing paths", () => client.putPathInfos({ infos: group }))
    }
  }

  async *list(): AsyncGenerator<readonly StoredPath[]> {
    let batch: StoredPath[] = []
    for await (const message of failing("listing paths", this.#client.list({}))) {
      batch.push(readMessage(message))
      if (batch.length < listBatch) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }

  /** Servers do not let their clients remove paths. Rejects with `read-only`. */
  async deleteMany(hashParts: Iterable<string>): Promise<void> {
    for (const part of hashParts) throw new StoreError("read-only", `the path ${part} cannot be removed: the store is on a server`)
  }
}

function bytesOf(hashPart: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parseNix32(hashPart))
}

/** Nearly the size of a message; more than it in any case. */
function sizeOf(message: PathInfo): number {
  return 1000 + message.references.length * 300 + (message.narinfo?.signatures.length ?? 0) * 300
}

function readMessage(message: PathInfo): StoredPath {
  try {
    return pathInfoOfMessage(message)
  } catch (error) {
    if (error instanceof StoreError && error.code === "invalid") throw new StoreError("damaged", error.message, { cause: error })
    throw error
  }
}

function checked(wanted: string, message: PathInfo): StoredPath {
  const info = readMessage(message)
  if (hashPart(info.path) === wanted) return info
  throw new StoreError("damaged", `the server was asked for the path ${wanted} and sent ${info.path}`)
}
