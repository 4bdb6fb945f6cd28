// Explanations of what an evaluator puts into the store: derivations with the places of their attributes in the Nix files,
// texts, sources with the files they are from.

import { type Derivation, outputPath } from "../formats/derivation/derivation.ts"
import { Explainer, stepsTo } from "../formats/explain/explainer.ts"
import type { Explanation, SourcePosition } from "../formats/explain/step.ts"
import { TreeBuilder } from "../formats/nar/tree.ts"
import { isDerivationPath, parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { NixError } from "./error.ts"
import { reading } from "./format-fault.ts"
import type { ImportRequest } from "./host.ts"
import { originBytes } from "./print-place.ts"
import type { Runtime } from "./runtime.ts"
import { dumpSource, walkSource } from "./source-import.ts"

/** From now on keeps what is put into the store and what it was made from: what the explanations here need. */
export function watchStore(rt: Runtime): void {
  rt.drvs.watched ??= { drvs: new Map(), texts: new Map(), sources: new Map() }
}

/** The place of an attribute of a derivation that was made since watchStore; undefined if it has none. */
function attributePosition(rt: Runtime, drvPath: StorePath, attribute: string): SourcePosition | undefined {
  const attrs = rt.drvs.watched?.drvs.get(drvPath)?.attrs
  const place = attrs === undefined ? undefined : rt.sources.place(attrs.posOf(attribute))
  return place === undefined ? undefined : { file: originBytes(place.source.origin), line: place.line, column: place.column }
}

/** An explainer of what was made since watchStore, and of what is in the host's store. */
export function explainerOf(rt: Runtime): Explainer {
  const read = (drvPath: StorePath): Derivation | undefined => {
    const watched = rt.drvs.watched?.drvs.get(drvPath)
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

/**
 * The steps to any store path that was made since watchStore: a derivation, an output of one, a text, a source; undefined for others.
 * `onDisk` tells whether the reader has the files at their paths, so that shell commands may read them. Sources are read again:
 * throws NixError if they are gone.
 */
export function explainPath(rt: Runtime, storePath: string, onDisk: boolean): Explanation | undefined {
  const { watched } = rt.drvs
  const { storeDir } = rt.host
  const path = reading(() => parseStorePath(storePath, storeDir))
  if (watched === undefined) return undefined
  const explainer = explainerOf(rt)
  if (isDerivationPath(path)) return watched.drvs.has(path) ? stepsTo(explainer.derivation(path), "drvPath") : undefined
  const text = watched.texts.get(storePath)
  if (text !== undefined) {
    const references = text.references.map((r) => parseStorePath(r, storeDir))
    return explainer.text(text.name, text.contents, references, { given: "text given to toFile" })
  }
  const source = watched.sources.get(storePath)
  if (source !== undefined) return explainSource(rt, explainer, source, onDisk)
  for (const [drvPath, { drv }] of watched.drvs) {
    for (const [name, output] of drv.outputs) {
      if (outputPath(output, drv.name, name, storeDir) === path) return explainer.output(drvPath, name)
    }
  }
  return undefined
}

function explainSource(rt: Runtime, explainer: Explainer, request: ImportRequest, onDisk: boolean): Explanation {
  const { path, name, recursive, filter } = request
  const from = { file: path, carried: !onDisk || filter !== undefined }
  const references = { others: (request.references ?? []).map((r) => parseStorePath(r, explainer.storeDir)), self: false }
  if (!recursive) {
    const parts: string[] = []
    dumpSource(rt.host, request, (chunk) => parts.push(Array.from(chunk, (byte) => String.fromCharCode(byte)).join("")))
    return explainer.flat(name, parts.join(""), from, "sha256", references)
  }
  const builder = new TreeBuilder()
  walkSource(rt.host, path, filter, builder.handle)
  return explainer.tree(name, builder.tree, from, "sha256", references)
}
