// What is compared with the open workspace: what a link carries, another workspace, an earlier state.

import type { Asked, Source } from "../share/page-address.ts"
import { askedBy } from "../share/page-address.ts"
import { pastedAddress } from "../share/pasted-address.ts"
import { workspaceOf } from "../share/shared-workspace.ts"
import { createWorkspace, requestOf, type Workspace } from "../workspace/workspace.ts"

/** What a pasted text is: files at once, files elsewhere which are fetched when the user says so, or why it cannot be opened. */
export type Pasted =
  | { readonly kind: "workspace"; readonly workspace: Workspace }
  | { readonly kind: "source"; readonly source: Source }
  | { readonly kind: "wrong"; readonly why: string }

/** Reads what was pasted; fetches nothing. */
export async function readPasted(text: string): Promise<Pasted> {
  const asked: Asked = await askedBy(pastedAddress(text.trim()))
  switch (asked.kind) {
    case "shared":
      return { kind: "workspace", workspace: createWorkspace(workspaceOf(asked.shared).workspace) }
    case "source":
      return { kind: "source", source: asked.source }
    case "wrong":
      return { kind: "wrong", why: `This link cannot be opened: ${asked.why}.` }
    default:
      return { kind: "wrong", why: "That is no link that can be compared." }
  }
}

/** The request that evaluates a side: whoever wrote it, under the budget of links, and without the network. */
export function comparedRequest(workspace: Workspace): ReturnType<typeof requestOf> {
  const request = requestOf({ ...workspace, foreign: true }, false)
  return { ...request, options: { ...request.options, observe: 0 } }
}

/** Every file of either side, the changed ones first; null where it is not there. */
export function comparedFiles(left: Workspace, right: Workspace): { path: string; left: string | null; right: string | null }[] {
  const paths = [...new Set([...Object.keys(left.files), ...Object.keys(right.files)])].sort()
  const files = paths.map((path) => ({ path, left: left.files[path] ?? null, right: right.files[path] ?? null }))
  return [...files.filter((file) => file.left !== file.right), ...files.filter((file) => file.left === file.right)]
}

/** What differs besides the files, in words: entry and settings. */
export function comparedSettings(left: Workspace, right: Workspace): { name: string; left: string; right: string }[] {
  const facts = ({ entry, settings }: Workspace): Record<string, string> => ({
    entry,
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, Array.isArray(value) ? value.join(" ") : String(value)])),
  })
  const [before, after] = [facts(left), facts(right)]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((name) => ({ name, left: before[name] ?? "", right: after[name] ?? "" }))
    .filter((fact) => fact.left !== fact.right)
}
