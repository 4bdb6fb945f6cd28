// The one error class of the formats. Messages are Nix's own words where Nix has words for the case;
// they are byte strings, like all text here (see CONTRIBUTING: strings are bytes).

/** What kind of fault a format error is, so that callers can tell them apart without reading the text. */
export type FormatErrorCode =
  | "bad-hash"
  | "bad-encoding"
  | "bad-store-path"
  | "bad-name"
  | "bad-content-address"
  | "bad-derived-path"
  | "bad-outputs-spec"
  | "bad-derivation"
  | "bad-json"
  | "bad-nar"
  | "bad-narinfo"
  | "bad-signature"
  | "bad-realisation"
  | "bad-config"
  | "bad-log"
  | "bad-url"
  | "bad-flake-reference"
  | "bad-wire"
  | "bad-git-object"
  | "unresolved"
  | "usage"
  | "missing-feature"

/** A fault in the text or bytes that were read (or in the arguments given by a user), never a bug of ours. */
export class FormatError extends Error {
  readonly code: FormatErrorCode
  /** Byte offset in the input where the fault was noticed, where the reader knows it. */
  readonly offset: number | undefined

  constructor(code: FormatErrorCode, message: string, offset?: number) {
    super(message)
    this.name = "FormatError"
    this.code = code
    this.offset = offset
  }
}

/** Throws a FormatError: `fail(code, message, offset?)`. */
export function fail(code: FormatErrorCode, message: string, offset?: number): never {
  throw new FormatError(code, message, offset)
}

/** Marks a place that no value can reach; the compiler proves it. */
export function unreachable(value: never): never {
  throw new RangeError(`unreachable: ${String(value)}`)
}
