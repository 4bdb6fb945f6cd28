// Names of store objects, and of outputs: 1 to 211 bytes of 0-9 a-z A-Z + - . _ ? =, not "." or "..", and not
// beginning with ".-" or "..-".
// C++ Nix: libstore/path.cc checkName

import { fail } from "../error.ts"

const maxLength = 211
const legal = /^[0-9a-zA-Z+\-._?=]*$/

/** Nix's complaint about a name, or undefined if it is a good one. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "name must not be empty"
  if (name.length > maxLength) return `name '${name}' must be no longer than ${maxLength} characters`
  if (name.startsWith(".")) {
    if (name === "." || name === "..") return `name '${name}' is not valid`
    for (const dots of [".", ".."]) {
      if (name.startsWith(`${dots}-`)) return `name '${name}' is not valid: first dash-separated component must not be '${dots}'`
    }
  }
  if (legal.test(name)) return undefined
  for (const char of name) {
    if (!legal.test(char)) return `name '${name}' contains illegal character '${char}'`
  }
  return undefined
}

/** Fails with Nix's words (code `bad-name`) unless `name` may be the name of a store object. */
export function checkName(name: string): void {
  const fault = nameFault(name)
  if (fault !== undefined) fail("bad-name", fault)
}
