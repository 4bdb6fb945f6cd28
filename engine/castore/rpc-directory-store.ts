// Directories on a server over Connect, gRPC-web or gRPC; see rpc-blob-store.ts for which service does what.

import { toBinary } from "@bufbuild/protobuf"
import { type Client, createClient, type Transport } from "@connectrpc/connect"
import { type Directory as DirectoryMessage, DirectorySchema, DirectoryService } from "../proto/gen/castore_pb.ts"
import { type B3Digest, b3, digestBytes, digestFromBytes } from "./digest.ts"
import { checkedDirectory, directoryToBytes } from "./directory.ts"
import { prepareDirectories, recursively } from "./directory-batch.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import type { Directory } from "./node.ts"
import { requireDigest } from "./rpc-blob-store.ts"
import { batches, type Companion, CompanionSource, inParallel } from "./rpc-companion.ts"
import { directoryMessage, directoryOfMessage } from "./rpc-message.ts"
import { defaultRetry, failing, type RetryPolicy, retrying } from "./rpc-retry.ts"

const width = 4

export class RpcDirectoryStore implements DirectoryStore {
  readonly #client: Client<typeof DirectoryService>
  readonly #companion: CompanionSource
  readonly #retry: RetryPolicy

  constructor(transport: Transport, retry: RetryPolicy = defaultRetry) {
    this.#client = createClient(DirectoryService, transport)
    this.#companion = new CompanionSource(transport, retry)
    this.#retry = retry
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    try {
      return await retrying(this.#retry, `reading the directory ${digest}`, async () => {
        const byWhat = { case: "digest", value: bytesOf(digest) } as const
        for await (const message of this.#client.get({ byWhat })) return checkedDirectory(digest, toBinary(DirectorySchema, message))
        return null
      })
    } catch (error) {
      if (error instanceof StoreError && error.code === "absent") return null
      throw error
    }
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    const companion = await this.#companion.get()
    if (companion === null) return inParallel(digests, width, (digest) => this.get(digest))
    const groups = [...batches(digests, () => 34, { items: companion.limits.items, bytes: companion.limits.messageBytes })]
    return (await inParallel(groups, width, (group) => this.#getGroup(companion, group))).flat()
  }

  async #getGroup({ client }: Companion, group: readonly B3Digest[]): Promise<(Directory | null)[]> {
    const results: (Directory | null)[] = []
    while (results.length < group.length) {
      const rest = group.slice(results.length)
      const answer = await retrying(this.#retry, "reading directories", () => client.getDirectories({ digests: rest.map(digestBytes) }))
      const found = answer.directories
      if (found.length === 0 || found.length > rest.length) throw new StoreError("unreachable", "reading directories: a senseless answer")
      for (const [i, { directory }] of found.entries()) {
        results.push(directory === undefined ? null : checkedDirectory(rest[i]!, directory))
      }
    }
    return results
  }

  async *getRecursive(root: B3Digest): AsyncGenerator<readonly [B3Digest, Directory]> {
    const seen = new Set<B3Digest>()
    // Directories that others named and that have not come yet.
    const expected = new Set<B3Digest>([root])
    try {
      const byWhat = { case: "digest", value: bytesOf(root) } as const
      const what = `reading the directory ${root} and those below it`
      for await (const message of failing(what, this.#client.get({ byWhat, recursive: true }))) {
        const [digest, directory] = directoryOfMessage(message)
        if (seen.has(digest)) continue
        if (!expected.delete(digest)) throw new StoreError("damaged", `the server sent the directory ${digest}, which is not below ${root}`)
        seen.add(digest)
        for (const node of directory.values()) if (node.kind === "directory" && !seen.has(node.digest)) expected.add(node.digest)
        yield [digest, directory]
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (error.code === "absent" && seen.size === 0) return
      if (error.code !== "unreachable") throw error
      // Interrupted, or not begun: what is left comes by other calls, which are tried again.
      for await (const found of recursively((digests) => this.getMany(digests), root)) if (!seen.has(found[0])) yield found
      return
    }
    if (seen.size === 0) return
    for (const digest of expected) throw new StoreError("absent", `the directory ${digest}, which is below ${root}, is absent`)
  }

  async putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    const all = directories.map(directoryToBytes)
    const digests = all.map(b3)
    const companion = await this.#companion.get()
    if (companion === null) {
      await prepareDirectories(directories, (wanted) => this.getMany(wanted))
      await this.#putTrees(directories, digests)
      return digests
    }
    const { client, limits } = companion
    const missing = await this.#missing(companion, digests)
    const unsent = new Map<B3Digest, Uint8Array>()
    for (const [i, digest] of digests.entries()) if (missing.has(digest)) unsent.set(digest, all[i]!)
    // One call after the other: children come before their parents.
    for (const group of batches([...unsent], ([, bytes]) => bytes.length + 8, { items: limits.items, bytes: limits.messageBytes })) {
      const sent = group.map(([, bytes]) => bytes)
      const answer = await retrying(this.#retry, "storing directories", () => client.putDirectories({ directories: sent }))
      for (const [i, [digest]] of group.entries()) requireDigest(digest, answer.digests[i])
    }
    return digests
  }

  /** Which of these are not there. */
  async #missing({ client, limits }: Companion, digests: readonly B3Digest[]): Promise<Set<B3Digest>> {
    const missing = new Set<B3Digest>()
    for (const group of batches([...new Set(digests)], () => 34, { items: limits.items, bytes: limits.messageBytes })) {
      const answer = await retrying(this.#retry, "asking which directories are missing", () =>
        client.findMissing({ directories: group.map(digestBytes) }),
      )
      for (const bytes of answer.directories) if (bytes.length === 32) missing.add(digestFromBytes(bytes))
    }
    return missing
  }

  /** Servers of Snix take whole trees, one call each, children before parents: those of the directories that no other names. */
  async #putTrees(directories: readonly Directory[], digests: readonly B3Digest[]): Promise<void> {
    const given = new Map<B3Digest, Directory>(digests.map((digest, i) => [digest, directories[i]!]))
    const below = new Set<B3Digest>()
    for (const directory of directories) for (const node of directory.values()) if (node.kind === "directory") below.add(node.digest)
    for (const root of given.keys()) {
      if (below.has(root)) continue
      const tree = await this.#treeOf(root, given)
      const { rootDigest } = await retrying(this.#retry, `storing the directory ${root}`, () => this.#client.put(messagesOf(tree)))
      requireDigest(root, rootDigest)
    }
  }

  /** A directory and all below it, children first; those that are not in `given` are on the server. */
  async #treeOf(root: B3Digest, given: ReadonlyMap<B3Digest, Directory>): Promise<Directory[]> {
    const tree = recursively(async (digests) => {
      const stored = await this.getMany(digests.filter((digest) => !given.has(digest)))
      return digests.map((digest) => given.get(digest) ?? stored.shift() ?? null)
    }, root)
    // Parents come first here and every directory once, in waves: reversed, a directory that occurs at two depths might come
    // after a parent. So the order is made by visiting.
    const found = new Map<B3Digest, Directory>()
    for await (const [digest, directory] of tree) found.set(digest, directory)
    const order: Directory[] = []
    const done = new Set<B3Digest>()
    const stack: { readonly digest: B3Digest; readonly children: boolean }[] = [{ digest: root, children: false }]
    while (stack.length > 0) {
      const { digest, children } = stack.pop()!
      const directory = found.get(digest)
      if (directory === undefined || done.has(digest)) continue
      if (children) {
        done.add(digest)
        order.push(directory)
        continue
      }
      stack.push({ digest, children: true })
      for (const node of directory.values()) if (node.kind === "directory") stack.push({ digest: node.digest, children: false })
    }
    return order
  }
}

async function* messagesOf(directories: readonly Directory[]): AsyncGenerator<DirectoryMessage> {
  for (const directory of directories) yield directoryMessage(directory)
}

function bytesOf(digest: B3Digest): Uint8Array<ArrayBuffer> {
  return new Uint8Array(digestBytes(digest))
}
