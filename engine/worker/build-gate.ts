// The calls about builds before anybody builds: the desk, and the protocols of endpoints with it, is loaded at the first call.

import type { BuildNews } from "../build/build-news.ts"
import type { ListedBuild } from "../build/endpoint.ts"
import type { EndpointSettings } from "../build/endpoint-transport.ts"
import type { BuildDesk, BuildSurroundings } from "./build-desk.ts"
import type { BuildApi, BuildSettings, BuildWanted, BuildWishes, TabBuilder } from "./build-protocol.ts"

export class BuildGate implements BuildApi {
  readonly #around: BuildSurroundings
  #desk: Promise<BuildDesk> | null = null
  #notify: (news: BuildNews) => void = () => {}

  constructor(around: BuildSurroundings) {
    this.#around = around
  }

  #load(): Promise<BuildDesk> {
    this.#desk ??= import("./build-desk.ts").then(async ({ BuildDesk }) => {
      const desk = new BuildDesk(this.#around)
      await desk.listen((news) => this.#notify(news))
      return desk
    })
    return this.#desk
  }

  async listen(notify: (news: BuildNews) => void) {
    this.#notify = notify
  }

  async test(endpoint: EndpointSettings) {
    return (await this.#load()).test(endpoint)
  }

  async plan(id: number, wanted: readonly BuildWanted[], settings: BuildSettings) {
    return (await this.#load()).plan(id, wanted, settings)
  }

  async build(id: number, wanted: readonly BuildWanted[], settings: BuildSettings, wishes?: BuildWishes) {
    return (await this.#load()).build(id, wanted, settings, wishes)
  }

  async follow(id: number, build: ListedBuild, endpoint: EndpointSettings) {
    return (await this.#load()).follow(id, build, endpoint)
  }

  async stop(id: number) {
    await (await this.#load()).stop(id)
  }

  async cancel(drvPath: string) {
    await (await this.#load()).cancel(drvPath)
  }

  async list(endpoint: EndpointSettings) {
    return (await this.#load()).list(endpoint)
  }

  /** What builds for evaluation. Throws RangeError for settings that cannot be read. */
  async evalBuilder(settings: BuildSettings): Promise<TabBuilder> {
    return (await this.#load()).evalBuilder(settings)
  }
}
