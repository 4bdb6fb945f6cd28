// snix.store.v1.PathInfoService over a store. Snix: store/src/proto/grpc_pathinfoservice_wrapper.rs

import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect"
import { StoreError } from "../castore/error.ts"
import { hashNar } from "../castore/render-nar.ts"
import { entryOfMessage } from "../castore/rpc-message.ts"
import { printNix32 } from "../formats/hash/nix32.ts"
import type { PathInfoService } from "../proto/gen/store_pb.ts"
import { pathInfoMessage, pathInfoOfMessage } from "../store/rpc-path-info.ts"
import type { Stores } from "../store/stores.ts"
import { checkAdmission } from "./admission.ts"
import { asInvalid } from "./directory-service.ts"

/** A hash part that a client sent as bytes. Throws `invalid`. */
export function hashPartOf(bytes: Uint8Array): string {
  if (bytes.length !== 20) throw new StoreError("invalid", `the hash part of a store path has 20 bytes, not ${bytes.length}`)
  return printNix32(bytes)
}

export function pathInfoService(stores: Stores, checkWritable: () => void): ServiceImpl<typeof PathInfoService> {
  return {
    async get({ byWhat }) {
      if (byWhat.case === undefined) throw new StoreError("invalid", "the request names no path")
      const part = hashPartOf(byWhat.value)
      const info = await stores.infos.get(part)
      if (info === null) throw new ConnectError(`the path ${part} is absent`, Code.NotFound)
      return pathInfoMessage(info)
    },

    async put(message) {
      checkWritable()
      const info = pathInfoOfMessage(message)
      await checkAdmission(stores, info)
      await stores.infos.putMany([info])
      return pathInfoMessage(info)
    },

    async calculateNAR(entry, context) {
      const { name, node } = asInvalid(() => entryOfMessage(entry))
      if (name !== "") throw new StoreError("invalid", "the entry has a name")
      const { size, sha256 } = await hashNar(stores, node, { signal: context.signal })
      return { narSize: BigInt(size), narSha256: sha256 }
    },

    async *list(_, context) {
      for await (const infos of stores.infos.list()) {
        for (const info of infos) {
          context.signal.throwIfAborted()
          yield pathInfoMessage(info)
        }
      }
    },
  }
}
