// The built program fetches: what it needs for that is loaded only then. Killed at random moments it leaves nothing that is not whole.

import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { startServer, type TestServer } from "../fetch/server.ts"

const program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))
const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-fetching-`))
let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.close()
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) fs.chmodSync(`${entry.parentPath}/${entry.name}`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs the program without blocking the server; `kill` says after how many milliseconds it is killed. */
function run(argv: readonly string[], kill?: number): Promise<Ran> {
  const args = argv.map((arg) => arg.replaceAll("BASE", server.base))
  const child = spawn(process.execPath, [program, "instantiate", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder },
  })
  const text = { out: "", err: "" }
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk.toString()
  })
  child.stderr.on("data", (chunk: Buffer) => {
    text.err += chunk.toString()
  })
  const timer = kill === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), kill)
  return new Promise((done) =>
    child.on("close", (status) => {
      clearTimeout(timer)
      done({ status, ...text })
    }),
  )
}

const source = "aabxry2pbba71qw0w1zywr5hqwmqfazk-source"

test.each(["gz", "xz", "bz2", "zst"])("an archive in %s", async (ending) => {
  const ran = await run(["--store", `store-${ending}`, "--eval", "-E", `import (fetchTarball "BASE/plain.tar.${ending}")`, "--strict"])
  expect(ran).toEqual({ status: 0, out: '{ answer = 42; text = "some text\\n"; }\n', err: "" })
  expect(fs.readdirSync(`${folder}/store-${ending}/nix/store`)).toEqual([source])
})

test("without a store into the user's cache folder", async () => {
  expect(await run(["--eval", "-E", 'builtins.readFile (fetchTarball "BASE/plain.tar" + "/dir/text")'])).toEqual({
    status: 0,
    out: '"some text\\n"\n',
    err: "",
  })
  expect(fs.readdirSync(`${folder}/.cache/thunkpad`).sort()).toEqual(["fetched.json", "store"])
})

test("an error is one, with status 1", async () => {
  const ran = await run(["--option", "download-attempts", "1", "--eval", "-E", 'builtins.fetchurl "BASE/status/404/x"'])
  expect([ran.status, ran.out]).toEqual([1, ""])
  expect(ran.err).toContain(`unable to download '${server.base}/status/404/x': HTTP error 404`)
})

test("killed at any moment: each object is whole or not there, and the next try succeeds", async () => {
  for (let round = 0; round < 15; round++) {
    const argv = [
      "--store",
      "killed",
      "--option",
      "tarball-ttl",
      "0",
      "--eval",
      "-E",
      `fetchTarball { url = "BASE/plain.tar.gz"; name = "n${round % 3}"; }`,
    ]
    await run(argv, 60 + round * 15)
    const dir = `${folder}/killed/nix/store`
    const objects = fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => !name.startsWith(".tmp-")) : []
    for (const name of objects) {
      const names = fs.readdirSync(`${dir}/${name}`, { recursive: true }).sort()
      expect(names).toEqual(["default.nix", "dir", "dir/group-may-run", "dir/run", "dir/text", "empty", "link"])
    }
  }
  const { out } = await run(["--store", "killed", "--eval", "-E", 'fetchTarball "BASE/plain.tar.gz"'])
  expect(out).toBe(`"/nix/store/${source}"\n`)
})
