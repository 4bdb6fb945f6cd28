// Fetching for a host that answers at once or throws Pending: what was asked for is remembered for one evaluation.
// C++ Nix: libfetchers/input-cache.cc

import { StoreError } from "../castore/error.ts"
import { NixError } from "../eval/error.ts"
import type { DownloadRequest, FetchAttrs, FetchedTree } from "../eval/host.ts"
import { PendingAnswers } from "../eval/pending-answers.ts"
import { FormatError } from "../formats/error.ts"
import type { SourceFetcher } from "./source-fetcher.ts"

export class PendingFetches {
  readonly #open: () => Promise<SourceFetcher>
  #fetcher: Promise<SourceFetcher> | undefined
  readonly #answers = new PendingAnswers((e) =>
    e instanceof StoreError || e instanceof FormatError ? new NixError("error", e.message, 0) : undefined,
  )

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
    return this.#answers.answer(JSON.stringify([url, name, unpack, sha256]), async () => (await this.#opened()).download(request))
  }

  /** As Host.fetchTree. */
  fetchTree(input: FetchAttrs): FetchedTree {
    const key = JSON.stringify([...input].map(([name, value]) => [name, typeof value === "bigint" ? `${value}` : value]))
    return this.#answers.answer(key, async () => (await this.#opened()).fetchTree(input))
  }
}
