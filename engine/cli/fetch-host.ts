// The evaluator's host on Node without a store: what it fetches is read where fetching has put it.

import type { DownloadRequest, FetchAttrs, FetchedTree } from "../eval/host.ts"
import type { Fetching } from "./fetching.ts"
import { NodeHost } from "./host.ts"

export class FetchHost extends NodeHost {
  readonly #fetching: Fetching

  constructor(cwd: string, env: NodeJS.ProcessEnv, write: (line: string) => void, fetching: Fetching) {
    super(cwd, env, write)
    this.#fetching = fetching
  }

  download(request: DownloadRequest): string {
    return this.#fetching.download(request)
  }

  fetchTree(input: FetchAttrs): FetchedTree {
    return this.#fetching.fetchTree(input)
  }

  override at(path: string): string {
    const { store } = this.#fetching
    if (store === null || !path.startsWith(this.storeDir)) return path
    const real = store.real(path)
    return this.typeAt(real) === null ? path : real
  }
}
