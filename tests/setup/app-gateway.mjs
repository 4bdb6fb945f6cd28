// The gateway beside the app: the built program in a process of its own, and what the page is told of it at /gateway.json.
// Static hosts have no such file; the app works without.
import { spawn } from "node:child_process"
import { homedir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))

/** What the gateway listens on if nobody else does, as `thunkpad gateway` by itself. */
const USUAL_PORT = 8484

/** Where the gateway keeps what it has, by default. */
export function gatewayFolder() {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "thunkpad", "gateway")
}

/**
 * Starts the gateway for pages of some origins. `ready` is fulfilled when it listens, or cannot; `stop` ends it, at once for the caller.
 * @param {{ origins: readonly string[], store: string, port?: number, flags?: readonly string[] }} options
 */
export function startAppGateway({ origins, store, port = USUAL_PORT, flags = ["--install-tools"] }) {
  let stopped = false
  /** @type {import("node:child_process").ChildProcess | null} */
  let child = null
  /**
   * @param {number} at
   * @returns {Promise<{ url: string } | { problem: string }>}
   */
  const start = (at) =>
    new Promise((resolve) => {
      const pages = origins.flatMap((origin) => ["--origin", origin])
      const argv = [program, "gateway", "--listen", `127.0.0.1:${at}`, "--store", store, ...pages, ...flags]
      const started = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] })
      child = started
      let out = ""
      let err = ""
      started.stdout.on("data", (chunk) => {
        out += String(chunk)
        const end = out.indexOf("\n")
        if (end >= 0) resolve({ url: out.slice(0, end) })
      })
      started.stderr.on("data", (chunk) => {
        // The end is enough: it may run for weeks.
        err = `${err}${chunk}`.slice(-4000)
      })
      started.on("error", (error) => resolve({ problem: error.message }))
      started.on("close", () => {
        if (!stopped && at !== 0 && /EADDRINUSE/.test(err)) resolve(start(0))
        else resolve({ problem: err.trim() === "" ? "it ended" : err.trim() })
      })
    })
  const ready = start(port)
  return {
    ready,
    stop() {
      stopped = true
      child?.kill("SIGTERM")
    },
  }
}

/**
 * Answers /gateway.json in a preview server, once the gateway has been started or not.
 * @param {() => Promise<{ url: string } | { problem: string }>} told
 * @returns {import("vite").Plugin}
 */
export function gatewayNotice(told) {
  return {
    name: "thunkpad:gateway-notice",
    configurePreviewServer(server) {
      server.middlewares.use("/gateway.json", (_, response) => {
        void told().then((answer) => {
          response.setHeader("Content-Type", "application/json")
          response.setHeader("Cache-Control", "no-store")
          response.end(JSON.stringify(answer))
        })
      })
    },
  }
}
