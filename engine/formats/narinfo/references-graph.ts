// What `exportReferencesGraph` puts before a builder: the closure of some paths, as lines or, with structured
// attributes, as JSON.
//
//   text   for each path: PATH, deriver or an empty line, number of references, each REFERENCE        one a line
//   JSON   { closureSize, narHash, narSize, path, references, valid, ca? } for each path
//
// C++ Nix: libstore/store-api.cc makeValidityRegistration, libstore/parsed-derivations.cc pathInfoToJSON

import { fail } from "../error.ts"
import { type Hash, parseHashIn, printHash, printHashDigits } from "../hash/hash.ts"
import type { JsonObject } from "../json/value.ts"
import { printContentAddress } from "../store-path/content-address.ts"
import { defaultStoreDir, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { type PathInfo, sortPaths } from "./path-info.ts"

/** One object of a registration. Size and hash are there only in the form with hashes. */
export interface Registration {
  readonly path: StorePath
  readonly deriver: StorePath | undefined
  readonly references: readonly StorePath[]
  readonly nar: { readonly hash: Hash; readonly size: number } | undefined
}

/** Whether hashes and sizes are written too: not before a builder, but where one store tells another. */
export type RegistrationForm = "plain" | "with hashes"

/** All paths that `roots` need, with themselves. `references` gives a path's references. */
export function closureOf(roots: Iterable<StorePath>, references: (path: StorePath) => Iterable<StorePath>): StorePath[] {
  const seen = new Set<StorePath>(roots)
  for (const path of seen) for (const reference of references(path)) seen.add(reference) // a Set visits what is added on the way
  return [...seen].sort()
}

/** Writes a registration. C++ Nix: makeValidityRegistration. */
export function printRegistration(
  objects: readonly Registration[],
  form: RegistrationForm = "plain",
  storeDir: string = defaultStoreDir,
): string {
  let text = ""
  for (const { path, deriver, references, nar } of objects) {
    text += `${printStorePath(path, storeDir)}\n`
    if (form === "with hashes") {
      if (nar === undefined) return fail("bad-narinfo", `hash and size of '${printStorePath(path, storeDir)}' are not known`)
      text += `${printHashDigits(nar.hash, "base16")}\n${nar.size}\n`
    }
    text += `${deriver === undefined ? "" : printStorePath(deriver, storeDir)}\n${references.length}\n`
    for (const reference of references) text += `${printStorePath(reference, storeDir)}\n`
  }
  return text
}

/** Reads a registration. C++ Nix: decodeValidPathInfo. */
export function parseRegistration(text: string, form: RegistrationForm = "plain", storeDir: string = defaultStoreDir): Registration[] {
  const lines = text.split("\n")
  if (lines.at(-1) === "") lines.pop()
  let at = 0
  const next = () => lines[at++] ?? fail("bad-narinfo", "missing input", at)
  const number = () => {
    const line = next()
    return /^[0-9]{1,15}$/.test(line) ? Number(line) : fail("bad-narinfo", `number expected at line ${at}, but found '${line}'`)
  }
  const objects: Registration[] = []
  while (at < lines.length) {
    const path = parseStorePath(next(), storeDir)
    const nar = form === "plain" ? undefined : { hash: parseHashIn(next(), "sha256", "base16"), size: number() }
    const deriver = next()
    const references: StorePath[] = []
    for (let left = number(); left > 0; left--) references.push(parseStorePath(next(), storeDir))
    objects.push({ path, deriver: deriver === "" ? undefined : parseStorePath(deriver, storeDir), references: sortPaths(references), nar })
  }
  return objects
}

/** The graph as a builder finds it in a file. Derivers are left out, as Nix does. */
export function exportReferencesText(objects: readonly PathInfo[], storeDir: string = defaultStoreDir): string {
  const registrations = objects.map(({ path, references }) => ({ path, references, deriver: undefined, nar: undefined }))
  return printRegistration(registrations, "plain", storeDir)
}

/** The graph as a builder finds it in its structured attributes. `objects` is the whole closure. */
export function exportReferencesJson(objects: readonly PathInfo[], storeDir: string = defaultStoreDir): JsonObject[] {
  const byPath = new Map(objects.map((info) => [info.path, info]))
  const find = (path: StorePath) => byPath.get(path) ?? fail("bad-narinfo", `path '${printStorePath(path, storeDir)}' is not valid`)
  return objects.map((info) => {
    const closure = closureOf([info.path], (path) => find(path).references)
    return {
      narHash: printHash(info.narHash, "nix32"),
      narSize: info.narSize,
      references: info.references.map((path) => printStorePath(path, storeDir)),
      ...(info.ca === undefined ? {} : { ca: printContentAddress(info.ca) }),
      path: printStorePath(info.path, storeDir),
      valid: true,
      closureSize: closure.reduce((size, path) => size + find(path).narSize, 0),
    }
  })
}
