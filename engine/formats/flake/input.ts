// Inputs: where a source tree comes from, as a set of attributes with a `type`, and as a URL.
//
//   type                         URL
//   path                         path:PATH
//   indirect                     flake:ID[/REF][/REV]
//   github, gitlab, sourcehut    TYPE:OWNER/REPO[/REF-OR-REV]
//   git                          git[+TRANSPORT]:…
//   hg                           hg+TRANSPORT:…
//   tarball, file                [TYPE+](http|https|file):…
//
// C++ Nix: libfetchers/fetchers.cc, attrs.cc, and one file per scheme.

import { FormatError, fail } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { printBase16 } from "../hash/base16.ts"
import { type Hash, parseHash, parsePrefixedHash, parseSri, printHash } from "../hash/hash.ts"
import type { JsonValue } from "../json/value.ts"
import { printJson } from "../json/write.ts"
import { parseGitUrl } from "../url/git-url.ts"
import {
  parseUrl,
  pathToSegments,
  printAuthority,
  printUrl,
  segmentsToPath,
  sortedQuery,
  splitScheme,
  type Url,
  type Warn,
} from "../url/url.ts"
import { isLegalRefName } from "./ref-name.ts"

export type InputAttr = string | number | bigint | boolean

/** The attributes of an input. */
export type InputAttrs = ReadonlyMap<string, InputAttr>

/** What reading an input depends on. */
export interface InputOptions {
  /** Experimental features that are on. */
  readonly features?: Features
  readonly warn?: Warn
}

interface Scheme {
  readonly name: string
  readonly allowed: readonly string[]
  /** The attributes of a URL of this scheme, or null for other URLs. */
  fromUrl(url: Url, requireTree: boolean, options: InputOptions): Map<string, InputAttr> | null
  /** Checks attributes; may complete them. */
  fromAttrs(attrs: InputAttrs, options: InputOptions): Map<string, InputAttr>
  toUrl(attrs: InputAttrs): Url
}

/** Attributes as JSON, which is how messages show them. */
function json(attrs: InputAttrs): string {
  return printJson(Object.fromEntries(attrs) as JsonValue)
}

function maybeString(attrs: InputAttrs, name: string): string | undefined {
  const value = attrs.get(name)
  if (value === undefined || typeof value === "string") return value
  return fail("bad-flake-reference", `input attribute '${name}' is not a string ${json(attrs)}`)
}

function string(attrs: InputAttrs, name: string): string {
  return maybeString(attrs, name) ?? fail("bad-flake-reference", `input attribute '${name}' is missing`)
}

function flag(attrs: InputAttrs, name: string): boolean {
  const value = attrs.get(name)
  if (value === undefined) return false
  return typeof value === "boolean" ? value : fail("bad-flake-reference", `input attribute '${name}' is not a Boolean`)
}

function checkInt(attrs: InputAttrs, name: string): void {
  const value = attrs.get(name)
  if (value !== undefined && typeof value !== "number" && typeof value !== "bigint")
    fail("bad-flake-reference", `input attribute '${name}' is not an integer`)
}

/** The revision in base 16; without the name of an algorithm it is SHA-1. */
function revision(attrs: InputAttrs): string | undefined {
  const text = maybeString(attrs, "rev")
  if (text === undefined) return undefined
  let hash: Hash
  try {
    hash = parsePrefixedHash(text)
  } catch (e) {
    if (!(e instanceof FormatError)) throw e
    hash = parseHash(text, "sha1")
  }
  return printBase16(hash.bytes)
}

function narHash(attrs: InputAttrs): string | undefined {
  const text = maybeString(attrs, "narHash")
  if (text === undefined) return undefined
  const hash = text === "" ? { algo: "sha256" as const, bytes: new Uint8Array(32) } : parseSri(text)
  if (hash.algo !== "sha256") fail("usage", "narHash must use SHA-256")
  return printHash(hash, "sri")
}

/** A number of a query as C++ reads it into 64 bits, or undefined. */
function unsigned(text: string): number | bigint | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined
  const n = BigInt(text)
  if (n >= 2n ** 64n) return undefined
  return n <= 9007199254740991n ? Number(n) : n
}

const isRevision = (text: string): boolean => /^[0-9a-fA-F]{40}$/.test(text)
const isFlakeId = (text: string): boolean => /^[a-zA-Z][a-zA-Z0-9_-]*$/.test(text)
const segmentsOf = (url: Url): string[] => url.path.filter((segment) => segment !== "")

function urlOf(scheme: string, path: readonly string[], query: Iterable<readonly [string, string]> = []): Url {
  return { scheme, authority: null, path, query: sortedQuery(query), fragment: "" }
}

