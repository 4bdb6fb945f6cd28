// A workspace: the user's files with an entry, and how they are evaluated. Plain data; every change makes a new one.

import type { EngineOptions, EvaluateRequest } from "../../engine/worker/protocol.ts"

/** What can be set for one workspace, and travels with its links. */
export type WorkspaceSettings = Pick<
  EngineOptions,
  "system" | "features" | "pureEval" | "maxCallDepth" | "maxSeconds" | "maxSteps" | "maxBytes"
>

export interface Workspace {
  readonly id: string
  readonly name: string
  /** Texts by their paths, `lib/a.nix`. */
  readonly files: Readonly<Record<string, string>>
  /** Store paths of trees that were brought in, by their paths beside the files; each is `<path>` too. They do not travel with links. */
  readonly trees: Readonly<Record<string, string>>
  /** The path of the file that is evaluated. */
  readonly entry: string
  readonly settings: WorkspaceSettings
  /** True if somebody else wrote it and the user has neither changed nor started it: it runs under a small budget. */
  readonly foreign: boolean
  /** The lesson that goes with it. */
  readonly guide: string | null
}

/** Where the engine sees the files. */
export const root = "/workspace/"

/** What a program of somebody else may take. */
const foreignBudget = { maxSeconds: 5, maxBytes: 2 ** 30, maxSteps: 20_000_000 } as const

/** A workspace of given parts, the others as usual. */
export function createWorkspace(given: Partial<Workspace> & { readonly files: Workspace["files"] }): Workspace {
  const paths = Object.keys(given.files)
  const entry = paths.includes("main.nix") ? "main.nix" : (paths.find((path) => path.endsWith("default.nix")) ?? paths[0] ?? "main.nix")
  return { id: newId(), name: "Untitled", entry, trees: {}, settings: {}, foreign: false, guide: null, ...given }
}

/** A name that no other workspace has. */
export function newId(): string {
  return crypto.randomUUID().slice(0, 13)
}

/** The name of a copy that no other workspace has. */
export function copyName(name: string, taken: ReadonlySet<string>): string {
  const base = name.replace(/ \(copy(?: \d+)?\)$/, "")
  let copy = `${base} (copy)`
  for (let n = 2; taken.has(copy); n++) copy = `${base} (copy ${n})`
  return copy
}

/** Why a path cannot be a file of a workspace; null if it can. */
export function pathProblem(path: string): string | null {
  if (path === "") return "A file needs a name."
  if (path.length > 1000) return "The path is too long."
  if (/[\0-\x1f\x7f]/.test(path)) return "A path has no control characters."
  if (path.startsWith("/") || path.endsWith("/")) return "A path neither begins nor ends with a slash."
  if (path.split("/").some((step) => step === "" || step === "." || step === "..")) return "A path has no empty, '.' or '..' steps."
  return null
}

/** Why a new file or folder cannot be at a path: something is there, or a file is where a folder is needed. */
export function placeProblem(workspace: Workspace, path: string): string | null {
  const wrong = pathProblem(path)
  if (wrong !== null) return wrong
  for (const other of Object.keys(workspace.files)) {
    if (other === path || other.startsWith(`${path}/`)) return `There is a '${path}' already.`
    if (path.startsWith(`${other}/`)) return `'${other}' is a file, not a folder.`
  }
  return null
}

/** With the text of one file, which may be new. */
export function withFile(workspace: Workspace, path: string, text: string): Workspace {
  return { ...workspace, files: { ...workspace.files, [path]: text } }
}

/** The path of a file after a file or folder was moved. */
export function movedPath(path: string, from: string, to: string): string {
  return path === from ? to : path.startsWith(`${from}/`) ? to + path.slice(from.length) : path
}

/** With a file or folder under another path; the entry goes with it. */
export function moved(workspace: Workspace, from: string, to: string): Workspace {
  const files = Object.fromEntries(Object.entries(workspace.files).map(([path, text]) => [movedPath(path, from, to), text]))
  return { ...workspace, files, entry: movedPath(workspace.entry, from, to) }
}

/** With a tree of the store beside the files, under a name that is free. */
export function withTree(workspace: Workspace, name: string, storePath: string): Workspace {
  let path = name
  for (let i = 2; workspace.trees[path] !== storePath && (path in workspace.trees || placeProblem(workspace, path) !== null); i++)
    path = `${name}-${i}`
  return { ...workspace, trees: { ...workspace.trees, [path]: storePath } }
}

/** Without one of its trees. */
export function withoutTree(workspace: Workspace, path: string): Workspace {
  return { ...workspace, trees: Object.fromEntries(Object.entries(workspace.trees).filter(([tree]) => tree !== path)) }
}

/** Without a file or folder; the last file stays as an empty one. */
export function without(workspace: Workspace, path: string): Workspace {
  const left = Object.entries(workspace.files).filter(([file]) => file !== path && !file.startsWith(`${path}/`))
  const files = left.length === 0 ? { "main.nix": "" } : Object.fromEntries(left)
  const entry =
    workspace.entry in files ? workspace.entry : (Object.keys(files).find((file) => file.endsWith(".nix")) ?? Object.keys(files)[0])
  return { ...workspace, files, entry: entry ?? "main.nix" }
}

/** The request that evaluates a workspace. */
export function requestOf(workspace: Workspace, allowFetch: boolean): EvaluateRequest {
  const files = Object.fromEntries(Object.entries(workspace.files).map(([path, text]) => [root + path, text]))
  const { features = [], ...settings } = workspace.settings
  const own = { observe: OBSERVED, ...settings, features: features.filter((name) => name !== "") }
  const options = workspace.foreign ? { ...own, ...foreignBudget } : own
  const mounted = Object.entries(workspace.trees).filter(([path, tree]) => pathProblem(path) === null && tree.startsWith("/"))
  const trees = Object.fromEntries(mounted.map(([path, tree]) => [root + path, tree]))
  const nixPath = mounted.map(([path]) => `${path}=${root}${path}`)
  return { file: root + workspace.entry, files, trees, nixPath, base: root.slice(0, -1), options, allowFetch }
}

/** Steps of an evaluation that are observed: the tree tells what forced what. */
const OBSERVED = 20_000

/** The path in the workspace of a file as the engine names it; null for any other file. */
export function pathOf(file: string): string | null {
  return file.startsWith(root) ? file.slice(root.length) : null
}
