// What Git takes for a URL: an absolute path, `[user@]host:path` as scp writes it, or a URL proper.
// C++ Nix: libutil/url.cc fixGitURL, tryParseScpStyle.

import { fail } from "../error.ts"
import { type Authority, emptyAuthority, parseUrl, pathToSegments, splitScheme, type Url, type Warn } from "./url.ts"

const gitSchemes = new Set(["ssh", "http", "https", "file", "ftp", "ftps", "git"].flatMap((s) => [s, `git+${s}`]))

/** Host and path of the scp form, or null if the text is none. */
function splitScp(url: string): readonly [host: string, path: string] | null {
  if (url.includes("://")) return null
  const colon = url.indexOf(":")
  if (colon < 0) return null
  let host = url.slice(0, colon)
  if (host.includes("/") || gitSchemes.has(host)) return null
  const at = url.indexOf("@[")
  const bracket = at >= 0 ? at + 1 : url.startsWith("[") ? 0 : -1
  if (bracket >= 0) {
    const close = url.indexOf("]", bracket + 1)
    if (close >= 0) {
      if (url[close + 1] !== ":") return null
      host = url.slice(0, close + 1)
    }
  }
  return [host, url.slice(host.length + 1)]
}

function scpAuthority(hostText: string): Authority {
  const at = hostText.indexOf("@")
  const user = at < 0 ? null : hostText.slice(0, at)
  const host = hostText.slice(at + 1)
  if (!host.startsWith("[") || !host.endsWith("]")) return { ...emptyAuthority, user, host }
  const address = host.slice(1, -1)
  if (!/^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(address))
    fail("bad-url", `Git SCP bracketed URL is not valid: '${address}' is not a valid IPv6 address`)
  return { ...emptyAuthority, user, host: address, literal: true }
}

/** The URL that Git would use; fails with code `bad-url`. The prefix `git+` of a scheme is dropped. */
export function parseGitUrl(text: string, warn?: Warn): Url {
  const none = new Map<string, string>()
  if (text.startsWith("/")) return { scheme: "file", authority: emptyAuthority, path: pathToSegments(text), query: none, fragment: "" }
  const scp = splitScp(text)
  if (scp !== null) {
    const [host, path] = scp
    const authority = scpAuthority(host)
    if (path === "") fail("bad-url", `SCP-style Git URL '${text}' has an empty path`)
    const segments = path.split("/")
    // A path below the user's home directory cannot be told in an ssh URL: it becomes an absolute one.
    if (segments[0] !== "") segments.unshift("")
    return { scheme: "ssh", authority, path: segments, query: none, fragment: "" }
  }
  const url = parseUrl(text, false, warn)
  const { application, transport } = splitScheme(url.scheme)
  return application === "git" ? { ...url, scheme: transport } : url
}
