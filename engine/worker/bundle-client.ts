// The page's side of bundles.

import { proxy } from "comlink"
import type { EndpointSettings } from "../build/endpoint-transport.ts"
import type { BundleAddress, BundleApi, BundledFiles, BundleFile, BundleProgress } from "./bundle-protocol.ts"
import type { StoreAnswer, WorkOptions } from "./protocol.ts"

/** Workspaces as trees that a digest names. Its methods reject with StoreFailure. */
export interface EngineBundles {
  /** The file of a bundle; sends nothing. */
  write(content: BundledFiles): Promise<BundleFile>
  /** What is in the file of a bundle, all of it checked against the digest of its root. */
  read(bytes: Uint8Array): Promise<BundledFiles & { readonly root: string }>
  /** Puts a bundle on an endpoint; gives the digest of its root. */
  upload(content: BundledFiles, endpoint: EndpointSettings): Promise<string>
  /** Fetches a bundle from an endpoint, all of it checked; cancelled, it rejects with the code "cancelled". */
  fetch(from: BundleAddress, options?: WorkOptions<BundleProgress>): Promise<BundledFiles>
}

/** Bundles over a worker that is asked by `ask`; `given` takes the value of an answer or throws. */
export function bundlesOver(
  ask: <T>(work: (bundles: BundleApi) => Promise<T>) => Promise<T>,
  given: <T>(answer: StoreAnswer<T>) => T,
): EngineBundles {
  let last = 0
  return {
    write: async (content) => given(await ask<StoreAnswer<BundleFile>>((bundles) => bundles.writeBundle(content))),
    read: async (bytes) => given(await ask<StoreAnswer<BundledFiles & { readonly root: string }>>((bundles) => bundles.readBundle(bytes))),
    upload: async (content, endpoint) => given(await ask<StoreAnswer<string>>((bundles) => bundles.uploadBundle(content, endpoint))),
    async fetch(from, { signal, progress = () => {} } = {}) {
      const id = ++last
      const answer = ask<StoreAnswer<BundledFiles>>(async (bundles) => {
        const cancel = (): void => {
          bundles.cancelFetch(id).catch(() => {})
        }
        signal?.addEventListener("abort", cancel, { once: true })
        try {
          const fetched = bundles.fetchBundle(id, from, proxy(progress))
          if (signal?.aborted === true) cancel()
          return await fetched
        } finally {
          signal?.removeEventListener("abort", cancel)
        }
      })
      return given(await answer)
    },
  }
}
