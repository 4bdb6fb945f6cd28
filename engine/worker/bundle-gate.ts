// The calls about bundles before anybody has one: the desk is loaded at the first call.

import type { EndpointSettings } from "../build/endpoint-transport.ts"
import type { BundleDesk } from "./bundle-desk.ts"
import type { BundleAddress, BundleApi, BundledFiles, BundleProgress } from "./bundle-protocol.ts"

export class BundleGate implements BundleApi {
  readonly #ready: () => Promise<unknown>
  #desk: Promise<BundleDesk> | null = null

  /** `ready`: fulfilled when hashes can be computed. */
  constructor(ready: () => Promise<unknown>) {
    this.#ready = ready
  }

  #load(): Promise<BundleDesk> {
    this.#desk ??= Promise.all([import("./bundle-desk.ts"), this.#ready()]).then(([{ BundleDesk }]) => new BundleDesk())
    return this.#desk
  }

  async writeBundle(content: BundledFiles) {
    return (await this.#load()).writeBundle(content)
  }

  async readBundle(bytes: Uint8Array) {
    return (await this.#load()).readBundle(bytes)
  }

  async uploadBundle(content: BundledFiles, endpoint: EndpointSettings) {
    return (await this.#load()).uploadBundle(content, endpoint)
  }

  async fetchBundle(id: number, from: BundleAddress, progress: (done: BundleProgress) => void) {
    return (await this.#load()).fetchBundle(id, from, progress)
  }

  async cancelFetch(id: number) {
    return (await this.#load()).cancelFetch(id)
  }
}
