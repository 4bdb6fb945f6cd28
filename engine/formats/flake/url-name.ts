// A short name for what a URL means, as profiles use it.
// C++ Nix: libflake/url-name.cc

import type { Url } from "../url/url.ts"

/**
 * The name: the parameter `dir`, or the last attribute of the fragment (unless that is a default), or the repository of
 * a forge, or the last segment of the path; undefined if none of them will do.
 */
export function nameFromUrl(url: Url): string | undefined {
  const dir = url.query.get("dir")
  if (dir !== undefined) return dir
  const attribute = /^((?:[a-zA-Z0-9_-]+\.)*)([a-zA-Z0-9_-]+)(\^.*)?$/.exec(url.fragment)
  if (attribute !== null && attribute[1] !== "defaultPackage." && attribute[2] !== "default") return attribute[2]
  const path = url.path.join("/")
  if (/^(?:github|gitlab|sourcehut)$/.test(url.scheme)) {
    const repo = /^[a-zA-Z0-9_-]+\/([a-zA-Z0-9_-]+)(?:\/.*)?$/.exec(path)
    if (repo !== null) return repo[1]
  }
  return /^.*\/([a-zA-Z0-9_-]+)$/.exec(path)?.[1]
}
