// Names in messages and in `--parse` output: as they are where Nix could read them back, else quoted.

const reserved: ReadonlySet<string> = new Set(["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit"])

/** A string literal. C++ Nix: print.cc printLiteralString. */
export function printLiteralString(text: string): string {
  // The last `$` of a text is no interpolation, since no `{` follows.
  return `"${text.replace(/["\\\n\r\t]|\$(?=\{)/g, (c) => (c === "\n" ? "\\n" : c === "\r" ? "\\r" : c === "\t" ? "\\t" : `\\${c}`))}"`
}

/** A symbol. C++ Nix: print.cc printIdentifier (a keyword gets quotes, `or` none). */
export function printIdentifier(name: string): string {
  if (reserved.has(name)) return `"${name}"`
  return /^[a-zA-Z_][a-zA-Z0-9_'-]*$/.test(name) ? name : printLiteralString(name)
}
