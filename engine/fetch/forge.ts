// Hosting services as sources of archives: which revision a branch or tag is, and where the archive of a revision is.
// C++ Nix: libfetchers/github.cc

import { reading } from "../eval/format-fault.ts"
import { FormatError } from "../formats/error.ts"
import type { InputAttrs } from "../formats/flake/input.ts"
import { printBase16 } from "../formats/hash/base16.ts"
import { parseHash, parsePrefixedHash } from "../formats/hash/hash.ts"
import { parseJson } from "../formats/json/read.ts"
import { isJsonObject, type JsonValue } from "../formats/json/value.ts"
import { printJson } from "../formats/json/write.ts"
import { downloadText } from "./download.ts"
import { type FetchContext, nixError } from "./fetch-context.ts"
import { showInput } from "./input-text.ts"

/** An input of type `github`, `gitlab` or `sourcehut`, taken apart. */
interface Repo {
  readonly input: InputAttrs
  readonly host: string
  readonly owner: string
  readonly repo: string
  readonly headers: ReadonlyMap<string, string>
}

interface Forge {
  readonly host: string
  /** The header that carries a token. */
  tokenHeader(token: string, warn: (message: string) => void): readonly [string, string]
  /** The revision of a branch or tag, 40 digits. */
  resolve(ctx: FetchContext, repo: Repo, ref: string): Promise<string>
  /** Where the archive of a revision is. */
  archiveUrl(repo: Repo, rev: string): string
}

async function json(ctx: FetchContext, repo: Repo, url: string): Promise<JsonValue> {
  const text = await downloadText(ctx, url, repo.headers)
  try {
    return parseJson(text)
  } catch (e) {
    if (!(e instanceof FormatError)) throw e
    throw nixError(`the answer of '${url}' is no JSON: ${e.message}`)
  }
}

/** A revision that a service gave, in base 16. */
function revision(value: unknown, url: string): string {
  if (typeof value !== "string") throw nixError(`the answer of '${url}' has no revision in it`)
  return reading(() => printBase16(parseHash(value, "sha1").bytes))
}

const github: Forge = {
  host: "github.com",
  tokenHeader: (token) => ["authorization", `token ${token}`],
  async resolve(ctx, repo, ref) {
    const api = repo.host === "github.com" ? "https://api.github.com" : `https://${repo.host}/api/v3`
    const url = `${api}/repos/${repo.owner}/${repo.repo}/commits/${ref}`
    const answer = await json(ctx, repo, url)
    return revision(isJsonObject(answer) ? answer["sha"] : undefined, url)
  },
  archiveUrl({ host, owner, repo, headers }, rev) {
    if (host !== "github.com") return `https://${host}/api/v3/repos/${owner}/${repo}/tarball/${rev}`
    // Without a token the plain address: it has no limit of requests.
    if (headers.size === 0) return `https://${host}/${owner}/${repo}/archive/${rev}.tar.gz`
    return `https://api.${host}/repos/${owner}/${repo}/tarball/${rev}`
  },
}

const gitlab: Forge = {
  host: "gitlab.com",
  tokenHeader(token, warn) {
    const colon = token.indexOf(":")
    const kind = colon < 0 ? token : token.slice(0, colon)
    const value = token.slice(colon + 1)
    if (kind === "OAuth2") return ["authorization", `Bearer ${value}`]
    if (kind === "PAT") return ["private-token", value]
    warn(`Unrecognized GitLab token type ${kind}`)
    return [kind.toLowerCase(), value]
  },
  async resolve(ctx, repo, ref) {
    const url = `https://${repo.host}/api/v4/projects/${repo.owner}%2F${repo.repo}/repository/commits?ref_name=${ref}`
    const answer = await json(ctx, repo, url)
    if (Array.isArray(answer)) {
      const [first] = answer as readonly JsonValue[]
      if (first === undefined) throw nixError("No commits returned by GitLab API -- does the git ref really exist?")
      if (isJsonObject(first)) return revision(first["id"], url)
    }
    throw nixError(`Unexpected response received from GitLab: ${printJson(answer)}`)
  },
  archiveUrl: ({ host, owner, repo }, rev) => `https://${host}/api/v4/projects/${owner}%2F${repo}/repository/archive.tar.gz?sha=${rev}`,
}

