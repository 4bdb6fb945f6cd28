// Elements of string contexts as text, which is also how derivations' context is ordered and stored in caches.
//
//   HASH-NAME                  the store path itself (opaque)
//   "=" HASH-NAME.drv          the derivation with all its outputs and its closure (drvDeep)
//   "!" OUT "!" HASH-NAME.drv  output OUT of the derivation (built); nested for derivations that are outputs: !o2!o1!x.drv
//
// C++ Nix: libexpr/value/context.cc

import { fail } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { opaque, printDerivedPath, requireStaticDrv, type SingleDerivedPath } from "./derived-path.ts"
import { defaultStoreDir, parseBaseName, printStorePath, type StorePath } from "./store-path.ts"

/** One element of a string's context. */
export type ContextElement = SingleDerivedPath | { readonly kind: "drvDeep"; readonly drvPath: StorePath }

function bad(element: string, why: string): never {
  return fail("bad-derived-path", `Bad String Context element: ${why}: ${element}`)
}

/** Reads `OUT!…!PATH`. */
function parseRest(text: string, features: Features): SingleDerivedPath {
  const at = text.indexOf("!")
  if (at < 0) return opaque(parseBaseName(text))
  const drvPath = parseRest(text.slice(at + 1), features)
  requireStaticDrv(drvPath, features)
  return { kind: "built", drvPath, output: text.slice(0, at) }
}

/** Reads a context element. */
export function parseContextElement(text: string, features: Features = allFeatures): ContextElement {
  if (text === "") bad(text, "String context element should never be an empty string")
  if (text.startsWith("!")) {
    if (text.indexOf("!", 1) < 0) bad(text, "String content element beginning with '!' should have a second '!'")
    return parseRest(text.slice(1), features)
  }
  if (text.startsWith("=")) return { kind: "drvDeep", drvPath: parseBaseName(text.slice(1)) }
  if (text.includes("!")) bad(text, "String content element not beginning with '!' should not have a second '!'")
  return opaque(parseBaseName(text))
}

function printRest(path: SingleDerivedPath): string {
  return path.kind === "opaque" ? path.path : `${path.output}!${printRest(path.drvPath)}`
}

/** Writes a context element. */
export function printContextElement(element: ContextElement): string {
  switch (element.kind) {
    case "opaque":
      return element.path
    case "drvDeep":
      return `=${element.drvPath}`
    case "built":
      return `!${printRest(element)}`
  }
}

/** The element for people, as error messages name it. C++ Nix: NixStringContextElem::display. */
export function showContextElement(element: ContextElement, storeDir: string = defaultStoreDir): string {
  if (element.kind === "drvDeep") return `${printStorePath(element.drvPath, storeDir)} (deep)`
  return printDerivedPath(element, storeDir)
}
