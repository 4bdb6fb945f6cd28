// URLs as Nix reads and writes them: RFC 3986, taken apart and put together again.
//
//   URL        scheme ":" [ "//" authority ] path [ "?" query ] [ "#" fragment ]
//   authority  [ user [ ":" password ] "@" ] ( name | "[" address "]" ) [ ":" port ]
//   query      key "=" value ( "&" key "=" value )*
//
// Everything but the scheme is percent-decoded in memory; the path is kept in segments, since one may hold a slash.
// Texts are byte strings. C++ Nix: libutil/url.cc (whose grammar is Boost.URL's).

import { fail } from "../error.ts"

/** User, host and port. */
export interface Authority {
  readonly user: string | null
  readonly password: string | null
  readonly host: string
  /** Whether the host is written in brackets: IPv6 and later. */
  readonly literal: boolean
  readonly port: number | null
}

export interface Url {
  readonly scheme: string
  readonly authority: Authority | null
  /** Segments between slashes; the first is "" for an absolute path. */
  readonly path: readonly string[]
  /** Sorted by key. */
  readonly query: ReadonlyMap<string, string>
  readonly fragment: string
}

/** What a warning is told to. */
export type Warn = (message: string) => void

const noAuthority: Authority = { user: null, password: null, host: "", literal: false, port: null }

/** The empty authority: `file://` and a path. */
export const emptyAuthority: Authority = noAuthority

