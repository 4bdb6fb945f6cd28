// A TCP proxy before a port, whose connections can be cut in several ways, also in the middle of a message.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/** `reset`: both sides are told at once. `close`: the connection ends as if all had been said. `stall`: nothing comes any more, and nobody is told. */
export type Cut = "reset" | "close" | "stall"

interface Pair {
  readonly near: Socket
  readonly far: Socket
  stalled: boolean
}

export class CuttingProxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  readonly #left = new Set<Socket>()
  /** Cuts after so many bytes from the server. */
  #after: { bytes: number; readonly cut: Cut; readonly done: () => void } | undefined

  private constructor(server: Server) {
    this.#server = server
  }

  static async before(port: number): Promise<CuttingProxy> {
    const server = createServer()
    const proxy = new CuttingProxy(server)
    server.on("connection", (near) => proxy.#join(near, connect(port, "127.0.0.1")))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` // it listens on a port
  }

  #join(near: Socket, far: Socket): void {
    const pair: Pair = { near, far, stalled: false }
    this.#pairs.add(pair)
    near.on("data", (chunk) => {
      if (!pair.stalled) far.write(chunk)
    })
    far.on("data", (chunk: Buffer) => {
      if (pair.stalled) return
      const after = this.#after
      if (after === undefined || after.bytes > chunk.length) {
        if (after !== undefined) after.bytes -= chunk.length
        near.write(chunk)
        return
      }
      // What comes before the cut still arrives.
      this.#after = undefined
      near.write(chunk.subarray(0, after.bytes), () => {
        this.cut(after.cut)
        after.done()
      })
    })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => {}) // "close" follows
      one.on("close", () => {
        this.#pairs.delete(pair)
        // The other side of one that is dead notices nothing, until all is closed.
        if (pair.stalled) this.#left.add(other)
        else other.destroy()
      })
    }
  }

  /** Cuts all connections that there are. */
  cut(how: Cut): void {
    for (const pair of this.#pairs) {
      if (pair.stalled) continue
      if (how === "stall") {
        pair.stalled = true
        continue
      }
      for (const socket of [pair.near, pair.far]) {
        if (how === "reset") socket.resetAndDestroy()
        else socket.end()
      }
    }
  }

  /** Cuts when so many bytes have come from the server, probably within a message. Fulfilled then, or when the next is asked for. */
  cutAfter(bytes: number, cut: Cut): Promise<void> {
    this.#after?.done()
    return new Promise((done) => {
      this.#after = { bytes, cut, done }
    })
  }

  async close(): Promise<void> {
    this.#after?.done()
    this.#after = undefined
    for (const { near, far } of this.#pairs) {
      near.destroy()
      far.destroy()
    }
    for (const socket of this.#left) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
