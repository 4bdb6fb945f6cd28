// The built program as a gateway, which can be killed at any moment, also while it starts, and started again on the same port and folder.
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { freePort } from "../gateway/program.ts"

const program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))

export class GatewayProcess {
  readonly #argv: readonly string[]
  readonly url: string
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #errors = ""

  readonly #env: Readonly<Record<string, string>>

  private constructor(port: number, store: string, flags: readonly string[], env: Readonly<Record<string, string>>) {
    this.#env = env
    this.url = `http://127.0.0.1:${port}`
    this.#argv = [program, "gateway", "--listen", `127.0.0.1:${port}`, "--store", store, ...flags]
  }

  /** One on a free port, not started yet. */
  static async over(store: string, flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    return new GatewayProcess(await freePort(), store, flags, env)
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** What it has written to standard error since it was made. */
  get errors(): string {
    return this.#errors
  }

  /** Starts it. Fulfilled when it listens; rejects if it ends before. */
  start(): Promise<void> {
    const child = spawn(process.execPath, this.#argv, {
      env: { PATH: process.env["PATH"], ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    this.#child = child
    child.stderr.on("data", (chunk: Buffer) => {
      this.#errors += String(chunk)
    })
    this.#ended = new Promise((resolve) => child.on("close", () => resolve()))
    return new Promise((resolve, reject) => {
      child.stdout.once("data", () => resolve())
      void this.#ended.then(() => reject(new Error(`the gateway ended before it listened: ${this.#errors}`)))
    })
  }

  /** Ends it at once, without a word to it. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL")
    await this.#ended
  }

  /** Asks it to end. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM")
    await this.#ended
  }
}