/** A line of `git ls-remote`. C++ Nix: git.cc parseLsRemoteLine */
const remoteLine = /^(?:ref: *)?([^\s]+)(?:\t+(.*))?$/

const sourcehut: Forge = {
  host: "git.sr.ht",
  tokenHeader: (token) => ["authorization", `Bearer ${token}`],
  async resolve(ctx, repo, ref) {
    const base = `https://${repo.host}/${repo.owner}/${repo.repo}`
    const wanted = new Set([`refs/heads/${ref}`, `refs/tags/${ref}`])
    if (ref === "HEAD") {
      const [line = ""] = (await downloadText(ctx, `${base}/HEAD`, repo.headers)).split("\n")
      const target = remoteLine.exec(line)?.[1]
      if (target === undefined) throw nixError(`in '${showInput(repo.input)}', couldn't resolve HEAD ref '${ref}'`)
      wanted.clear()
      wanted.add(target)
    }
    for (const line of (await downloadText(ctx, `${base}/info/refs`, repo.headers)).split("\n")) {
      const [, target, name] = remoteLine.exec(line) ?? []
      if (name !== undefined && wanted.has(name)) return revision(target, `${base}/info/refs`)
    }
    throw nixError(`in '${showInput(repo.input)}', couldn't find ref '${ref}'`)
  },
  archiveUrl: ({ host, owner, repo }, rev) => `https://${host}/${owner}/${repo}/archive/${rev}.tar.gz`,
}

const forges: Readonly<Record<string, Forge>> = { github, gitlab, sourcehut }

/** The types of inputs that are archives of hosting services. */
export const forgeTypes: ReadonlySet<string> = new Set(Object.keys(forges))

/** The token for a repository: that of the longest beginning of `HOST/OWNER/REPO`, whole parts only. C++ Nix: getAccessToken */
export function accessToken(tokens: ReadonlyMap<string, string>, host: string, owner: string, repo: string): string | undefined {
  const path = `${host}/${owner}/${repo}`
  let longest = ""
  for (const key of tokens.keys()) if (key.length > longest.length && (path === key || path.startsWith(`${key}/`))) longest = key
  return tokens.get(longest === "" ? host : longest)
}

/** An archive to fetch: where it is and what it is the archive of. */
export interface ForgeArchive {
  readonly url: string
  readonly headers: ReadonlyMap<string, string>
  /** 40 digits. */
  readonly rev: string
}

/** Finds the archive of an input of one of forgeTypes; asks the service if the input has no revision. */
export async function findArchive(ctx: FetchContext, input: InputAttrs): Promise<ForgeArchive> {
  const forge = forges[String(input.get("type"))] as Forge // callers have looked in forgeTypes
  const [owner, repo] = [String(input.get("owner")), String(input.get("repo"))]
  const host = String(input.get("host") ?? forge.host)
  const token = accessToken(ctx.settings.accessTokens, host, owner, repo)
  const headers = new Map(token === undefined ? [] : [forge.tokenHeader(token, (message) => ctx.warn(message))])
  const ref = String(input.get("ref") ?? "HEAD")
  const known = input.get("rev")
  const asked: Repo = { input: known === undefined ? new Map([...input, ["ref", ref]]) : input, host, owner, repo, headers }
  const rev = known === undefined ? await forge.resolve(ctx, asked, ref) : revisionOf(String(known))
  return { url: forge.archiveUrl(asked, rev), headers, rev }
}

/** The revision of an input in base 16; without the name of an algorithm it is SHA-1. C++ Nix: Input::getRev */
export function revisionOf(text: string): string {
  return reading(() => printBase16((text.includes(":") ? parsePrefixedHash(text) : parseHash(text, "sha1")).bytes))
}
