// The lock file is complete (`npm ci` works on every platform) and names no registry. Why it might not be: setup/lock.mjs.
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { missingOptional, platformEntry } from "./setup/lock.mjs"

const text = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")
const lock = JSON.parse(text)
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))

test("the lock file lists every optional platform package", () => {
  expect(missingOptional(lock)).toEqual([])
  expect(Object.keys(lock.packages).length).toBeGreaterThan(100)
})

test("the lock file holds no registry address", () => {
  const addresses = Object.entries<{ resolved?: string }>(lock.packages).filter(([, entry]) => entry.resolved !== undefined)
  expect(addresses).toEqual([])
  expect(text).not.toMatch(/https?:\/\/[^"]*\.tgz/)
})

test("every dependency has an exact version, the lock's own", () => {
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies }
  for (const [name, version] of Object.entries(wanted))
    expect(`${name} ${lock.packages[`node_modules/${name}`]?.version}`).toBe(`${name} ${version}`)
})

test("a left-out platform package is found and gets an entry with its platform", () => {
  const broken = {
    packages: { "node_modules/tool": { version: "1.0.0", dev: true, optionalDependencies: { "@tool/cli-linux-x64-musl": "1.0.0" } } },
  }
  const missing = missingOptional(broken)
  expect(missing).toEqual([{ name: "@tool/cli-linux-x64-musl", version: "1.0.0", dev: true }])
  expect(platformEntry(missing[0]!)).toEqual({ version: "1.0.0", cpu: ["x64"], dev: true, libc: ["musl"], optional: true, os: ["linux"] })
})
