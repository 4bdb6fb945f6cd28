// The hint of a castore-aware binary cache: the URL of a narinfo is "nar/snix-castore/" and the tree itself, an Entry without a
// name in URL-safe base 64, so that whoever understands it fetches only what is missing instead of the archive.
// Snix: docs/components/store/snix_flavoured_binary_cache_protocol.md, nar-bridge/src/nar.rs; Tvix says "tvix-castore".

import { entryFromBytes, entryToBytes } from "./directory.ts"
import { StoreError } from "./error.ts"
import type { Node } from "./node.ts"

/** The longest Entry in a URL, in bytes (nar-bridge's limit). */
const maxEntrySize = 4096

/** The URL, relative to the cache, of the archive of a tree. `narSize` is the archive's size in bytes. */
export function narHintUrl(node: Node, narSize: number): string {
  const text = btoa(String.fromCharCode(...entryToBytes(node)))
  return `nar/snix-castore/${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}?narsize=${narSize}`
}

/** The tree that a URL of a narinfo names; null if it is of another kind. Throws `invalid` if it is of this kind but broken. */
export function parseNarHint(url: string): Node | null {
  const found = /(?:^|\/)nar\/(?:snix|tvix)-castore\/([^/?]*)(?:\?.*)?$/.exec(url)
  return found === null ? null : parseEntryText(found[1]!)
}

/** The tree of URL-safe base 64, with padding or without. Throws `invalid`. */
export function parseEntryText(text: string): Node {
  const bare = text.replace(/=+$/, "")
  if (!/^[A-Za-z0-9_-]+$/.test(bare) || bare.length % 4 === 1) throw new StoreError("invalid", "a tree in a URL is not URL-safe base 64")
  if (bare.length > (maxEntrySize * 4) / 3) throw new StoreError("invalid", `a tree in a URL has more than ${maxEntrySize} bytes`)
  const bytes = Uint8Array.from(atob(bare.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0))
  try {
    const { name, node } = entryFromBytes(bytes)
    if (name !== "") throw new StoreError("invalid", "a tree in a URL has a name")
    return node
  } catch (error) {
    if (error instanceof StoreError && error.code === "damaged") throw new StoreError("invalid", error.message, { cause: error })
    throw error
  }
}
