// Fetches files from elsewhere, once the user has said so: an address, a gist, a file of a GitHub repository, a bundle on a gateway.

import type { Shared } from "../link/envelope.ts"
import { sizeText } from "../store/size-text.ts"
import { type createWorkspace, pathProblem } from "../workspace/workspace.ts"
import type { Source } from "./page-address.ts"
import { workspaceOf } from "./shared-workspace.ts"

const LARGEST = 4 * 2 ** 20

/** What was loaded, ready to be a workspace. */
export type LoadedSource = Parameters<typeof createWorkspace>[0]

/** How loading is stopped, and told how far it is: a sentence for people. */
export interface Loading {
  readonly signal: AbortSignal
  readonly progress: (said: string) => void
}

/** How a bundle is fetched: by the engine, which speaks to gateways. */
export type FetchBundle = (root: string, url: string, loading: Loading) => Promise<Shared>

/** Loads the files. Rejects with a sentence for people. */
export async function loadSource(source: Source, fetchBundle: FetchBundle, loading: Loading): Promise<LoadedSource> {
  switch (source.kind) {
    case "bundle":
      return workspaceOf(checkedBundle(await fetchBundle(source.root, source.url, loading))).workspace
    case "url":
      return oneFile(source.url, new URL(source.url).pathname, loading)
    case "github": {
      const { owner, repo, ref, path } = source
      return oneFile(`https://raw.githubusercontent.com/${owner}/${repo}/${ref}/${path}`, path, loading)
    }
    case "gist":
      return gist(source.id, loading)
  }
}

/** What a bundle holds, if a workspace can hold it too. */
export function checkedBundle(shared: Shared): Shared {
  const names = Object.keys(shared.files)
  if (names.length === 0) throw new Error("that bundle has no files")
  for (const name of names) {
    const problem = pathProblem(name)
    if (problem !== null) throw new Error(`that bundle has a file with the bad path ${JSON.stringify(name)}: ${problem}`)
  }
  return shared
}

async function oneFile(url: string, path: string, loading: Loading): Promise<LoadedSource> {
  const name = path.split("/").pop() ?? ""
  const entry = pathProblem(name) === null ? name : "main.nix"
  return { name: entry, files: { [entry]: await textAt(url, loading) }, entry }
}

async function gist(id: string, loading: Loading): Promise<LoadedSource> {
  const answer: unknown = JSON.parse(await textAt(`https://api.github.com/gists/${id}`, loading))
  const listed = typeof answer === "object" && answer !== null && "files" in answer ? (answer.files as Record<string, unknown>) : {}
  const files: Record<string, string> = {}
  for (const [name, file] of Object.entries(listed)) {
    const { content, truncated, raw_url: raw } = (file ?? {}) as { content?: unknown; truncated?: unknown; raw_url?: unknown }
    if (typeof content !== "string" || pathProblem(name) !== null) continue
    // Of a long file the answer has only the beginning.
    if (truncated !== true) files[name] = content
    else if (typeof raw === "string" && raw.startsWith("https://gist.githubusercontent.com/")) files[name] = await textAt(raw, loading)
    else throw new Error(`that gist has only the beginning of '${name}'`)
  }
  const names = Object.keys(files)
  const entry =
    names.find((name) => name === "main.nix" || name === "default.nix") ?? names.find((name) => name.endsWith(".nix")) ?? names[0]
  if (entry === undefined) throw new Error("that gist has no files that can be read")
  return { name: `Gist ${id.slice(0, 8)}`, files, entry }
}

async function textAt(url: string, { signal, progress }: Loading): Promise<string> {
  let response: Response
  try {
    response = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", signal })
  } catch {
    signal.throwIfAborted()
    throw new Error(`${new URL(url).host} could not be reached, or does not let other sites read it`)
  }
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`)
  const bytes = await bytesOf(response, progress)
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new Error("that is no text")
  }
}

/** The bytes of an answer; no more are taken than a workspace could hold. */
async function bytesOf({ body }: Response, progress: Loading["progress"]): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = body?.getReader()
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    parts.push(part.value)
    length += part.value.length
    if (length > LARGEST) {
      await reader?.cancel()
      throw new Error("that is too large for a workspace")
    }
    progress(sizeText(length))
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
