// The language suite's files in a folder of their own, as its runner wants them: lang/ in the working directory.

import * as fs from "node:fs"
import * as os from "node:os"
import { shared } from "../shared.ts"

/** Makes the folder (a symlink to the data is enough) and returns its path; the working directory of the tests. */
export function langFolder(): string {
  const dir = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-lang-`))
  fs.cpSync(shared("conformance/nix-lang"), `${dir}/lang`, { recursive: true, verbatimSymlinks: true })
  process.on("exit", () => fs.rmSync(dir, { recursive: true, force: true }))
  return dir
}
