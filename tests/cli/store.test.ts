// The built program and a store in a folder: pipes, bytes that are no text, exit statuses.

import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { fileURLToPath } from "node:url"
import { afterAll, expect, test } from "vitest"

const program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))
const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-program-`))

afterAll(() => {
  fs.chmodSync(folder, 0o755)
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) fs.chmodSync(`${entry.parentPath}/${entry.name}`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

function run(argv: readonly string[], input: Buffer = Buffer.alloc(0)): { status: number | null; out: Buffer; err: string } {
  const env = { PATH: process.env["PATH"] }
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], { cwd: folder, input, env, maxBuffer: 1 << 26 })
  return { status, out: stdout, err: stderr.toString() }
}

const expr = (flag: string): string => `let low = derivation { name = "low"; system = "s"; builder = "b"; flag = "${flag}"; };
  in derivation { name = "top"; system = "s"; builder = "b"; inherit low; }`

test("derivations are written, shown, added and compared", () => {
  const [left, right] = ["1", "2"].map((flag) =>
    run(["instantiate", "--store", "s", "-E", expr(flag)])
      .out.toString()
      .trim(),
  ) as [string, string]
  expect(fs.readFileSync(`${folder}/s${left}`, "latin1")).toMatch(/^Derive\(/)
  const shown = run(["derivation", "show", "--store", "s", left])
  const { derivations } = JSON.parse(shown.out.toString()) as { derivations: Record<string, unknown> }
  const json = Buffer.from(JSON.stringify(Object.values(derivations)[0]))
  expect(run(["derivation", "add", "--store", "s"], json)).toEqual({ status: 0, out: Buffer.from(`${left}\n`), err: "" })
  const diff = run(["derivation", "diff", "--store", "s", left, right])
  expect(diff.status).toBe(1)
  expect(diff.out.toString()).toContain("\nlow\n  by top → low\n  variable flag\n    - 1\n    + 2\n")
  expect(run(["derivation", "diff", `s${left}`, `s${left}`]).status).toBe(0)
})

test("archives go through pipes byte by byte", () => {
  fs.mkdirSync(`${folder}/tree`)
  fs.writeFileSync(`${folder}/tree/bytes`, Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)))
  const { out } = run(["nar", "dump", "tree"])
  expect(out.length).toBeGreaterThan(300_000)
  expect(run(["nar", "restore", "again"], out)).toMatchObject({ status: 0, err: "" })
  expect(fs.readFileSync(`${folder}/again/bytes`).equals(fs.readFileSync(`${folder}/tree/bytes`))).toBe(true)
  expect(run(["nar", "cat", "-", "/bytes"], out).out.equals(fs.readFileSync(`${folder}/tree/bytes`))).toBe(true)
})

test("a wrong command or file is an error, not a stack trace", () => {
  for (const argv of [
    ["store"],
    ["store", "tree", "/x"],
    ["nar", "ls", "none", "/"],
    ["hash", "file", "none"],
    ["derivation", "show", "none"],
  ]) {
    const { status, out, err } = run(argv)
    expect([status, out.length]).toEqual([1, 0])
    expect(err).toMatch(/^error: /)
    expect(err).not.toContain("    at ")
  }
})
