// A bundle that the user has as a file: opened beside what is there, like a link.

import type { EngineBundles } from "../../engine/worker/client.ts"
import type { Workbench } from "../workbench.ts"
import { checkedBundle } from "./source-loader.ts"

/** Opens a bundle; what is wrong with it is said. */
export async function openBundle(bench: Workbench, bundles: EngineBundles, file: File): Promise<void> {
  try {
    bench.openShared(checkedBundle(await bundles.read(new Uint8Array(await file.arrayBuffer()))))
  } catch (e) {
    bench.notify(`'${file.name}' cannot be opened: ${e instanceof Error ? e.message : String(e)}.`, { urgent: true })
  }
}
