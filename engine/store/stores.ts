// The three stores that together make one: contents, directories, and what is known of store paths.

import type { BlobStore } from "../castore/blob-store.ts"
import type { DirectoryStore } from "../castore/directory-store.ts"
import type { PathInfoStore } from "./path-info-store.ts"

export interface Stores {
  readonly blobs: BlobStore
  readonly directories: DirectoryStore
  readonly infos: PathInfoStore
}
