// How a store is named in settings and on command lines.
//
//   "auto" | "daemon" | "local" | "" [ "?" PARAMETERS ]       special words ("" is auto)
//   PATH [ "?" PARAMETERS ]                                   a local store
//   SCHEME "://" AUTHORITY-AND-PATH [ "?" PARAMETERS ]        any other
//
// Old versions took IPv6 addresses without brackets, or with an unencoded zone; those are repaired.
// C++ Nix: libstore/store-reference.cc

import { FormatError, fail } from "../error.ts"
import { parseQuery, parseUrl, pathToSegments, printAuthorityAndPath, printQuery, sortedQuery } from "../url/url.ts"

/** A store: a special word, or a scheme with authority and path (both encoded, in one text). */
export interface StoreReference {
  readonly store:
    | { readonly kind: "auto" }
    | { readonly kind: "daemon" }
    | { readonly kind: "local" }
    | { readonly kind: "specified"; readonly scheme: string; readonly authority: string }
  /** Sorted by name. */
  readonly params: ReadonlyMap<string, string>
}

/** True if `text` is an IPv6 address, without brackets and zone. */
function isIpv6(text: string): boolean {
  const halves = text.split("::")
  if (halves.length > 2) return false
  const parts = halves.flatMap((half) => (half === "" ? [] : half.split(":")))
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return false
  return halves.length === 2 ? parts.length < 8 : parts.length === 8
}

function splitAt(text: string, separator: string): [string | undefined, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + separator.length)]
}

/** `user@ADDRESS%ZONE` with or without brackets, as a good authority; undefined if it is no such thing. */
function repairIpv6(text: string): string | undefined {
  const [user, host] = splitAt(text, "@")
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host
  const [before, rest] = splitAt(bare, "%")
  if (!isIpv6(before ?? rest)) return undefined
  const zone = before === undefined ? "" : `%25${rest}`
  return `${user === undefined ? "" : `${user}@`}[${before ?? rest}${zone}]`
}

/** A path from the current folder would need to know that folder. */
function localPath(path: string, text: string): StoreReference["store"] {
  if (!path.startsWith("/")) fail("usage", `Cannot parse Nix store '${text}'`)
  const parts = path.split("/").filter((part) => part !== "" && part !== ".")
  const names: string[] = []
  for (const part of parts) {
    if (part === "..") names.pop()
    else names.push(part)
  }
  const authority = printAuthorityAndPath({ authority: null, path: pathToSegments(`/${names.join("/")}`) })
  return { kind: "specified", scheme: "local", authority }
}

function parseSpecial(text: string, base: string, params: ReadonlyMap<string, string>): StoreReference["store"] {
  switch (base) {
    case "":
    case "auto":
      return { kind: "auto" }
    case "daemon":
      return params.size === 0 ? { kind: "daemon" } : { kind: "specified", scheme: "unix", authority: "" }
    case "local":
      return params.size === 0 ? { kind: "local" } : { kind: "specified", scheme: "local", authority: "" }
    default:
  }
  if (!base.includes("://") && base.includes("/")) return localPath(base, text)
  const [scheme, rest] = splitAt(base, ":")
  const authority = scheme === undefined ? undefined : repairIpv6(rest.startsWith("//") ? rest.slice(2) : rest)
  // Nix takes any text before the colon for a scheme here; one that is none could not be read again.
  if (scheme === undefined || !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme) || authority === undefined)
    return fail("usage", `Cannot parse Nix store '${text}'`)
  return { kind: "specified", scheme, authority }
}

/** Reads a store reference; fails in Nix's words (code `usage`). Paths must be absolute. */
export function parseStoreReference(text: string, warn?: (message: string) => void): StoreReference {
  try {
    const url = parseUrl(text, true, warn)
    return { store: { kind: "specified", scheme: url.scheme, authority: printAuthorityAndPath(url) }, params: url.query }
  } catch (error) {
    if (!(error instanceof FormatError && error.code === "bad-url")) throw error
  }
  const [before, rest] = splitAt(text, "?")
  const params = before === undefined ? new Map<string, string>() : parseQuery(rest, warn)
  return { store: parseSpecial(text, before ?? rest, params), params }
}

/** Writes a store reference. */
export function printStoreReference({ store, params }: StoreReference): string {
  const text = store.kind === "specified" ? `${store.scheme}://${store.authority}` : store.kind
  return params.size === 0 ? text : `${text}?${printQuery(sortedQuery(params))}`
}
