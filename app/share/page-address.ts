// What the page's address says: a link to be opened, a place to load files from, how the page is embedded.

import type { Shared } from "../link/envelope.ts"

/** Files elsewhere, which are fetched when the user says so. */
export type Source =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "gist"; readonly id: string }
  | { readonly kind: "github"; readonly owner: string; readonly repo: string; readonly ref: string; readonly path: string }
  /** A bundle on a gateway, by the digest of its root. */
  | { readonly kind: "bundle"; readonly root: string; readonly url: string }

export type Asked =
  | { readonly kind: "nothing" }
  | { readonly kind: "shared"; readonly shared: Shared }
  | { readonly kind: "source"; readonly source: Source }
  | { readonly kind: "lesson"; readonly id: string }
  | { readonly kind: "topic"; readonly name: string }
  | { readonly kind: "wrong"; readonly why: string }

/** What an address asks for. What reads links is loaded for an address that has one. */
export async function askedBy({ search, hash }: Pick<Location, "search" | "hash">): Promise<Asked> {
  if (/^#(?:code=|[0-9A-Za-z]\.)/.test(hash)) {
    try {
      const { decodeLink } = await import("../link/codec.ts")
      const shared = decodeLink(hash)
      if (shared !== null) return { kind: "shared", shared }
    } catch (e) {
      // A sentence in any case: it is damaged, of a later version, or its reader cannot be loaded.
      return { kind: "wrong", why: e instanceof Error ? e.message : String(e) }
    }
  }
  const source = sourceOf(search, hash)
  if (source !== null) return "why" in source ? { kind: "wrong", why: source.why } : { kind: "source", source }
  const lesson = /^#lesson-([a-z0-9-]+)$/.exec(hash)?.[1]
  if (lesson !== undefined) return { kind: "lesson", id: lesson }
  const topic = /^#doc=([A-Za-z0-9_.%'-]+)$/.exec(hash)?.[1]
  if (topic !== undefined) return { kind: "topic", name: topic }
  return { kind: "nothing" }
}

function sourceOf(search: string, hash: string): Source | { readonly why: string } | null {
  const query = new URLSearchParams(search)
  const gist = query.get("gist")
  if (gist !== null) {
    return /^[0-9a-f]{8,64}$/i.test(gist) ? { kind: "gist", id: gist } : { why: "the address has '?gist=' without the gist's number" }
  }
  const github = query.get("github")
  if (github !== null) {
    const [owner = "", repo = "", ref = "", ...path] = github.replace(/^\//, "").split("/")
    const plain = [owner, repo, ref, ...path].every((step) => /^[\w.@+-]+$/.test(step) && step !== "." && step !== "..")
    if (plain && path.length > 0) return { kind: "github", owner, repo, ref, path: path.join("/") }
    return { why: "the address has '?github=' without 'owner/repo/ref/path'" }
  }
  if (hash.startsWith("#bundle=")) return bundleOf(hash)
  if (!hash.startsWith("#url=")) return null
  try {
    const url = new URL(decodeURIComponent(hash.slice(5)))
    if (url.protocol === "https:" && url.username === "") return { kind: "url", url: url.href }
  } catch {
    // Said below.
  }
  return { why: "the address has '#url=' without an address that begins with https:" }
}

/** `#bundle=DIGEST&at=URL`: a gateway with a certificate, or one on this machine. */
function bundleOf(hash: string): Source | { readonly why: string } {
  const told = new URLSearchParams(hash.slice(1))
  const root = told.get("bundle") ?? ""
  try {
    const url = new URL(told.get("at") ?? "")
    const near = url.protocol === "http:" && (url.hostname === "localhost" || url.hostname === "127.0.0.1")
    if (/^[0-9a-f]{64}$/.test(root) && (url.protocol === "https:" || near) && url.username === "" && url.search === "" && url.hash === "")
      return { kind: "bundle", root, url: url.href.replace(/\/+$/, "") }
  } catch {
    // Said below.
  }
  return { why: "the address has '#bundle=' without the digest of a bundle and the address of a gateway" }
}
