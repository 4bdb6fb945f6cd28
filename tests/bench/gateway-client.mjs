// A client of a gateway's services over one connection of its own: Connect's JSON, by hand, so that what is measured is the gateway.
import http from "node:http"

/**
 * A builder without inputs, as a request of snix.build.v1 with its derivation.
 * @typedef {{ path: string, text: Buffer, output: string, script: string, system: string }} Trivial
 */

export class GatewayClient {
  /** @param {string} url @param {string} [token] */
  constructor(url, token) {
    this.url = new URL(url)
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    /** @type {Record<string, string>} */
    this.headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  }

  close() {
    this.agent.destroy()
  }

  /**
   * One request; rejects unless the status is one of those.
   * @param {string} method @param {string} path @param {Record<string, string>} headers @param {Buffer | string} [body]
   * @param {(bytes: Buffer) => void} [onBytes] told what has come so far, each time that more came
   * @returns {Promise<Buffer>}
   */
  request(method, path, headers, body, onBytes) {
    return new Promise((resolve, reject) => {
      const options = {
        host: this.url.hostname,
        port: this.url.port,
        method,
        path,
        agent: this.agent,
        headers: { ...this.headers, ...headers },
      }
      const request = http.request(options, (response) => {
        /** @type {Buffer[]} */
        const chunks = []
        response.on("data", (chunk) => {
          chunks.push(chunk)
          if (response.statusCode === 200) onBytes?.(Buffer.concat(chunks))
        })
        response.on("error", reject)
        response.on("end", () => {
          const bytes = Buffer.concat(chunks)
          if (response.statusCode === 200) resolve(bytes)
          else reject(new Error(`${method} ${path.replace(/[0-9a-z]{32}/, "…")}: ${response.statusCode} ${bytes.toString("utf8", 0, 200)}`))
        })
      })
      request.on("error", reject)
      request.end(body)
    })
  }

  /** A call with one answer. @param {string} method @param {unknown} message @returns {Promise<any>} */
  async call(method, message) {
    const bytes = await this.request("POST", `/${method}`, { "content-type": "application/json" }, JSON.stringify(message))
    return JSON.parse(bytes.toString())
  }

  /**
   * A call with a stream of answers.
   * @param {string} method @param {unknown} message @param {(message: any) => void} [onMessage] told each when it came
   * @returns {Promise<any[]>}
   */
  async stream(method, message, onMessage) {
    const body = Buffer.from(JSON.stringify(message))
    const head = Buffer.alloc(5)
    head.writeUInt32BE(body.length, 1)
    const type = { "content-type": "application/connect+json", "connect-protocol-version": "1" }
    /** @type {any[]} */
    const messages = []
    /** @type {{ code: string, message: string } | undefined} */
    let fault
    let at = 0
    const take = (/** @type {Buffer} */ bytes) => {
      while (bytes.length >= at + 5 && bytes.length >= at + 5 + bytes.readUInt32BE(at + 1)) {
        const end = at + 5 + bytes.readUInt32BE(at + 1)
        const json = JSON.parse(bytes.toString("utf8", at + 5, end))
        const isEnd = (bytes.readUInt8(at) & 2) !== 0
        at = end
        if (isEnd) fault = json.error
        else {
          messages.push(json)
          onMessage?.(json)
        }
      }
    }
    await this.request("POST", `/${method}`, type, Buffer.concat([head, body]), take)
    if (fault !== undefined) throw new Error(`${method}: ${fault.code}: ${fault.message}`)
    return messages
  }

  /** Builds, and gives the events. Rejects unless it ends as done. @param {Trivial} trivial @param {(event: any) => void} [onEvent] */
  async build(trivial, onEvent) {
    const events = await this.stream("thunkpad.gateway.v1.BuildService/Build", { job: jobOf(trivial) }, onEvent)
    const last = events.at(-1)
    if (last?.done === undefined) throw new Error(`the build ended with ${JSON.stringify(last)?.slice(0, 300)}`)
    return events
  }
}

/** @param {Trivial} trivial */
function jobOf({ path, text, output, script, system }) {
  const name = output.slice(33)
  const variables = { name, out: `/nix/store/${output}`, system, builder: "/bin/sh" }
  const value = (/** @type {string} */ word) => Buffer.from(word).toString("base64")
  return {
    derivationPath: path,
    derivation: text.toString("base64"),
    request: {
      commandArgs: ["/bin/sh", "-c", script],
      workingDir: "build",
      scratchPaths: ["build", "nix/store"],
      inputsDir: "nix/store",
      outputs: [`nix/store/${output}`],
      environmentVars: Object.entries(variables)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, word]) => ({ key, value: value(word) })),
      constraints: { system, provideBinSh: true },
      refscanNeedles: [output.slice(0, 32)],
    },
  }
}
