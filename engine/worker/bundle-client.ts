// The page's side of bundles.

import type { EndpointSettings } from "../build/endpoint-transport.ts"
import type { BundleApi, BundledFiles, BundleFile } from "./bundle-protocol.ts"
import type { StoreAnswer } from "./protocol.ts"

/** Workspaces as trees that a digest names. Its methods reject with StoreFailure. */
export interface EngineBundles {
  /** The file of a bundle; sends nothing. */
  write(content: BundledFiles): Promise<BundleFile>
  /** What is in the file of a bundle, all of it checked against the digest of its root. */
  read(bytes: Uint8Array): Promise<BundledFiles & { readonly root: string }>
  /** Puts a bundle on an endpoint; gives the digest of its root. */
  upload(content: BundledFiles, endpoint: EndpointSettings): Promise<string>
  /** Fetches a bundle from an endpoint, all of it checked. */
  fetch(root: string, endpoint: EndpointSettings): Promise<BundledFiles>
}

/** Bundles over a worker that is asked by `ask`; `given` takes the value of an answer or throws. */
export function bundlesOver(
  ask: <T>(work: (bundles: BundleApi) => Promise<T>) => Promise<T>,
  given: <T>(answer: StoreAnswer<T>) => T,
): EngineBundles {
  return {
    write: async (content) => given(await ask<StoreAnswer<BundleFile>>((bundles) => bundles.writeBundle(content))),
    read: async (bytes) => given(await ask<StoreAnswer<BundledFiles & { readonly root: string }>>((bundles) => bundles.readBundle(bytes))),
    upload: async (content, endpoint) => given(await ask<StoreAnswer<string>>((bundles) => bundles.uploadBundle(content, endpoint))),
    fetch: async (root, endpoint) => given(await ask<StoreAnswer<BundledFiles>>((bundles) => bundles.fetchBundle(root, endpoint))),
  }
}
