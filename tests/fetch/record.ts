// Asks real Nix what the golden files hold. `THUNKPAD_RECORD_NIX="nix-instantiate"` (any command that takes its arguments) in front
// of the tests writes them anew.

import { execFile, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import * as os from "node:os"
import { repository } from "./archives.ts"
import type { Group } from "./cases.ts"
import { answerForge } from "./forge.ts"

/** What an expression gives: a value as printed, or the last error's message without colours. BASE stands for the server. */
export interface Golden {
  readonly expr: string
  readonly out?: string
  readonly error?: string
  /** Nix itself crashed. */
  readonly crash?: true
}

/** The last error of a command's standard error, without its indentation. */
export function lastError(text: string): string {
  const plain = text.replace(/\x1b\[[0-9;]*m/g, "")
  const [start] = [...plain.matchAll(/(?:^|\n)( *)error: /g)].slice(-1)
  if (start === undefined) return plain
  const message = plain.slice(start.index + start[0].length).trimEnd()
  return message.replaceAll(`\n${" ".repeat(7)}${start[1]}`, "\n").replaceAll(`\n${start[1]}`, "\n")
}

/** The command that records, or null in ordinary runs. */
export function recorder(): readonly string[] | null {
  const command = process.env["THUNKPAD_RECORD_NIX"]
  return command === undefined || command === "" ? null : command.split(" ")
}

/** Runs a command without blocking the server that it talks to. Texts are byte strings. */
export function runNix(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<{ readonly out: string; readonly err: string; readonly status: number }> {
  const [program = "", ...rest] = argv
  return new Promise((done) => {
    execFile(program, rest, { cwd, env: { ...process.env, ...env }, encoding: "latin1", maxBuffer: 1 << 26 }, (e, out, err) =>
      done({ out, err, status: e === null ? 0 : 1 }),
    )
  })
}

/** Asks for the expressions of a group, each with a cache and a store of its own. */
export async function record(command: readonly string[], group: Group, base: string, env: NodeJS.ProcessEnv = {}): Promise<Golden[]> {
  const found: Golden[] = []
  for (const expr of group.exprs) {
    const home = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-record-`)
    const options = [...(group.options ?? []), ["download-attempts", "1"]].flatMap(([name, value]) => [
      "--option",
      name as string,
      (value as string).replaceAll("BASE", base),
    ])
    const argv = [...command, "--eval", "--strict", "--store", `${home}/store`, ...options, "-E", expr.replaceAll("BASE", base)]
    fs.mkdirSync(`${home}/pwd`)
    const surroundings = { HOME: home, XDG_CACHE_HOME: `${home}/cache`, NIX_PATH: "", TZ: "UTC", ...env }
    const { out, err, status } = await runNix(argv, surroundings, `${home}/pwd`)
    const hide = (text: string): string => text.replaceAll(base, "BASE").replaceAll(`${home}/pwd`, "/pwd").replaceAll(home, "HOME")
    if (err.includes("Nix crashed")) found.push({ expr, crash: true })
    else found.push(status === 0 ? { expr, out: hide(out.trimEnd()) } : { expr, error: hide(lastError(err)) })
    execFileSync("chmod", ["-R", "u+w", home])
    fs.rmSync(home, { recursive: true, force: true })
  }
  return found
}

const hosts = ["api.github.com", "github.com", "gitlab.com", "git.sr.ht", "git.example.org"]

/** The hosting services by their own names: a proxy for CONNECT with a certificate of our own behind it. */
export async function startForgeProxy(): Promise<{ readonly env: NodeJS.ProcessEnv; close(): void }> {
  const dir = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-forge-`)
  const names = hosts.map((host) => `DNS:${host}`).join(",")
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=forge", "-addext", `subjectAltName=${names}`]
  execFileSync("openssl", [...args, "-keyout", `${dir}/key`, "-out", `${dir}/cert`], { stdio: "ignore" })
  const tls = https.createServer({ key: fs.readFileSync(`${dir}/key`), cert: fs.readFileSync(`${dir}/cert`) }, (req, res) => {
    const send = (status: number, headers: http.OutgoingHttpHeaders, body: Uint8Array | string = ""): undefined => {
      res.writeHead(status, { "Content-Length": body.length, ...headers })
      res.end(body)
      return undefined
    }
    answerForge(req.url ?? "/", req.headers, send, repository)
  })
  await new Promise<void>((done) => tls.listen(0, "127.0.0.1", done))
  const proxy = http.createServer()
  proxy.on("connect", (_req, socket: net.Socket) => {
    const inner = net.connect((tls.address() as net.AddressInfo).port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      socket.pipe(inner).pipe(socket)
    })
    socket.on("error", () => inner.destroy())
    inner.on("error", () => socket.destroy())
  })
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done))
  const url = `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`
  return {
    env: { https_proxy: url, NIX_SSL_CERT_FILE: `${dir}/cert` },
    close: () => {
      tls.close()
      proxy.close()
      fs.rmSync(dir, { recursive: true, force: true })
    },
  }
}
