// How an endpoint is reached, from what a person has set.

import type { Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web"
import { StoreError } from "../castore/error.ts"

export interface EndpointSettings {
  /** `http://…` or `https://…`. */
  readonly url: string
  readonly token?: string | undefined
  /** `connect` by default; proxies before Snix's own servers speak gRPC-web. */
  readonly protocol?: "connect" | "grpc-web" | undefined
}

/** The transport of an endpoint. Throws StoreError `invalid` for an address that is none. */
export function endpointTransport({ url, token, protocol }: EndpointSettings, fetch: typeof globalThis.fetch): Transport {
  if (!/^https?:\/\/[^/]/.test(url)) throw new StoreError("invalid", `'${url}' is not an http or https address`)
  const options = {
    baseUrl: url.replace(/\/+$/, ""),
    fetch: (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      if (token === undefined || token === "") return fetch(input, init)
      const headers = new Headers(init?.headers)
      headers.set("authorization", `Bearer ${token}`)
      return fetch(input, { ...init, headers })
    },
  }
  return protocol === "grpc-web" ? createGrpcWebTransport(options) : createConnectTransport({ ...options, useBinaryFormat: true })
}
