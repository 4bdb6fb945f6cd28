// Files of the user's that come into the workspace, and what is said of those that cannot.

import type { ReadFiles } from "./file-reader.ts"
import type { Workbench } from "./workbench.ts"

/** Adds what was read; can be undone. */
export async function bringIn(bench: Workbench, reading: Promise<ReadFiles>): Promise<void> {
  const { files, skipped } = await reading
  if (Object.keys(files).length > 0) bench.addFiles(files)
  if (skipped.length === 0) return
  bench.notify(
    `Left out, since they are no text or too large: ${skipped.slice(0, 5).join(", ")}. The store takes everything, archives too.`,
    {
      urgent: true,
      action: { label: "Open the store", run: () => bench.setPane("store") },
    },
  )
}
