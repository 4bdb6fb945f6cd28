// The one error class of castore and store. Messages are for people and say what was found, what was wanted and where.

/** What kind of fault it is, so that callers can act without reading the text. */
export type StoreErrorCode =
  /** What is stored does not have the digest it is stored under, or cannot be read as what it should be. May be fetched again. */
  | "damaged"
  /** Something that must be there (a child of a directory, a chunk of a blob) is not. May be fetched again. */
  | "absent"
  /** What is being written breaks a rule (name, order, size, claimed hash). */
  | "invalid"
  /** The browser denies storage here. */
  | "denied"
  /** There is no room left. */
  | "quota"
  | "read-only"
  /** A server cannot be reached or answered with a fault of its own: another try may succeed. */
  | "unreachable"
  /** A format or compression that is not supported. */
  | "unsupported"
  /** The user stopped it. */
  | "cancelled"

/** A fault of the store's surroundings or input, never a bug of ours. */
export class StoreError extends Error {
  override readonly name = "StoreError"
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
