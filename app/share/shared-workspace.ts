// A workspace as a link carries it, and back: files, entry, settings, the open view and the selected node.

import type { Ref } from "../../engine/worker/client.ts"
import type { Shared } from "../link/envelope.ts"
import { usualFile } from "../link/envelope.ts"
import { createWorkspace, type Workspace, type WorkspaceSettings } from "../workspace/workspace.ts"

/** What is seen of the result beside the files. */
export interface Looking {
  readonly view: string
  readonly selected: Ref | null
}

/** Names that nobody has chosen. */
export const unnamed: ReadonlySet<string> = new Set(["", "Untitled", "My first workspace", "From a link"])

const numbers = { depth: "maxCallDepth", seconds: "maxSeconds", steps: "maxSteps", bytes: "maxBytes" } as const

/** What a link of a workspace carries; nothing that is as usual. */
export function sharedOf({ name, files, entry, settings, guide }: Workspace, { view, selected }: Looking): Shared {
  const told: Record<string, string> = {}
  if (entry !== createWorkspace({ files }).entry) told["entry"] = entry
  if (!unnamed.has(name)) told["name"] = name
  if (guide !== null) told["lesson"] = guide
  if (settings.system !== undefined) told["system"] = settings.system
  if (settings.pureEval === true) told["pure"] = "1"
  if (settings.features !== undefined && settings.features.length > 0) told["features"] = settings.features.join(" ")
  for (const [short, option] of Object.entries(numbers)) {
    const value = settings[option]
    if (value !== undefined) told[short] = String(value)
  }
  if (view !== "tree") told["view"] = view
  if (selected !== null) told["sel"] = JSON.stringify(selected)
  // A single file with the usual name has the shortest form.
  const ordered = usualFile in files ? { [usualFile]: files[usualFile] as string, ...files } : files
  return { files: ordered, settings: told }
}

/** The workspace that a link carries, somebody else's; what is wrong or unknown in its settings is as usual. */
export function workspaceOf({ files, settings: told }: Shared): { readonly workspace: Parameters<typeof createWorkspace>[0] } & Looking {
  const settings: { -readonly [K in keyof WorkspaceSettings]: WorkspaceSettings[K] } = {}
  if (told["system"] !== undefined && /^[a-z0-9_]+-[a-z0-9_]+$/.test(told["system"])) settings.system = told["system"]
  if (told["pure"] === "1") settings.pureEval = true
  if (told["features"] !== undefined) settings.features = told["features"].split(" ").filter((name) => /^[a-z-]+$/.test(name))
  for (const [short, option] of Object.entries(numbers)) {
    const value = Number(told[short])
    if (Number.isFinite(value) && value > 0) settings[option] = value
  }
  const entry = told["entry"]
  const name = (told["name"] ?? "").replace(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 80)
  return {
    workspace: {
      files,
      settings,
      name: name === "" ? "From a link" : name,
      foreign: true,
      guide: told["lesson"] ?? null,
      ...(entry !== undefined && entry in files ? { entry } : {}),
    },
    view: told["view"] ?? "tree",
    selected: readRef(told["sel"]),
  }
}

function readRef(text: string | undefined): Ref | null {
  try {
    const found: unknown = text === undefined ? null : JSON.parse(text)
    return Array.isArray(found) && found.every((step) => typeof step === "string" || typeof step === "number") ? found : null
  } catch {
    return null
  }
}
