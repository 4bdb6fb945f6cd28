// The address that opens a workspace in this page, wherever it is served.

import { encodeLink, fitsLink, LinkError } from "../link/codec.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { type Looking, sharedOf } from "./shared-workspace.ts"

/** The whole link. Throws LinkError for a workspace that is too large for one. */
export function linkOf(workspace: Workspace, looking: Looking): string {
  const shared = sharedOf(workspace, looking)
  if (!fitsLink(shared)) throw new LinkError("this workspace is too large for a link")
  return location.href.replace(/[?#].*$/, "") + encodeLink(shared)
}
