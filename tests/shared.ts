// Where the conformance data is: beside the repository (../shared), or where THUNKPAD_SHARED says. It is no part of the project
// (Nix's own tests are LGPL), so a clone may be without it: then its tests are counted as skipped, never as passed.
import { existsSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, test } from "vitest"

const named = process.env["THUNKPAD_SHARED"] ?? fileURLToPath(new URL("../../shared", import.meta.url))
// Without symlinks on the way: paths in messages are compared with it.
const folder = existsSync(named) ? realpathSync(named) : named

/** Whether the conformance data is there. */
export const sharedIsHere: boolean = existsSync(folder)

/** The absolute path of `path` in the conformance data (`shared("conformance/nix-lang")`); throws when the data is not there. */
export function shared(path: string): string {
  if (!sharedIsHere) throw new Error(`the conformance data is not at ${folder}; THUNKPAD_SHARED says where else`)
  return join(folder, path)
}

/** A `describe` whose tests read `path` of the conformance data; one skipped test that says so when the data is not there. */
export function describeShared(name: string, path: string, tests: (folder: string) => void): void {
  if (sharedIsHere) describe(name, () => tests(shared(path)))
  else test.skip(`${name}: needs the conformance data, which is not at ${folder}`, () => {})
}
