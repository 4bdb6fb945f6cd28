// The types of stores that are on servers or in the tab's storage, for configurations (store-types.ts has the others):
//
//   { "type": "http", "url": URL, "token"?: TEXT }        files below URL: blobs/…, directories/… (http-source.ts); to read from
//   { "type": "connect", "url": URL, "token"?: TEXT }     the services of a gateway, over Connect
//   { "type": "grpc-web", "url": URL, "token"?: TEXT }    the same over gRPC-web, which proxies before Snix's own servers speak
//   { "type": "storage" }                                 the storage of this tab
//
// Clients are loaded when a configuration asks for them.

import type { Transport } from "@connectrpc/connect"
import type { BlobStore } from "./blob-store.ts"
import type { StoreTypes } from "./composition.ts"
import type { ConfigFields } from "./config-fields.ts"
import type { DirectoryStore } from "./directory-store.ts"
import type { HttpFetch } from "./http-source.ts"

/** What stores on servers need of the platform. */
export interface RemoteHost {
  /** The platform's fetch. */
  readonly fetch: HttpFetch
}

interface Server {
  readonly url: string
  readonly fetch: HttpFetch
}

/** Reads the fields of a server. Throws `invalid`. */
function serverOf(fields: ConfigFields, host: RemoteHost): Server {
  const url = fields.text("url")
  if (!/^https?:\/\/[^/]/.test(url)) fields.fault("url", "is not an http or https URL")
  const token = fields.textOr("token", undefined)
  if (token === undefined) return { url, fetch: host.fetch }
  const withToken: HttpFetch = (address, init) => {
    const headers = new Headers(init?.headers)
    headers.set("authorization", `Bearer ${token}`)
    return host.fetch(address, { ...init, headers })
  }
  return { url, fetch: withToken }
}

/** How to speak to the services of a server, from the fields of a store. */
export async function transportOf(protocol: "connect" | "grpc-web", fields: ConfigFields, host: RemoteHost): Promise<Transport> {
  const { url, fetch } = serverOf(fields, host)
  const { createConnectTransport, createGrpcWebTransport } = await import("@connectrpc/connect-web")
  // The transport calls it as fetch is called, but with URLs as texts only.
  const options = { baseUrl: url, fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(String(input), init) }
  return protocol === "connect" ? createConnectTransport({ ...options, useBinaryFormat: true }) : createGrpcWebTransport(options)
}

/** The types of stores of blobs. */
export function remoteBlobStoreTypes(host: RemoteHost): StoreTypes<BlobStore> {
  const services = (protocol: "connect" | "grpc-web") => async (fields: ConfigFields) => {
    const transport = await transportOf(protocol, fields, host)
    const { RpcBlobStore } = await import("./rpc-blob-store.ts")
    return new RpcBlobStore(transport)
  }
  return {
    http: async (fields) => {
      const { url, fetch } = serverOf(fields, host)
      const { HttpBlobStore } = await import("./http-blob-store.ts")
      return new HttpBlobStore(url, { fetch })
    },
    connect: services("connect"),
    "grpc-web": services("grpc-web"),
  }
}

/** The types of stores of directories. */
export function remoteDirectoryStoreTypes(host: RemoteHost): StoreTypes<DirectoryStore> {
  const services = (protocol: "connect" | "grpc-web") => async (fields: ConfigFields) => {
    const transport = await transportOf(protocol, fields, host)
    const { RpcDirectoryStore } = await import("./rpc-directory-store.ts")
    return new RpcDirectoryStore(transport)
  }
  return {
    http: async (fields) => {
      const { url, fetch } = serverOf(fields, host)
      const { HttpDirectoryStore } = await import("./http-directory-store.ts")
      return new HttpDirectoryStore(url, { fetch })
    },
    connect: services("connect"),
    "grpc-web": services("grpc-web"),
  }
}

/** The type `storage`, for a tab whose storage is open. */
export function storageTypes(storage: { readonly blobs: BlobStore; readonly directories: DirectoryStore }): {
  readonly blobs: StoreTypes<BlobStore>
  readonly directories: StoreTypes<DirectoryStore>
} {
  return { blobs: { storage: () => storage.blobs }, directories: { storage: () => storage.directories } }
}
