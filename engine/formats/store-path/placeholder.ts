// Placeholders: texts that stand for store paths not known yet, "/" and 52 characters of nix32.
//
//   of an own output o                   sha256("nix-output:" o)
//   of output o of P, content-addressed  sha256("nix-upstream-output:" HASHPART(P) ":" OUTPUTPATHNAME)
//   of output o of an unknown drv        sha256("nix-computed-output:" nix32(fold20(hash of the drv's placeholder)) ":" o)
//
// C++ Nix: libstore/derivations.cc hashPlaceholder, libstore/downstream-placeholder.cc

import type { Recorder } from "../explain/recorder.ts"
import { printBase16 } from "../hash/base16.ts"
import { digest } from "../hash/digest.ts"
import { compressHash } from "../hash/hash.ts"
import { printNix32 } from "../hash/nix32.ts"
import { outputPathName } from "./compute.ts"
import type { BuiltPath } from "./derived-path.ts"
import { hashPart, namePart, type StorePath } from "./store-path.ts"

function hashed(text: string, recorder: Recorder | undefined): Uint8Array {
  const bytes = digest("sha256", text)
  recorder?.hashed("placeholder", "sha256", text, printBase16(bytes))
  return bytes
}

/** What `builtins.placeholder` gives: stands for the derivation's own output. */
export function outputPlaceholder(output: string, recorder?: Recorder): string {
  return `/${printNix32(hashed(`nix-output:${output}`, recorder))}`
}

/** The digest in the placeholder for output `output` of the derivation at `drvPath`. */
function upstreamDigest(drvPath: StorePath, output: string, recorder?: Recorder): Uint8Array {
  const drvName = namePart(drvPath).slice(0, -4)
  return hashed(`nix-upstream-output:${hashPart(drvPath)}:${outputPathName(drvName, output)}`, recorder)
}

function downstreamDigest(path: BuiltPath): Uint8Array {
  const { drvPath, output } = path
  if (drvPath.kind === "opaque") return upstreamDigest(drvPath.path, output)
  const inner = printNix32(compressHash(downstreamDigest(drvPath), 20))
  return digest("sha256", `nix-computed-output:${inner}:${output}`)
}

/** Stands for output `output` of the content-addressed (or deferred) derivation at `drvPath`. */
export function upstreamPlaceholder(drvPath: StorePath, output: string, recorder?: Recorder): string {
  return `/${printNix32(upstreamDigest(drvPath, output, recorder))}`
}

/** Stands for an output of a derivation that may itself be an output still to be built. */
export function downstreamPlaceholder(path: BuiltPath): string {
  return `/${printNix32(downstreamDigest(path))}`
}