const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s
const pchar = "[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2}"
const pathText = new RegExp(`^(?:${pchar}|/)*$`)
const queryText = new RegExp(`^(?:${pchar}|[/?[\\]])*$`)
const fragmentText = new RegExp(`^(?:${pchar}|[/?])*$`)
const userText = /^(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9a-fA-F]{2})*$/
const nameText = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9a-fA-F]{2})*$/
const literalText = /^(?:[0-9A-Fa-f:.]+(?:%25(?:[A-Za-z0-9._~-]|%[0-9a-fA-F]{2})+)?|v[0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)$/

/** Decodes `%XX`; fails (code `bad-url`) where a percent sign stands alone. */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text
  if (/%(?![0-9a-fA-F]{2})/.test(text)) fail("bad-url", `invalid URI parameter '${text}': incomplete pct-encoding`)
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Encodes everything but letters, digits, `-._~` and the characters of `keep`. */
export function percentEncode(text: string, keep = ""): string {
  return text.replace(/[^A-Za-z0-9._~-]/g, (c) =>
    keep.includes(c) ? c : `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  )
}

/** Nix lets a few characters stand as they are where the grammar wants them encoded. */
function encodeOnly(text: string, chars: RegExp): string {
  return text.replace(chars, (c) => percentEncode(c))
}

/** A map in the order of its keys, as C++ Nix's are. */
export function sortedQuery(entries: Iterable<readonly [string, string]>): Map<string, string> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

/** The parameters of a query; the first of a name counts. One without an equal sign is left out with a warning. */
export function parseQuery(query: string, warn?: Warn): Map<string, string> {
  const found = new Map<string, string>()
  const text = encodeOnly(query, /[ "]/g)
  if (text === "") return found
  for (const param of text.split("&")) {
    const equal = param.indexOf("=")
    if (equal < 0) {
      warn?.(`dubious URI query '${param}' is missing equal sign '=', ignoring`)
      continue
    }
    const key = percentDecode(param.slice(0, equal))
    if (!found.has(key)) found.set(key, percentDecode(param.slice(equal + 1)))
  }
  return sortedQuery(found)
}

/** `application+transport`, or only a transport. C++ Nix: parseUrlScheme. */
export function splitScheme(scheme: string): { readonly application: string | null; readonly transport: string } {
  const plus = scheme.indexOf("+")
  return plus < 0 ? { application: null, transport: scheme } : { application: scheme.slice(0, plus), transport: scheme.slice(plus + 1) }
}

function parseAuthority(text: string): Authority {
  const at = text.lastIndexOf("@")
  const userInfo = at < 0 ? null : text.slice(0, at)
  if (userInfo !== null && !userText.test(userInfo)) fail("bad-url", `invalid URL authority: '${text}': leftover`)
  const colon = userInfo === null ? -1 : userInfo.indexOf(":")
  const match = /^(\[(.*)\]|[^:]*)(?::(.*))?$/s.exec(text.slice(at + 1))
  if (match === null) return fail("bad-url", `invalid URL authority: '${text}': leftover`)
  const [, whole = "", inner, portText = ""] = match
  if (!(inner === undefined ? nameText.test(whole) : literalText.test(inner)) || !/^[0-9]*$/.test(portText))
    fail("bad-url", `invalid URL authority: '${text}': leftover`)
  const port = portText === "" ? null : Number(portText)
  if (port !== null && (port === 0 || port > 65535)) fail("bad-url", `port '${portText}' is invalid`)
  return {
    user: userInfo === null ? null : percentDecode(colon < 0 ? userInfo : userInfo.slice(0, colon)),
    password: userInfo === null || colon < 0 ? null : percentDecode(userInfo.slice(colon + 1)),
    host: percentDecode(inner ?? whole),
    literal: inner !== undefined,
    port,
  }
}

/** A URL; fails with code `bad-url`. `lenient` lets blanks and quotes stand in query and fragment. C++ Nix: parseURL. */
export function parseUrl(url: string, lenient = false, warn?: Warn): Url {
  const match = parts.exec(url)
  if (match === null) return fail("bad-url", `'${url}' doesn't have a scheme`)
  const [, scheme = "", authorityText, encodedPath = ""] = match
  let [, , , , query = "", fragment = ""] = match
  if (lenient) {
    query = encodeOnly(query, /[ "]/g)
    fragment = encodeOnly(fragment, /[ "^]/g)
  }
  if (!pathText.test(encodedPath) || !queryText.test(query) || !fragmentText.test(fragment))
    fail("bad-url", `'${url}' is not a valid URL: leftover`)
  const authority = authorityText === undefined ? null : parseAuthority(authorityText)
  const isFile = splitScheme(scheme).transport === "file"
  if (isFile && authority !== null && authority.host !== "")
    fail("bad-url", `file:// URL '${url}' has unexpected authority '${printAuthority(authority)}'`)
  const path = isFile && encodedPath === "" ? "/" : encodedPath
  return {
    scheme,
    authority,
    path: path.split("/").map(percentDecode),
    query: parseQuery(query, warn),
    fragment: percentDecode(fragment),
  }
}

/** The authority as it is written between `//` and the path. */
export function printAuthority(authority: Authority): string {
  const { user, password, host, literal, port } = authority
  let text = ""
  if (user !== null) text += `${percentEncode(user)}${password === null ? "" : `:${percentEncode(password)}`}@`
  text += literal ? `[${percentEncode(host, ":")}]` : percentEncode(host)
  return port === null ? text : `${text}:${port}`
}

/** Authority and path as they are written one after the other. */
export function printAuthorityAndPath(url: Pick<Url, "authority" | "path">): string {
  return (url.authority === null ? "" : printAuthority(url.authority)) + url.path.map((segment) => percentEncode(segment, ":@")).join("/")
}

/** Parameters as they are written after the question mark, in the order of the map. */
export function printQuery(query: ReadonlyMap<string, string>): string {
  return [...query].map(([key, value]) => `${percentEncode(key, ":@/?")}=${percentEncode(value, ":@/?")}`).join("&")
}

/** The URL as text, everything encoded that need be. */
export function printUrl(url: Url): string {
  const { scheme, authority, query, fragment } = url
  let text = `${scheme}:${authority === null ? "" : "//"}${printAuthorityAndPath(url)}`
  if (query.size > 0) text += `?${printQuery(query)}`
  return fragment === "" ? text : `${text}#${percentEncode(fragment)}`
}

/** The path of a file as segments of a URL. C++ Nix: pathToUrlPath. */
export function pathToSegments(path: string): string[] {
  const absolute = path.startsWith("/")
  const relative = path.replace(/^\/+/, "")
  const segments = absolute ? [""] : []
  if (relative !== "") segments.push(...relative.split(/\/+/))
  // A slash at the end is a last empty part of the path, and one more for the URL.
  if (path === "" || path.endsWith("/")) segments.push("")
  return segments
}

/** The path of a file that segments mean; fails where one could not be a file name. C++ Nix: urlPathToPath. */
export function segmentsToPath(segments: readonly string[]): string {
  for (const segment of segments) {
    if (segment.includes("/")) fail("bad-url", `URL path component '${segment}' contains '/', which is not allowed in file names`)
    if (segment.includes("\0")) {
      const shown = segment.replaceAll("\0", "\xe2\x90\x80")
      fail("bad-url", `URL path component '${shown}' contains NUL byte which is not allowed`)
    }
  }
  let path = ""
  segments.forEach((segment, i) => {
    if (i === 0 && segment === "") path = "/"
    else path += path === "" || path.endsWith("/") ? segment : `/${segment}`
  })
  return path
}
