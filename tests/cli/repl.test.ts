// The built program's repl at the other end of a pipe.

import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))

test("answers line by line, ends with its input, and writes errors to standard error", async () => {
  const child = spawn(process.execPath, [program, "repl"], { env: { PATH: process.env["PATH"] } })
  let out = ""
  let err = ""
  const answered = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out += String(chunk)
      if (out.includes("2\n\n")) resolve()
    })
  })
  child.stderr.on("data", (chunk: Buffer) => {
    err += String(chunk)
  })
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  child.stdin.write("x = 1 +\n1\nx\n")
  await answered
  child.stdin.end('nope\n"\u00fc"')
  expect(await ended).toBe(0)
  expect(out).toBe('\n2\n\n\n"\u00fc"\n\n\n')
  expect(err).toContain("Nix 2.36.0\nType :? for help.\nerror: undefined variable 'nope'")
})
