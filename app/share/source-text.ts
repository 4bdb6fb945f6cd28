// Files elsewhere in words, and as an address.

import type { Source } from "./page-address.ts"

/** The fragment that names a bundle on a gateway. */
export function bundleLink(root: string, url: string): string {
  return `#bundle=${root}&at=${encodeURIComponent(url.replace(/\/+$/, ""))}`
}

/** A sentence that says where files would come from. */
export function describeSource(source: Source): string {
  switch (source.kind) {
    case "url":
      return source.url
    case "gist":
      return `gist ${source.id} on GitHub`
    case "bundle":
      return `the bundle ${source.root.slice(0, 12)}… from the gateway ${source.url}`
    case "github":
      return `${source.path} of ${source.owner}/${source.repo} at ${source.ref} on GitHub`
  }
}
