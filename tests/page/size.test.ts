// The built page stays within its budgets: gzip, of what is loaded together.
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

test("the shell, the engine's worker and the editors are not larger than they may be", () => {
  const html = readFileSync(`${root}/dist/index.html`, "utf8")
  // The script, what it imports at once, and the style.
  const shell = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, file]) => `${root}/dist/${file}`)
  const assets = readdirSync(`${root}/dist/assets`)
  const asset = (name: RegExp): string[] => assets.filter((file) => name.test(file)).map((file) => `${root}/dist/assets/${file}`)
  const budgets = [
    { name: "the shell, before the editor", path: shell, limit: "120 kB", gzip: true },
    { name: "the engine's worker", path: asset(/^worker-.*\.js$/), limit: "200 kB", gzip: true },
    { name: "the full editor", path: asset(/^(?:CodeEditor|monaco)-.*\.js$/), limit: "900 kB", gzip: true },
    { name: "the editor of differences", path: asset(/^DifferenceEditor-.*\.js$/), limit: "90 kB", gzip: true },
    { name: "the light editor", path: asset(/^LightEditor-.*\.js$/), limit: "140 kB", gzip: true },
  ]
  for (const { name, path } of budgets) expect(path.length, name).toBeGreaterThan(0)
  mkdirSync(`${root}/.cache`, { recursive: true })
  writeFileSync(`${root}/.cache/size-limit.json`, JSON.stringify(budgets))
  const args = ["node_modules/size-limit/bin.js", "--json", "--config", ".cache/size-limit.json"]
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" })
  const found: { name: string; passed: boolean; size: number; sizeLimit: number }[] = JSON.parse(run.stdout)
  expect(found).toHaveLength(budgets.length)
  for (const { name, passed, size, sizeLimit } of found) {
    expect(size, name).toBeGreaterThan(1000)
    expect(passed, `${name}: ${size} bytes of ${sizeLimit}`).toBe(true)
  }
})
