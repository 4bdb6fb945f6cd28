// Builds dist/ when it is missing or older than what it is made of. Used by `npm start` and by the tests of the built files.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const SOURCES = ["app", "engine", "public", "index.html", "vite.config.ts", "package.json", "package-lock.json", "tsconfig.json"]
// What `npm run build` writes: the app, and last the command line. Either can be built alone, so the older of the two counts.
const BUILT = ["dist/index.html", "dist/cli/thunkpad.js"]

/**
 * Runs `npm run build` unless dist/ is newer than every source.
 * @throws {Error} when the build fails
 */
export function ensureBuilt() {
  const built = BUILT.map((name) => join(root, name))
  const oldest = built.every(existsSync) ? Math.min(...built.map((path) => statSync(path).mtimeMs)) : 0
  if (newest(SOURCES.map((name) => join(root, name))) <= oldest) return
  console.log("Building dist/ ...")
  // vitest sets NODE_ENV=test, with which vite would bundle React's development build without a word.
  const env = { ...process.env, NODE_ENV: "production" }
  const run = spawnSync("npm", ["run", "build", "--silent"], { cwd: root, env, encoding: "utf8", shell: process.platform === "win32" })
  if (run.status !== 0) throw new Error(`npm run build failed\n${run.stdout}${run.stderr}`)
}

/**
 * The latest change (ms) of files and folders; a folder's own time tells of deletions.
 * @param {string[]} paths
 * @returns {number}
 */
function newest(paths) {
  let latest = 0
  for (const path of paths) {
    if (!existsSync(path)) continue
    const stat = statSync(path)
    latest = Math.max(latest, stat.mtimeMs)
    if (stat.isDirectory()) latest = Math.max(latest, newest(readdirSync(path).map((name) => join(path, name))))
  }
  return latest
}
