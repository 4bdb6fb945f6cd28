// What fetching asks of the network: one function. Browsers and Node answer it with their own fetch (web-fetcher.ts), tests with
// whatever they like, a proxy stands in between (proxy.ts). Texts are byte strings.

/** What goes with a request. */
export interface FetchRequest {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** What is known of the file already: the answer may be status 304 then. */
  readonly etag?: string
  readonly signal?: AbortSignal
}

/** An answer whose status line and headers are there; its body comes as it is read. */
export interface FetchAnswer {
  /** 0 where the protocol has none (`file:`). */
  readonly status: number
  /** The addresses asked one after the other, the first and the last at least: what was asked for and what answered. */
  readonly urls: readonly string[]
  /** A header by its name in lower case, or null. */
  header(name: string): string | null
  /** To be read once, or abandoned. Throws TransferError if it breaks off. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Asks for an address. Throws TransferError if there is no answer; an answer of any status is one. */
export type Fetcher = (url: string, request: FetchRequest) => Promise<FetchAnswer>

/** Why there is no (whole) answer, in the words curl has for it, which Nix shows. */
export class TransferError extends Error {
  override readonly name = "TransferError"
  /** The status of the answer that broke off, if there was one. */
  readonly status: number | undefined
  /** Whether another try may succeed. */
  readonly isTransient: boolean

  constructor(reason: string, about: { readonly status?: number; readonly isTransient?: boolean } & ErrorOptions = {}) {
    super(reason, about)
    this.status = about.status
    this.isTransient = about.isTransient ?? false
  }
}
