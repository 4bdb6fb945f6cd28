// snix.castore.v1.DirectoryService over a store of directories. Snix: castore/src/proto/grpc_directoryservice_wrapper.rs

import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect"
import { type B3Digest, digestBytes } from "../castore/digest.ts"
import { directoryToBytes } from "../castore/directory.ts"
import type { DirectoryStore } from "../castore/directory-store.ts"
import { StoreError } from "../castore/error.ts"
import type { Directory } from "../castore/node.ts"
import { directoryMessage, directoryOfMessage } from "../castore/rpc-message.ts"
import type { DirectoryService } from "../proto/gen/castore_pb.ts"
import { accountKey } from "./account.ts"
import { digestOf } from "./blob-service.ts"
import type { Limits } from "./limits.ts"

/** What a client sent and is not what it should be is the client's fault, not damage here. */
export function asInvalid<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof StoreError && error.code === "damaged") throw new StoreError("invalid", error.message, { cause: error })
    throw error
  }
}

export function directoryService(
  directories: DirectoryStore,
  limits: Limits,
  checkWritable: () => void,
): ServiceImpl<typeof DirectoryService> {
  return {
    async *get(request, context) {
      if (request.byWhat.case === undefined) throw new StoreError("invalid", "the request names no directory")
      const digest = digestOf(request.byWhat.value)
      const missing = new ConnectError(`the directory ${digest} is absent`, Code.NotFound)
      if (!request.recursive) {
        const directory = await directories.get(digest)
        if (directory === null) throw missing
        yield directoryMessage(directory)
        return
      }
      let found = false
      for await (const [, directory] of directories.getRecursive(digest)) {
        context.signal.throwIfAborted()
        found = true
        yield directoryMessage(directory)
      }
      if (!found) throw missing
    },

    async put(messages, { values }) {
      checkWritable()
      const tree: Directory[] = []
      // Each directory must be named by one that follows, but the last, which is the root.
      const unnamed = new Set<B3Digest>()
      let root: B3Digest | undefined
      for await (const message of messages) {
        if (tree.length >= limits.directories) throw new StoreError("quota", `a tree has more than ${limits.directories} directories`)
        const [digest, directory] = asInvalid(() => directoryOfMessage(message))
        values.get(accountKey).charge(directoryToBytes(directory).length)
        for (const node of directory.values()) if (node.kind === "directory") unnamed.delete(node.digest)
        unnamed.add(digest)
        tree.push(directory)
        root = digest
      }
      if (root === undefined) throw new StoreError("invalid", "the tree has no directories")
      unnamed.delete(root)
      for (const digest of unnamed) throw new StoreError("invalid", `the directory ${digest} is not in the tree of the last one`)
      await directories.putMany(tree)
      return { rootDigest: digestBytes(root) }
    },
  }
}
