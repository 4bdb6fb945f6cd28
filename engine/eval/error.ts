// Nix errors as plain data that is thrown: a message, a position, and the frames collected on the way
// out. Not subclasses of Error: a JavaScript stack trace costs microseconds and tells a user nothing.

/** C++ Nix's classes, as far as someone can tell them apart (eval-error.hh). */
export type ErrorKind =
  | "eval"
  | "type"
  | "parse"
  | "undefined-variable"
  | "missing-argument"
  | "assertion"
  | "throw"
  | "abort"
  | "infinite-recursion"
  | "stack-overflow"
  | "invalid-path"
  | "restricted"
  | "import-from-derivation"
  /** A plain nix::Error: files, hashes, formats. */
  | "error"
  /** nix::UsageError; the command line adds a hint to --help. */
  | "usage"
  /** It would need the network, and the user has not allowed that (yet). */
  | "not-allowed"
  /** It would need a build, and the user has not allowed that (yet). */
  | "build-not-allowed"
  /** Not supported (yet) here; never a wrong value instead. */
  | "not-yet"

/** One line of the trace; `pos` 0 if it has none. */
export interface Frame {
  readonly pos: number
  readonly hint: string
  /** Printed without --show-trace too (C++ Nix: TracePrint::Always). */
  readonly always: boolean
}

export class NixError {
  readonly kind: ErrorKind
  /** Byte string; may have several lines. */
  readonly message: string
  pos: number
  /** Innermost first. */
  readonly frames: Frame[]
  readonly suggestions: readonly string[]
  /** For infinite recursion: the thunk that was entered twice. */
  cycle: unknown = undefined

  constructor(kind: ErrorKind, message: string, pos: number, suggestions: readonly string[] = []) {
    this.kind = kind
    this.message = message
    this.pos = pos
    this.frames = []
    this.suggestions = suggestions
  }

  /** Adds an outer frame; returns this, so that `throw e.frame(…)` reads well. */
  frame(pos: number, hint: string): this {
    this.frames.push({ pos, hint, always: false })
    return this
  }

  /** Adds an outer frame that is always printed. */
  frameAlways(pos: number, hint: string): this {
    this.frames.push({ pos, hint, always: true })
    return this
  }

  /** A copy to throw again: a failed thunk keeps its error, whoever forces it adds frames to a copy. */
  clone(): NixError {
    const e = new NixError(this.kind, this.message, this.pos, this.suggestions)
    for (const f of this.frames) e.frames.push(f)
    e.cycle = this.cycle
    return e
  }

  toString(): string {
    return `error: ${this.message}`
  }
}

/** tryEval catches failed assertions and `throw`, nothing else (C++ Nix: AssertionError and subclasses). */
export function isCatchable(e: unknown): e is NixError {
  return e instanceof NixError && (e.kind === "assertion" || e.kind === "throw")
}

/**
 * Thrown when the host does not have an answer at hand. No Nix error: nothing catches it but the driver,
 * which awaits the promise and forces the same root again.
 */
export class Pending {
  readonly ready: Promise<unknown>
  /** Whether it takes so long that evaluation looks for other work meanwhile (look-ahead.ts). */
  readonly isLong: boolean
  constructor(ready: Promise<unknown>, isLong = false) {
    this.ready = ready
    this.isLong = isLong
  }
}

export type StopReason = "interrupted" | "steps" | "time" | "memory"

/** The evaluation was stopped by its user or its budget. Not catchable; thunks stay as they were. */
export class Stopped {
  readonly reason: StopReason
  readonly message: string
  constructor(reason: StopReason, message: string) {
    this.reason = reason
    this.message = message
  }
}

/** What was thrown as a stop, if it is one: also V8's way to say that a string, list, Map or Set is larger than it can be. */
export function stopOf(e: unknown): Stopped | undefined {
  if (e instanceof Stopped) return e
  if (
    !(e instanceof RangeError) ||
    !/^Invalid (string|array) length|maximum size exceeded$|^Array buffer allocation failed$/.test(e.message)
  )
    return undefined
  return new Stopped("memory", "evaluation would allocate more memory than it may")
}

/** Adds a frame to whatever was thrown, if it is a Nix error, and throws it on. */
export function rethrow(e: unknown, pos: number, hint: string): never {
  if (e instanceof NixError) e.frame(pos, hint)
  throw e
}
