// Explanations of the derivations an evaluator makes, with the places of their attributes in the Nix files.

import type { Derivation } from "../formats/derivation/derivation.ts"
import { Explainer } from "../formats/explain/explainer.ts"
import type { SourcePosition } from "../formats/explain/step.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import { NixError } from "./error.ts"
import { originBytes } from "./print-place.ts"
import type { Runtime } from "./runtime.ts"

/** From now on keeps every derivation that is made, with its attributes: what explainerOf needs. */
export function watchDerivations(rt: Runtime): void {
  rt.drvs.watched ??= new Map()
}

/** The place of an attribute of a derivation that was made since watchDerivations; undefined if it has none. */
function attributePosition(rt: Runtime, drvPath: StorePath, attribute: string): SourcePosition | undefined {
  const attrs = rt.drvs.watched?.get(drvPath)?.attrs
  const place = attrs === undefined ? undefined : rt.sources.place(attrs.posOf(attribute))
  return place === undefined ? undefined : { file: originBytes(place.source.origin), line: place.line, column: place.column }
}

/** An explainer of what was made since watchDerivations, and of what is in the host's store. */
export function explainerOf(rt: Runtime): Explainer {
  const read = (drvPath: StorePath): Derivation | undefined => {
    const watched = rt.drvs.watched?.get(drvPath)
    if (watched !== undefined) return watched.drv
    try {
      return rt.drvs.read(drvPath)
    } catch (e) {
      if (e instanceof NixError && e.kind === "invalid-path") return undefined
      throw e
    }
  }
  return new Explainer({ read, storeDir: rt.host.storeDir, position: (drvPath, name) => attributePosition(rt, drvPath, name) })
}
