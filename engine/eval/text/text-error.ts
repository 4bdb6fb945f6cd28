// Faults in texts that builtins read (JSON, TOML). The message is Nix's, as bytes.

/** json/syntax and json/range come from readJson, toml/syntax and toml/timestamp from readToml, text/nul from both. */
export type TextCode = "json/syntax" | "json/range" | "toml/syntax" | "toml/timestamp" | "text/nul"

/** A text was refused. */
export class TextError extends Error {
  readonly code: TextCode

  constructor(code: TextCode, message: string) {
    super(message)
    this.name = "TextError"
    this.code = code
  }
}

/** The error for a string with NUL bytes, which Nix shows as U+2400. C++ Nix: eval.cc forceNoNullByte. */
export function nulFault(bytes: string): TextError {
  const shown = bytes.replaceAll("\0", "\xe2\x90\x80")
  return new TextError("text/nul", `input string '${shown}' cannot be represented as Nix string because it contains null bytes`)
}
