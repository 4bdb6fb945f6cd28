// What crosses between page and worker about bundles: workspaces that are too large for a link, as trees of castore.

import type { EndpointSettings } from "../build/endpoint-transport.ts"
import type { StoreAnswer } from "./protocol.ts"

/** Texts by their paths, and settings by their names: what a link would carry. */
export interface BundledFiles {
  readonly files: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
}

/** A bundle as a file. */
export interface BundleFile {
  /** The digest of the root directory: 64 hexadecimal digits. */
  readonly root: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A bundle on an endpoint. */
export interface BundleAddress {
  /** The digest of the root directory. */
  readonly root: string
  readonly endpoint: EndpointSettings
}

/** How far the fetching of a bundle is: files and folders that are here, and all that there are. */
export interface BundleProgress {
  readonly entries: number
  readonly total: number
  readonly bytes: number
}

/** The calls about bundles. */
export interface BundleApi {
  /** The file of a bundle; sends nothing. */
  writeBundle(content: BundledFiles): Promise<StoreAnswer<BundleFile>>
  /** What is in the file of a bundle, all of it checked against the digest of its root. */
  readBundle(bytes: Uint8Array): Promise<StoreAnswer<BundledFiles & { readonly root: string }>>
  /** Brings what an endpoint lacks of a bundle there; gives the digest of its root. */
  uploadBundle(content: BundledFiles, endpoint: EndpointSettings): Promise<StoreAnswer<string>>
  /** Fetches a bundle, all of it checked against the digest of its root. `id`, of the caller's choice, is what `cancelFetch` takes. */
  fetchBundle(id: number, from: BundleAddress, progress: (done: BundleProgress) => void): Promise<StoreAnswer<BundledFiles>>
  /** Gives a fetch up: it ends with the problem "cancelled". */
  cancelFetch(id: number): Promise<void>
}
