// Version numbers and package names as Nix reads them. C++ Nix: libstore/names.cc.

/** One component of a version: a run of digits, or of other bytes up to the next digit, dot or dash. */
const component = /[0-9]+|[^0-9.-]+/g

/** The components of a version; dots and dashes only separate. */
export function splitVersion(version: string): string[] {
  return version.match(component) ?? []
}

/** The number a component stands for, or null; C++ Nix reads 32 bits, signed. */
function numberOf(part: string): number | null {
  if (!/^[0-9]+$/.test(part)) return null
  const n = Number(part)
  return n <= 2147483647 ? n : null
}

function isLess(a: string, b: string): boolean {
  const m = numberOf(a)
  const n = numberOf(b)
  if (m !== null && n !== null) return m < n
  if (a === "" && n !== null) return true
  if (a === "pre" && b !== "pre") return true
  if (b === "pre") return false
  // A word is older than a number: 2.3a < 2.3.1.
  if (n !== null) return true
  if (m !== null) return false
  return a < b
}

/** -1 if version `a` is older than `b`, 1 if it is newer, else 0. */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const left = splitVersion(a)
  const right = splitVersion(b)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const x = left[i] ?? ""
    const y = right[i] ?? ""
    if (isLess(x, y)) return -1
    if (isLess(y, x)) return 1
  }
  return 0
}

/** Splits a package name: the version begins after the first dash that no letter follows (and that is not last). */
export function parseDrvName(name: string): { readonly name: string; readonly version: string } {
  const dash = name.search(/-[^A-Za-z]/s)
  return dash < 0 ? { name, version: "" } : { name: name.slice(0, dash), version: name.slice(dash + 1) }
}
