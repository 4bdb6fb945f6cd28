// Evaluation as in a tab: everything in memory, fetching as the worker does it. Hosting services are the server's stand-in of them.

import { SettingsBuilder } from "../../engine/cli/settings.ts"
import { forceDeep } from "../../engine/eval/deep.ts"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import { renderError } from "../../engine/eval/report.ts"
import { CastoreFetchStore } from "../../engine/fetch/castore-fetch-store.ts"
import { type FetchCache, MemoryFetchCache } from "../../engine/fetch/fetch-cache.ts"
import type { FetchContext } from "../../engine/fetch/fetch-context.ts"
import type { Fetcher } from "../../engine/fetch/fetcher.ts"
import { HostFiles } from "../../engine/fetch/host-files.ts"
import { SourceFetcher } from "../../engine/fetch/source-fetcher.ts"
import { type Redirections, webFetcher } from "../../engine/fetch/web-fetcher.ts"
import type { EvalIO, EvalIOOptions } from "../../engine/store/eval-io.ts"
import type { MountedFile } from "../../engine/store/mount.ts"
import { Store } from "../../engine/store/store.ts"
import type { Stores } from "../../engine/store/stores.ts"
import { clock, hostOf, memoryStores, storeDir } from "../store/eval-io-run.ts"

/** Node's fetch. Hosts with a dot in their names are the stand-in's. */
export function testFetcher(base: string, redirections: Redirections = "seen"): Fetcher {
  const real = webFetcher((url, init) => fetch(url, init), redirections)
  return async (url, request) => {
    const forge = /^https:\/\/([a-z.]+)\/(.*)$/.exec(url)
    if (forge === null) return real(url, request)
    const answer = await real(`${base}/forge/${forge[1]}/${forge[2]}`, request)
    return { ...answer, header: (name) => answer.header(name), urls: [url] }
  }
}

/** What a tab has. */
export interface Tab {
  readonly base: string
  readonly stores?: Stores
  readonly cache?: FetchCache
  readonly files?: Readonly<Record<string, MountedFile>>
  readonly options?: readonly (readonly [string, string])[]
  readonly context?: Partial<FetchContext>
  readonly substitute?: NonNullable<EvalIOOptions["substitute"]>
}

/** What came out: the printed value or the error's text, and the lines printed on the way. */
export interface TabAnswer {
  readonly out?: string
  readonly error?: string
  readonly lines: readonly string[]
}

/** Everything that fetching needs, over stores in memory. */
export function contextOf({
  base,
  stores = memoryStores(),
  cache = new MemoryFetchCache(),
  options = [],
  context = {},
}: Tab): FetchContext {
  const builder = new SettingsBuilder()
  for (const [name, value] of options) builder.set(name, value.replaceAll("BASE", base))
  return {
    fetcher: testFetcher(base),
    store: new CastoreFetchStore(new Store(stores, { storeDir, now: () => clock })),
    cache,
    settings: { ...builder.fetching(), downloadAttempts: 1 },
    now: () => clock,
    wait: async () => {},
    warn: () => {},
    ...context,
  }
}

/** Evaluates an expression (BASE stands for the server) and prints its value, all of it. */
export async function evaluateInTab(expr: string, tab: Tab): Promise<TabAnswer> {
  const stores = tab.stores ?? memoryStores()
  const builder = new SettingsBuilder()
  for (const [name, value] of tab.options ?? []) builder.set(name, value.replaceAll("BASE", tab.base))
  const files = new HostFiles(() => io)
  const fetcher = new SourceFetcher(contextOf({ ...tab, stores, context: { files, ...tab.context } }))
  const io: EvalIO = hostOf({
    stores,
    files: tab.files ?? {},
    io: { network: fetcher, ...(tab.substitute === undefined ? {} : { substitute: tab.substitute }) },
  })
  const evaluator = new Evaluator(io, builder.build(undefined))
  const { rt } = evaluator
  try {
    const cell = evaluator.cell(evaluator.load(expr.replaceAll("BASE", tab.base), { kind: "string" }, "/pwd"))
    const out = await evaluator.settle(() => {
      evaluator.force(cell)
      forceDeep(rt, cell)
      return printAmbiguous(rt, cell)
    })
    return { out, lines: io.lines }
  } catch (e) {
    if (!(e instanceof NixError)) throw e
    return { error: renderError(e, rt.sources, { showTrace: false, color: false }), lines: io.lines }
  }
}