function withQuery(url: Url, params: readonly (readonly [string, string | undefined])[]): Url {
  const query = new Map(url.query)
  for (const [key, value] of params) if (value !== undefined) query.set(key, value)
  return { ...url, query: sortedQuery(query) }
}

const indirect: Scheme = {
  name: "indirect",
  allowed: ["id", "ref", "rev", "narHash"],
  fromUrl(url) {
    if (url.scheme !== "flake") return null
    const [id = "", second, third, ...more] = segmentsOf(url)
    const shown = () => printUrl(url)
    const attrs = new Map<string, InputAttr>([["type", "indirect"]])
    if (id === "" || more.length > 0) fail("bad-url", `GitHub URL '${shown()}' is invalid`)
    if (second !== undefined && third === undefined && isRevision(second)) attrs.set("rev", second.toLowerCase())
    else if (second !== undefined) {
      if (!isLegalRefName(second)) {
        const what = third === undefined ? "a commit hash or branch/tag name" : "a branch/tag name"
        fail("bad-url", `in flake URL '${shown()}', '${second}' is not ${what}`)
      }
      attrs.set("ref", second)
    }
    if (third !== undefined) {
      if (!isRevision(third)) fail("bad-url", `in flake URL '${shown()}', '${third}' is not a commit hash`)
      attrs.set("rev", third.toLowerCase())
    }
    if (!isFlakeId(id)) fail("bad-url", `'${id}' is not a valid flake ID`)
    return attrs.set("id", id)
  },
  fromAttrs(attrs) {
    const id = string(attrs, "id")
    if (!isFlakeId(id)) fail("bad-url", `'${id}' is not a valid flake ID`)
    return new Map(attrs)
  },
  toUrl(attrs) {
    const path = [string(attrs, "id"), maybeString(attrs, "ref"), revision(attrs)]
    return urlOf(
      "flake",
      path.filter((p) => p !== undefined),
    )
  },
}

const path: Scheme = {
  name: "path",
  allowed: ["path", "rev", "revCount", "lastModified", "narHash"],
  fromUrl(url) {
    if (url.scheme !== "path") return null
    const shown = () => printUrl(url)
    if (url.authority !== null && url.authority.host !== "")
      fail("bad-flake-reference", `path URL '${shown()}' should not have an authority ('${printAuthority(url.authority)}')`)
    const attrs = new Map<string, InputAttr>([
      ["type", "path"],
      ["path", segmentsToPath(url.path)],
    ])
    for (const [name, value] of url.query) {
      if (name === "rev" || name === "narHash") attrs.set(name, value)
      else if (name === "revCount" || name === "lastModified") {
        const n = unsigned(value)
        if (n === undefined) return fail("bad-flake-reference", `path URL '${shown()}' has invalid parameter '${name}'`)
        attrs.set(name, n)
      } else fail("bad-flake-reference", `path URL '${shown()}' has unsupported parameter '${name}'`)
    }
    return attrs
  },
  fromAttrs(attrs) {
    string(attrs, "path")
    return new Map(attrs)
  },
  toUrl(attrs) {
    const query = [...attrs].filter(([name]) => name !== "path" && name !== "type" && name !== "__final")
    return urlOf(
      "path",
      pathToSegments(string(attrs, "path")),
      query.map(([name, value]) => [name, typeof value === "boolean" ? (value ? "1" : "0") : String(value)] as const),
    )
  },
}

/** Forges that serve archives of Git repositories: github, gitlab, sourcehut. */
function archive(name: string): Scheme {
  return {
    name,
    allowed: ["owner", "repo", "ref", "rev", "narHash", "lastModified", "host", "treeHash"],
    fromUrl(url, _requireTree, options) {
      if (url.scheme !== name) return null
      const [owner, repo, ...more] = segmentsOf(url)
      const shown = () => printUrl(url)
      const attrs = new Map<string, InputAttr>()
      if (owner === undefined || repo === undefined) return fail("bad-url", `URL '${shown()}' is invalid`)
      if (more.length === 1 && isRevision(more[0] as string)) attrs.set("rev", more[0] as string)
      else if (more.length > 0) attrs.set("ref", more.join("/"))
      for (const [key, value] of url.query) {
        if (key === "rev" && attrs.has("rev")) fail("bad-url", `URL '${shown()}' contains multiple commit hashes`)
        if (key === "ref" && attrs.has("ref")) fail("bad-url", `URL '${shown()}' contains multiple branch/tag names`)
        if (key !== "rev" && key !== "ref" && key !== "host" && key !== "narHash")
          fail("bad-url", `URL '${shown()}' contains unknown parameter '${key}'`)
        attrs.set(key, value)
      }
      attrs.set("type", name).set("owner", owner).set("repo", repo)
      return this.fromAttrs(new Map([...attrs].sort(([a], [b]) => (a < b ? -1 : 1))), options)
    },
    fromAttrs(attrs) {
      string(attrs, "owner")
      string(attrs, "repo")
      const ref = maybeString(attrs, "ref")
      const rev = maybeString(attrs, "rev")
      if (ref !== undefined && rev !== undefined)
        fail("bad-url", `input ${json(attrs)} contains both a commit hash ('${rev}') and a branch/tag name ('${ref}')`)
      if (rev !== undefined) parseHash(rev, "sha1")
      if (ref !== undefined && !isLegalRefName(ref)) fail("bad-url", `input ${json(attrs)} contains an invalid branch/tag name`)
      const host = maybeString(attrs, "host")
      if (host !== undefined && !/^[a-zA-Z0-9.-]*$/.test(host)) fail("bad-url", `input ${json(attrs)} contains an invalid instance host`)
      return new Map(attrs)
    },
    toUrl(attrs) {
      const parts = [string(attrs, "owner"), string(attrs, "repo"), maybeString(attrs, "ref"), revision(attrs)]
      const url = urlOf(
        name,
        parts.filter((p) => p !== undefined),
      )
      return withQuery(url, [
        ["narHash", narHash(attrs)],
        ["host", maybeString(attrs, "host")],
      ])
    },
  }
}

