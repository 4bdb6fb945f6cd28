// The page's side of builds: they run in a worker of their own, so that they go on when evaluation is stopped.

import type { ListedBuild } from "../build/endpoint.ts"
import type { EndpointSettings } from "../build/endpoint-transport.ts"
import type { BuildApi, BuildPlanView, BuildReport, BuildSettings, BuildWanted, BuildWishes, EndpointReport } from "./build-protocol.ts"
import type { WorkOptions } from "./client.ts"
import type { StoreAnswer } from "./protocol.ts"

/** Builds, in a worker of their own. Its methods reject with StoreFailure; news go to `onBuildNews` of createEngine. */
export interface EngineBuilds {
  /** Asks an endpoint what it can. */
  test(endpoint: EndpointSettings): Promise<EndpointReport>
  /** What would be built, taken from caches, and sent; sends nothing but digests. */
  plan(wanted: readonly BuildWanted[], settings: BuildSettings, options?: WorkOptions<never>): Promise<BuildPlanView>
  /** Builds; what could not be built is in the report. What was begun before a page was closed is watched from its beginning. */
  build(wanted: readonly BuildWanted[], settings: BuildSettings, options?: BuildWishes & WorkOptions<never>): Promise<BuildReport>
  /** Watches a build that an endpoint knows of to its end, from its first event: news come as of others, of one that is over the log. */
  follow(build: ListedBuild, endpoint: EndpointSettings, options?: WorkOptions<never>): Promise<void>
  /** Stops the build of one derivation, whoever wants it. */
  cancel(drvPath: string): Promise<void>
  /** Builds that an endpoint knows of. */
  list(endpoint: EndpointSettings): Promise<readonly ListedBuild[]>
}

export interface BuildConnections {
  /** Asks the worker that evaluates. */
  here<T>(work: (builds: BuildApi) => Promise<T>): Promise<T>
  /** Asks the worker that builds. */
  there<T>(work: (builds: BuildApi) => Promise<T>): Promise<T>
  /** Before anything is built. */
  prepare(): Promise<void>
  /** What an answer gives; throws StoreFailure. */
  given<T>(answer: StoreAnswer<T>): T
}

export function buildsOver({ here, there, prepare, given }: BuildConnections): EngineBuilds {
  let last = 0
  const run = async <T>(signal: AbortSignal | undefined, work: (builds: BuildApi, id: number) => Promise<StoreAnswer<T>>): Promise<T> => {
    const id = ++last
    await prepare()
    return given(
      await there(async (builds) => {
        const stop = (): void => {
          builds.stop(id).catch(() => {})
        }
        signal?.addEventListener("abort", stop, { once: true })
        try {
          const done = work(builds, id)
          if (signal?.aborted === true) stop()
          return await done
        } finally {
          signal?.removeEventListener("abort", stop)
        }
      }),
    )
  }
  return {
    test: async (endpoint) => given(await there<StoreAnswer<EndpointReport>>(async (builds) => builds.test(endpoint))),
    plan: (wanted, settings, { signal } = {}) => run(signal, (builds, id) => builds.plan(id, wanted, settings)),
    build: (wanted, settings, { signal, keepGoing, again } = {}) => {
      const wishes = { ...(keepGoing === undefined ? {} : { keepGoing }), ...(again === undefined ? {} : { again }) }
      return run(signal, (builds, id) => builds.build(id, wanted, settings, wishes))
    },
    async follow(build, endpoint, { signal } = {}) {
      await run(signal, (builds, id) => builds.follow(id, build, endpoint))
    },
    async cancel(drvPath) {
      await Promise.all([there((builds) => builds.cancel(drvPath)), here((builds) => builds.cancel(drvPath))])
    },
    list: async (endpoint) => given(await there<StoreAnswer<readonly ListedBuild[]>>(async (builds) => builds.list(endpoint))),
  }
}
