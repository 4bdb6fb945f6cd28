// The built program as a gateway, in a process of its own.
import { type ChildProcess, spawn } from "node:child_process"
import { randomInt } from "node:crypto"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))

export interface Program {
  readonly url: string
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  /** What it has written to standard error. */
  errors(): string
}

/**
 * A port that nobody has, for a program that is to come back on it: below those from which systems take what connections and servers
 * without a number get, so that nobody gets it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + randomInt(20_000)
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.on("error", () => resolve(false))
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

/** Starts the program over a folder, on a port (0 for any); fulfilled when it listens. The caller ends it. */
export async function startProgram(store: string, port = 0, flags: readonly string[] = []): Promise<Program> {
  const argv = [program, "gateway", "--listen", `127.0.0.1:${port}`, "--store", store, ...flags]
  const child = spawn(process.execPath, argv, { env: { PATH: process.env["PATH"] }, stdio: ["ignore", "pipe", "pipe"] })
  let err = ""
  child.stderr.on("data", (chunk: Buffer) => {
    err += String(chunk)
  })
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(String(chunk).split("\n")[0]!))
    void ended.then(() => reject(new Error(`the gateway ended: ${err}`)))
  })
  return { url, child, ended, errors: () => err }
}
