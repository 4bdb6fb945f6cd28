// A stand-in of the hosting services: what Nix asks of GitHub, GitLab and SourceHut, their own hosts and others.

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http"

export const main = "a".repeat(40)
export const feature = "b".repeat(40)
export const old = "0123456789abcdef0123456789abcdef01234567"

/** Sends an answer. */
export type Send = (status: number, headers: OutgoingHttpHeaders, body?: Uint8Array | string) => undefined
/** Makes the archive of a revision. */
type Repository = (name: string, rev: string) => Uint8Array

const refs: Readonly<Record<string, string>> = { HEAD: main, main, feature, "feature/deep": feature, "v1.0": old }

/** Whether a request has the token that private things ask for. */
function permitted(headers: IncomingHttpHeaders): boolean {
  return (
    ["token gh-secret", "Bearer gl-secret", "Bearer sr-secret"].includes(headers.authorization ?? "") ||
    headers["private-token"] === "gl-pat"
  )
}

const json = (value: unknown): string => JSON.stringify(value)

/** Answers a request to any of the hosts. The repository `private` asks for a token, `limited` says that there were too many requests. */
export function answerForge(path: string, headers: IncomingHttpHeaders, send: Send, repository: Repository): undefined {
  const github = /^(?:\/api\/v3)?\/repos\/([^/]+)\/([^/]+)\/(commits|tarball)\/(.+)$/.exec(path)
  const githubArchive = /^\/([^/]+)\/([^/]+)\/archive\/(.+)\.tar\.gz$/.exec(path)
  const gitlab = /^\/api\/v4\/projects\/([^/]+)%2[fF]([^/]+)\/repository\/(commits\?ref_name|archive\.tar\.gz\?sha)=(.+)$/.exec(path)
  const refFile = /^\/([^/]+)\/([^/]+)\/(HEAD|info\/refs)$/.exec(path)
  const found = github ?? githubArchive ?? gitlab ?? refFile
  const repo = found?.[2] ?? ""
  if (found === null || repo === "missing") return send(404, {}, json({ message: "Not Found" }))
  if (repo === "limited") return send(403, {}, json({ message: "API rate limit exceeded" }))
  if (repo === "private" && !permitted(headers)) return send(404, {}, json({ message: "Not Found" }))
  const archive = (rev: string): undefined => send(200, { "Content-Type": "application/gzip" }, repository(repo, rev))
  if (github !== null) {
    const [, , , what, ref = ""] = github
    if (what === "tarball") return archive(ref)
    const rev = refs[ref]
    if (rev === undefined) return send(422, {}, json({ message: `No commit found for SHA: ${ref}` }))
    if (headers.accept === "application/vnd.github.sha") return send(200, {}, rev)
    return send(200, {}, json({ sha: rev, commit: { tree: { sha: "c".repeat(40) } } }))
  }
  if (gitlab !== null) {
    const [, , , what, ref = ""] = gitlab
    if (what?.startsWith("archive")) return archive(ref)
    if (repo === "odd") return send(200, {}, json({ error: "odd" }))
    const rev = refs[decodeURIComponent(ref)]
    return send(200, {}, json(rev === undefined ? [] : [{ id: rev }, { id: old }]))
  }
  if (refFile !== null) {
    if (refFile[3] === "HEAD") return send(200, {}, repo === "detached" ? "nonsense\n" : "ref: refs/heads/main\n")
    const lines = Object.entries(refs).filter(([ref]) => ref !== "HEAD")
    return send(200, {}, lines.map(([ref, rev]) => `${rev}\trefs/${ref.startsWith("v") ? "tags" : "heads"}/${ref}\n`).join(""))
  }
  return archive(githubArchive?.[3] ?? "")
}
