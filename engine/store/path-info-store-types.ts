// The types of stores of path infos, for configurations (composition.ts):
//
//   { "type": "memory" }
//   { "type": "priority", "stores": [NAME, …] }            one after the other; what is written goes to the first
//   { "type": "connect", "url": URL, "token"?: TEXT }      the services of a gateway, over Connect
//   { "type": "grpc-web", "url": URL, "token"?: TEXT }     the same over gRPC-web
//
// Servers are believed: path infos are not named by their content. Clients are loaded when a configuration asks for them.

import { type StoreTypes, storesIn } from "../castore/composition.ts"
import type { ConfigFields } from "../castore/config-fields.ts"
import { type RemoteHost, transportOf } from "../castore/remote-store-types.ts"
import { MemoryPathInfoStore } from "./memory-path-info-store.ts"
import type { PathInfoStore } from "./path-info-store.ts"
import { PriorityPathInfoStore } from "./priority-path-info-store.ts"

export function pathInfoStoreTypes(host: RemoteHost): StoreTypes<PathInfoStore> {
  const services = (protocol: "connect" | "grpc-web") => async (fields: ConfigFields) => {
    const transport = await transportOf(protocol, fields, host)
    const { RpcPathInfoStore } = await import("./rpc-path-info-store.ts")
    return new RpcPathInfoStore(transport)
  }
  return {
    memory: () => new MemoryPathInfoStore(),
    priority: async (fields, store) => new PriorityPathInfoStore(await storesIn(fields, "stores", store)),
    connect: services("connect"),
    "grpc-web": services("grpc-web"),
  }
}
