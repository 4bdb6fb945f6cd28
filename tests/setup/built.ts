// Global set-up of the tests that use the built files: dist/ is built once, before the first of them.
import { ensureBuilt } from "./build.mjs"

/** Called by vitest once for the project. */
export function setup(): void {
  ensureBuilt()
}
