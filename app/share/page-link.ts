// The address that opens a workspace in this page, wherever it is served.

import { encodeLink } from "../link/codec.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { type Looking, sharedOf } from "./shared-workspace.ts"

/** The whole link. */
export function linkOf(workspace: Workspace, looking: Looking): string {
  return location.href.replace(/[?#].*$/, "") + encodeLink(sharedOf(workspace, looking))
}
