// What the user should know before going on: that nothing can be kept, or that the last visit ended badly.

import type { Workspace } from "./workspace.ts"

export function Notices({ workspace }: { readonly workspace: Workspace }) {
  return (
    <div role="status">
      {workspace.interrupted ? (
        <p className="notice">
          This tab went away while it was evaluating. Your text is as you left it; nothing runs until you press Evaluate.
        </p>
      ) : null}
      {workspace.kept ? null : (
        <p className="notice">Your text cannot be kept here: the browser denies storage to this page, or the storage is full.</p>
      )}
    </div>
  )
}
