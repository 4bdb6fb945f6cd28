// Global set-up of the tests that use the built files: dist/ is built once, before the first of them.
import { rmSync } from "node:fs"
import { ensureBuilt } from "./build.mjs"

/**
 * Called by vitest once for the project. An error thrown here would end the whole run, the other projects' tests too;
 * so a failed build is printed and takes dist/ away: the tests of the built files fail, against no older build.
 */
export function setup(): void {
  try {
    ensureBuilt()
  } catch (problem) {
    rmSync(new URL("../../dist", import.meta.url), { recursive: true, force: true })
    console.error(problem instanceof Error ? problem.message : problem)
  }
}
