// The derivation that a build is of: its text must have the path that it is said to have, and its outputs those of the request.

import { StoreError } from "../../castore/error.ts"
import { parseAterm } from "../../formats/derivation/aterm-reader.ts"
import { type Derivation, outputPath } from "../../formats/derivation/derivation.ts"
import { derivationPath } from "../../formats/derivation/instantiate.ts"
import { FormatError } from "../../formats/error.ts"
import type { ContentAddress } from "../../formats/store-path/content-address.ts"
import { defaultStoreDir, drvNameOfPath, parseBaseName, type StorePath } from "../../formats/store-path/store-path.ts"
import type { BuildRequest } from "../../proto/gen/build_pb.ts"

export interface JobDerivation {
  readonly path: StorePath
  /** The text of its file, a byte string. */
  readonly text: string
  readonly drv: Derivation
  /** By store path: the name of the output, and what it promises of its content. */
  readonly outputs: ReadonlyMap<StorePath, { readonly name: string; readonly promise: ContentAddress | undefined }>
}

/** Reads the derivation of a job. Throws StoreError `invalid`; `unsupported` for outputs whose path is not known before. */
export function jobDerivation(path: string, text: Uint8Array, request: BuildRequest): JobDerivation {
  try {
    const drvPath = parseBaseName(path)
    const bytes = Buffer.from(text).toString("latin1")
    const drv = parseAterm(bytes, drvNameOfPath(drvPath))
    if (derivationPath(drv, bytes) !== drvPath) throw new StoreError("invalid", `the text of the derivation is not that of ${path}`)
    const outputs = new Map<StorePath, { name: string; promise: ContentAddress | undefined }>()
    for (const [name, output] of drv.outputs) {
      const known = outputPath(output, drv.name, name, defaultStoreDir)
      if (known === undefined)
        throw new StoreError("unsupported", `the path of the output '${name}' of ${path} is not known before it is built`)
      outputs.set(known, { name, promise: output.kind === "caFixed" ? output.address : undefined })
    }
    const wanted = [...outputs.keys()].map((output) => `${defaultStoreDir.slice(1)}/${output}`).sort()
    if (wanted.join("\0") !== request.outputs.join("\0"))
      throw new StoreError("invalid", `the outputs of the request are not those of ${path}`)
    return { path: drvPath, text: bytes, drv, outputs }
  } catch (error) {
    if (error instanceof FormatError) throw new StoreError("invalid", error.message, { cause: error })
    throw error
  }
}
