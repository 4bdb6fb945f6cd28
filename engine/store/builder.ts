// What builds what evaluation needs, as the host over a store sees it.

import type { StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "./path-info-store.ts"

/** An output of a derivation of the store. */
export interface BuiltOutput {
  readonly drvPath: StorePath
  readonly output: string
}

/** What builds for evaluation. */
export interface Builder {
  /** Makes outputs be in the store; gives what is known of them, in the same order. Rejects with NixError or StoreError. */
  realise(outputs: readonly BuiltOutput[]): Promise<readonly StoredPath[]>
}
