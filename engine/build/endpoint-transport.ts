// How an endpoint is reached, from what a person has set.

import type { Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web"
import { StoreError } from "../castore/error.ts"
import { endingQuiet } from "./quiet-fetch.ts"

export interface EndpointSettings {
  /** `http://…` or `https://…`. */
  readonly url: string
  readonly token?: string | undefined
  /** `connect` by default; proxies before Snix's own servers speak gRPC-web. */
  readonly protocol?: "connect" | "grpc-web" | undefined
  /** Milliseconds after which a request on which nothing comes is given up. */
  readonly quiet?: number | undefined
}

/** An upload has no answer before all of it is there and was looked at: networks may be slow, and closures large. */
const usualQuiet = 10 * 60_000

/** Snix's own call for builds: it has no answer at all before the build is done. */
const untilBuilt = /\/snix\.build\.v1\.BuildService\/DoBuild$/

/** The transport of an endpoint. Throws StoreError `invalid` for an address that is none. */
export function endpointTransport({ url, token, protocol, quiet }: EndpointSettings, fetch: typeof globalThis.fetch): Transport {
  if (!/^https?:\/\/[^/]/.test(url)) throw new StoreError("invalid", `'${url}' is not an http or https address`)
  const impatient = endingQuiet(fetch, quiet ?? usualQuiet)
  const ask: typeof fetch = (input, init) => (untilBuilt.test(String(input)) ? fetch : impatient)(input, init)
  const options = {
    baseUrl: url.replace(/\/+$/, ""),
    fetch: (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      if (token === undefined || token === "") return ask(input, init)
      const headers = new Headers(init?.headers)
      headers.set("authorization", `Bearer ${token}`)
      return ask(input, { ...init, headers })
    },
  }
  return protocol === "grpc-web" ? createGrpcWebTransport(options) : createConnectTransport({ ...options, useBinaryFormat: true })
}