const gitStrings = new Set(["rev", "ref", "keytype", "publicKey", "publicKeys"])
const gitFlags = new Set(["shallow", "submodules", "lfs", "exportIgnore", "allRefs", "verifyCommit"])

const git: Scheme = {
  name: "git",
  allowed: [...gitStrings, ...gitFlags, "url", "lastModified", "revCount", "narHash", "name", "dirtyRev", "dirtyShortRev"],
  fromUrl(url, _requireTree, options) {
    if (url.scheme !== "git" && splitScheme(url.scheme).application !== "git") return null
    const attrs = new Map<string, InputAttr>([["type", "git"]])
    const query = new Map<string, string>()
    for (const [name, value] of url.query) {
      if (gitStrings.has(name)) attrs.set(name, value)
      else if (gitFlags.has(name)) attrs.set(name, value === "1")
      else query.set(name, value)
    }
    attrs.set("url", printUrl({ ...url, query }))
    return this.fromAttrs(attrs, options)
  },
  fromAttrs(attrs, options) {
    for (const name of ["verifyCommit", "keytype", "publicKey", "publicKeys"]) {
      if (attrs.has(name) && !(options.features ?? allFeatures).has("verified-fetches"))
        fail(
          "missing-feature",
          "experimental Nix feature 'verified-fetches' is disabled; add '--extra-experimental-features verified-fetches' to enable it",
        )
    }
    flag(attrs, "verifyCommit")
    const ref = maybeString(attrs, "ref")
    if (ref !== undefined && !isLegalRefName(ref)) fail("bad-url", `invalid Git branch/tag name '${ref}'`)
    const out = new Map(attrs)
    out.set("url", printUrl(parseGitUrl(string(attrs, "url"), options.warn)))
    for (const name of ["shallow", "submodules", "allRefs"]) flag(out, name)
    return out
  },
  toUrl(attrs) {
    const url = parseUrl(string(attrs, "url"))
    const on = (name: string) => (flag(attrs, name) ? "1" : undefined)
    const key = maybeString(attrs, "publicKey")
    return withQuery({ ...url, scheme: url.scheme === "git" ? "git" : `git+${url.scheme}` }, [
      ["rev", revision(attrs)],
      ["ref", maybeString(attrs, "ref")],
      ["shallow", on("shallow")],
      ["lfs", on("lfs")],
      ["submodules", on("submodules")],
      ["exportIgnore", on("exportIgnore")],
      ["verifyCommit", on("verifyCommit")],
      ["keytype", key === undefined ? undefined : (maybeString(attrs, "keytype") ?? "ssh-ed25519")],
      ["publicKey", key],
      ["publicKeys", key === undefined ? maybeString(attrs, "publicKeys") : undefined],
    ])
  },
}

const hg: Scheme = {
  name: "hg",
  allowed: ["url", "ref", "rev", "revCount", "narHash", "name"],
  fromUrl(url, _requireTree, options) {
    if (!/^hg\+(?:https?|ssh|file)$/.test(url.scheme)) return null
    const attrs = new Map<string, InputAttr>([["type", "hg"]])
    const query = new Map<string, string>()
    for (const [name, value] of url.query) {
      if (name === "rev" || name === "ref") attrs.set(name, value)
      else query.set(name, value)
    }
    attrs.set("url", printUrl({ ...url, scheme: url.scheme.slice(3), query }))
    return this.fromAttrs(attrs, options)
  },
  fromAttrs(attrs, options) {
    parseUrl(string(attrs, "url"), false, options.warn)
    const ref = maybeString(attrs, "ref")
    if (ref !== undefined && !/^[a-zA-Z0-9@][a-zA-Z0-9_./@+-]*$/.test(ref)) fail("bad-url", `invalid Mercurial branch/tag name '${ref}'`)
    return new Map(attrs)
  },
  toUrl(attrs) {
    const url = parseUrl(string(attrs, "url"))
    return withQuery({ ...url, scheme: `hg+${url.scheme}` }, [
      ["rev", revision(attrs)],
      ["ref", maybeString(attrs, "ref")],
    ])
  },
}

