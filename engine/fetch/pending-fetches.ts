// Fetching for a host that answers at once or throws Pending: what was asked for is remembered for one evaluation, so that the
// same question has the same answer throughout. C++ Nix: libfetchers/input-cache.cc

import { StoreError } from "../castore/error.ts"
import { NixError, Pending } from "../eval/error.ts"
import type { DownloadRequest, FetchAttrs, FetchedTree } from "../eval/host.ts"
import { FormatError } from "../formats/error.ts"
import type { SourceFetcher } from "./source-fetcher.ts"

type Outcome = { readonly value: unknown } | { readonly error: NixError }

export class PendingFetches {
  readonly #open: () => Promise<SourceFetcher>
  #fetcher: Promise<SourceFetcher> | undefined
  readonly #outcomes = new Map<string, Outcome>()
  readonly #waiting = new Map<string, Promise<void>>()

  /** `open` gives the fetcher; it is called when something is fetched, once. */
  constructor(open: () => Promise<SourceFetcher>) {
    this.#open = open
  }

  #opened(): Promise<SourceFetcher> {
    this.#fetcher ??= this.#open()
    return this.#fetcher
  }

  /** As Host.download. */
  download(request: DownloadRequest): string {
    const { url, name, unpack, sha256 } = request
    return this.#answer(JSON.stringify([url, name, unpack, sha256]), async () => (await this.#opened()).download(request))
  }

  /** As Host.fetchTree. */
  fetchTree(input: FetchAttrs): FetchedTree {
    const key = JSON.stringify([...input].map(([name, value]) => [name, typeof value === "bigint" ? `${value}` : value]))
    return this.#answer(key, async () => (await this.#opened()).fetchTree(input))
  }

  #answer<T>(key: string, work: () => Promise<T>): T {
    const outcome = this.#outcomes.get(key)
    if (outcome !== undefined) {
      if ("error" in outcome) throw outcome.error.clone()
      return outcome.value as T // by this key only `work` of this type is remembered
    }
    let ready = this.#waiting.get(key)
    if (ready === undefined) {
      ready = this.#settle(key, work)
      this.#waiting.set(key, ready)
    }
    throw new Pending(ready)
  }

  async #settle(key: string, work: () => Promise<unknown>): Promise<void> {
    try {
      this.#outcomes.set(key, { value: await work() })
    } catch (e) {
      if (e instanceof NixError) this.#outcomes.set(key, { error: e })
      else if (e instanceof StoreError || e instanceof FormatError) this.#outcomes.set(key, { error: new NixError("error", e.message, 0) })
      else throw e
    } finally {
      this.#waiting.delete(key)
    }
  }
}
