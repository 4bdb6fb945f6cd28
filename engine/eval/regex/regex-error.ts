// The two ways in which a pattern is refused.

/** Codes of RegexError: a syntax error, or more than 100,000 states. */
export type RegexCode = "regex/invalid" | "regex/too-big"

/** A pattern was refused; the message is Nix's (C++ Nix: primops.cc prim_match). */
export class RegexError extends Error {
  readonly code: RegexCode

  constructor(code: RegexCode, pattern: string) {
    super(code === "regex/invalid" ? `invalid regular expression '${pattern}'` : `memory limit exceeded by regular expression '${pattern}'`)
    this.name = "RegexError"
    this.code = code
  }
}
