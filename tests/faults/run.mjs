// `npm run faults -- [--count N] [--seed N] [EXPERIMENT…]`: builds that are disturbed at random moments, and what became of each; without
// names, all experiments. The usual tests do a few moments of each; the cluster, which needs root, is done here only.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
/** Experiments that are in other folders, because of what they need. @type {Record<string, string>} */
const elsewhere = { reload: "tests/page/build-reload.test.ts" }
const here = readdirSync(`${root}tests/faults`).flatMap((name) => (name.endsWith(".test.ts") ? [name.replace(".test.ts", "")] : []))
const known = [...here, ...Object.keys(elsewhere)]

const args = process.argv.slice(2)
/** @param {string} name @param {string} fallback */
function option(name, fallback) {
  const at = args.indexOf(name)
  return at < 0 ? fallback : (args.splice(at, 2)[1] ?? fallback)
}
const count = option("--count", "50")
const seed = option("--seed", "")
const chosen = args.length === 0 ? known : args
const unknown = chosen.filter((name) => !known.includes(name))
if (unknown.length > 0 || !/^[1-9]\d*$/.test(count) || !/^\d*$/.test(seed)) {
  console.error(`usage: npm run faults -- [--count N] [--seed N] [${known.join("|")}]…`)
  process.exit(2)
}
let status = 0
for (const name of chosen) {
  const file = elsewhere[name] ?? `tests/faults/${name}.test.ts`
  if (!existsSync(root + file)) throw new Error(`${file} is not there`)
  console.log(`\n${name}`)
  const argv = ["run", "--config", "tests/vitest.config.ts", "--project", "page", file]
  const env = { ...process.env, THUNKPAD_FAULTS_COUNT: count, ...(seed === "" ? {} : { THUNKPAD_FAULTS_SEED: seed }) }
  const run = spawnSync(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, ...argv], { cwd: root, env, stdio: "inherit" })
  if (run.status !== 0) status = 1
}
process.exitCode = status
