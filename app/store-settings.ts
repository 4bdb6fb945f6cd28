// Where this user's store gets what it has not: binary caches, and the stores of which it is composed. Kept with the page's settings.

import type { CacheSettings } from "../engine/worker/client.ts"

/** Nix's own cache, and the key that it signs with. */
export const nixosCache: CacheSettings = {
  url: "https://cache.nixos.org",
  publicKeys: ["cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="],
}

/** The composition that a store has by itself, as a beginning for others. */
export const usualComposition = `{
  "blobs": { "root": { "type": "storage" } },
  "directories": { "root": { "type": "storage" } },
  "infos": { "root": { "type": "storage" } }
}
`

/** What can be read from a gateway beside what is in the browser. */
export function gatewayComposition(url: string): string {
  const far = { type: "connect", url }
  const cached = { root: { type: "cache", near: "here", far: "gateway" }, here: { type: "storage" }, gateway: far }
  const infos = { root: { type: "priority", stores: ["here", "gateway"] }, here: { type: "storage" }, gateway: far }
  return `${JSON.stringify({ blobs: cached, directories: cached, infos }, null, 2)}\n`
}

/** Why something cannot be a binary cache; null if it can. */
export function cacheProblem({ url, publicKeys }: CacheSettings): string | null {
  if (!URL.canParse(url) || !/^https?:\/\/[^/]/.test(url)) return "The address has to begin with https:// or http://."
  const wrong = publicKeys.find((key) => !/^[^\s:]+:[A-Za-z0-9+/]{43}=$/.test(key))
  return wrong === undefined ? null : `'${wrong}' is no public key: they are NAME:KEY, with a key of 44 characters.`
}

/** The composition in a text, null for none. Throws SyntaxError. */
export function readComposition(text: string): unknown {
  return text.trim() === "" ? null : JSON.parse(text)
}

/** Caches from what was kept; wrong ones are left out. */
export function readCaches(kept: unknown): readonly CacheSettings[] {
  if (!Array.isArray(kept)) return []
  return kept.flatMap((one: unknown) => {
    const { url, publicKeys } = (typeof one === "object" && one !== null ? one : {}) as Partial<Record<keyof CacheSettings, unknown>>
    if (typeof url !== "string" || !Array.isArray(publicKeys) || !publicKeys.every((key) => typeof key === "string")) return []
    const cache = { url, publicKeys }
    return cacheProblem(cache) === null ? [cache] : []
  })
}
