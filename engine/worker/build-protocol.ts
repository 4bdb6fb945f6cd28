// What crosses between page and worker about builds: plain data. Store paths are full.

import type { BuildNews, FaultRow, PlanRow } from "../build/build-news.ts"
import type { ExecutorInfo, ListedBuild } from "../build/endpoint.ts"
import type { EndpointSettings } from "../build/endpoint-transport.ts"
import type { Builder } from "../store/builder.ts"
import type { NetworkOptions, StoreAnswer } from "./protocol.ts"

/** Where is built, and how. */
export interface BuildSettings {
  readonly endpoint: EndpointSettings
  /** Binary caches that are asked before anything is built. */
  readonly network?: NetworkOptions
  /** Builds at once, as far as the tab is concerned (4). */
  readonly jobs?: number
}

export interface BuildWanted {
  readonly drvPath: string
  /** All by default. */
  readonly outputs?: readonly string[]
}

export interface BuildWishes {
  /** Builds on what does not need what failed. */
  readonly keepGoing?: boolean
  /** Derivations that are built again although their outputs are here: whether these are the same is in the news `done`. */
  readonly again?: readonly string[]
}

/** What an endpoint said when it was tested. */
export interface EndpointReport {
  readonly milliseconds: number
  /** Null for a server that has Snix's services only: then nothing is told of a build until it is done. */
  readonly executors: readonly ExecutorInfo[] | null
}

/** What it would take to have some outputs, and what would be sent. */
export interface BuildPlanView {
  readonly rows: readonly PlanRow[]
  /** What builders get from here. */
  readonly objects: readonly { readonly path: string; readonly narSize: number }[]
  /** Bytes of the files in them, and of those that the endpoint has not. */
  readonly bytes: number
  readonly missingBytes: number
}

export interface BuildReport {
  /** Paths of outputs by name, by derivation. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly failures: Readonly<Record<string, FaultRow>>
}

/** What builds for evaluation, in the worker. */
export interface TabBuilder extends Builder {
  /** What the last build of a derivation (full path) wrote, and where that is known; null if it is not. Rejects with StoreError. */
  log(drvPath: string): Promise<{ readonly bytes: Uint8Array; readonly from: string } | null>
}

/** The calls about builds. What may take long has a number of the caller's choice, by which it can be stopped. */
export interface BuildApi {
  /** Where news goes, of all builds: those that were asked for, and those that evaluation waits for. */
  listen(notify: (news: BuildNews) => void): Promise<void>
  test(endpoint: EndpointSettings): Promise<StoreAnswer<EndpointReport>>
  /** What would be built, taken from caches, and sent; sends nothing but digests. */
  plan(id: number, wanted: readonly BuildWanted[], settings: BuildSettings): Promise<StoreAnswer<BuildPlanView>>
  /**
   * Watches a build that the endpoint knows of, from its first event: news of a derivation that is not built here. Of one that is over
   * only the log is told.
   */
  follow(id: number, build: ListedBuild, endpoint: EndpointSettings): Promise<StoreAnswer<null>>
  /** Builds; what was begun before a page was closed is watched from its beginning. */
  build(id: number, wanted: readonly BuildWanted[], settings: BuildSettings, wishes?: BuildWishes): Promise<StoreAnswer<BuildReport>>
  /** Gives up what was asked for with a number. */
  stop(id: number): Promise<void>
  /** Stops the build of one derivation, whoever wants it. */
  cancel(drvPath: string): Promise<void>
  /** Builds that an endpoint knows of. */
  list(endpoint: EndpointSettings): Promise<StoreAnswer<readonly ListedBuild[]>>
}
