// The language suite's files in a folder of their own, as its runner wants them: lang/ in the working directory.

import * as fs from "node:fs"
import * as os from "node:os"
import { shared } from "../shared.ts"

/** Makes the folder and returns its path; the working directory of the tests. */
export function langFolder(): string {
  const dir = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-lang-`))
  fs.cpSync(shared("conformance/nix-lang"), `${dir}/lang`, { recursive: true, verbatimSymlinks: true })
  // A checkout may have lost the symlinks; the data names them.
  const links = JSON.parse(fs.readFileSync(`${dir}/lang/SYMLINKS.json`, "utf8")) as Record<string, string>
  for (const [path, target] of Object.entries(links)) {
    fs.rmSync(`${dir}/lang/${path}`, { recursive: true, force: true })
    fs.symlinkSync(target, `${dir}/lang/${path}`)
  }
  process.on("exit", () => fs.rmSync(dir, { recursive: true, force: true }))
  return dir
}