const transports = new Set(["file", "http", "https"])
const tarballName = /\.(?:zip|tar|tgz|tar\.gz|tar\.xz|tar\.bz2|tar\.zst)$/

/** What is downloaded with curl: `tarball` is unpacked, `file` stays as it is. */
function curl(name: "tarball" | "file"): Scheme {
  const allowed = ["url", "narHash", "name", "unpack", "rev", "revCount", "lastModified"]
  return {
    name,
    allowed,
    fromUrl(url, requireTree) {
      const { application, transport } = splitScheme(url.scheme)
      if (!transports.has(transport)) return null
      const isTarball = requireTree || tarballName.test(url.path.at(-1) ?? "")
      if (application === null ? isTarball !== (name === "tarball") : application !== name) return null
      const attrs = new Map<string, InputAttr>()
      for (const key of ["narHash", "rev"]) {
        const value = url.query.get(key)
        if (value !== undefined) attrs.set(key, value)
      }
      for (const key of ["revCount", "lastModified"]) {
        const value = unsigned(url.query.get(key) ?? "")
        if (value !== undefined) attrs.set(key, value)
      }
      const query = new Map([...url.query].filter(([key]) => !allowed.includes(key)))
      return attrs.set("type", name).set("url", printUrl({ ...url, scheme: transport, query }))
    },
    fromAttrs: (attrs) => new Map(attrs),
    toUrl: (attrs) => withQuery(parseUrl(string(attrs, "url")), [["narHash", narHash(attrs)]]),
  }
}

/** In the order in which C++ Nix asks them. */
const schemes: readonly Scheme[] = [
  curl("file"),
  git,
  archive("github"),
  archive("gitlab"),
  hg,
  indirect,
  path,
  archive("sourcehut"),
  curl("tarball"),
]

/** Sorts the attributes and checks those that all inputs have. */
function checked(attrs: InputAttrs): InputAttrs {
  string(attrs, "type")
  maybeString(attrs, "ref")
  checkInt(attrs, "revCount")
  checkInt(attrs, "lastModified")
  return new Map([...attrs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

function requireScheme(scheme: Scheme, options: InputOptions): void {
  if (scheme.name === "indirect" && !(options.features ?? new Set(["flakes"])).has("flakes"))
    fail("missing-feature", "experimental Nix feature 'flakes' is disabled; add '--extra-experimental-features flakes' to enable it")
}

/** The input a URL stands for. With `requireTree` a URL without hint is a tarball, never a plain file. */
export function inputFromUrl(url: Url, requireTree: boolean, options: InputOptions = {}): InputAttrs {
  for (const scheme of schemes) {
    const attrs = scheme.fromUrl(url, requireTree, options)
    if (attrs === null) continue
    requireScheme(scheme, options)
    return checked(attrs)
  }
  const { application, transport } = splitScheme(url.scheme)
  const hint = application === "file" && transport === "git" ? "; did you mean 'git+file' instead of 'file+git'?" : ""
  return fail("bad-flake-reference", `input '${printUrl(url)}' is unsupported${hint}`)
}

/** The input with these attributes, checked and completed. */
export function inputFromAttrs(attrs: InputAttrs, options: InputOptions = {}): InputAttrs {
  const type = maybeString(attrs, "type")
  if (type === undefined) return fail("bad-flake-reference", "'type' attribute to specify input scheme is required but not provided")
  const scheme = schemes.find((s) => s.name === type)
  if (scheme === undefined) return checked(attrs)
  requireScheme(scheme, options)
  for (const name of [...attrs.keys()].sort()) {
    if (name !== "type" && name !== "__final" && !scheme.allowed.includes(name))
      fail("bad-flake-reference", `input attribute '${name}' not supported by scheme '${type}'`)
  }
  return checked(scheme.fromAttrs(attrs, options))
}

/** The URL of an input. */
export function inputToUrl(attrs: InputAttrs): Url {
  const scheme = schemes.find((s) => s.name === attrs.get("type"))
  if (scheme === undefined) return fail("bad-flake-reference", `cannot show unsupported input '${json(attrs)}'`)
  return scheme.toUrl(attrs)
}
