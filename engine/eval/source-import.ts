// Source trees on their way into the store: walked through the host, filtered, written as an archive, hashed.
// C++ Nix: libfetchers/fetch-to-store.cc, libutil/archive.cc SourceAccessor::dumpPath

import { Hasher } from "../formats/hash/digest.ts"
import { type NarHandler, narMaxDepth } from "../formats/nar/grammar.ts"
import { NarWriter } from "../formats/nar/writer.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import { parseStorePath, printStorePath } from "../formats/store-path/store-path.ts"
import { corepkgs } from "./corepkgs.ts"
import { NixError } from "./error.ts"
import { reading } from "./format-fault.ts"
import type { FileType, Host, ImportRequest } from "./host.ts"

/** What a walk asks of the host. */
export type SourceHost = Pick<Host, "lstat" | "readLink" | "readFile" | "readDir" | "isExecutable">

function typeAt(host: SourceHost, path: string): FileType {
  const type = corepkgs.has(path) ? "regular" : host.lstat(path)
  if (type === null) throw new NixError("error", `path '${path}' does not exist`, 0)
  return type
}

/** The bytes of a regular file, as an array. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

function contentsAt(host: SourceHost, path: string): Uint8Array {
  return bytesOf(corepkgs.get(path) ?? host.readFile(path))
}

/** Walks the tree at `path` in the order of archives; `filter` is asked for every entry below the root. */
export function walkSource(host: SourceHost, path: string, filter: ImportRequest["filter"], handle: NarHandler): void {
  const walk = (at: string, name: string | undefined, depth: number): void => {
    if (depth >= narMaxDepth) throw new NixError("error", `path '${at}' exceeds maximum NAR directory depth of ${narMaxDepth}`, 0)
    const type = typeAt(host, at)
    switch (type) {
      case "regular": {
        const bytes = contentsAt(host, at)
        handle({ kind: "file", name, executable: host.isExecutable?.(at) ?? false, size: bytes.length, offset: 0 })
        if (bytes.length > 0) handle({ kind: "contents", bytes })
        return
      }
      case "symlink":
        handle({ kind: "symlink", name, target: host.readLink(at) })
        return
      case "directory": {
        handle({ kind: "directory", name })
        const entries = host.readDir(at)
        for (const entry of [...entries.keys()].sort()) {
          const child = at === "/" ? `/${entry}` : `${at}/${entry}`
          if (filter === undefined || filter(child, entries.get(entry) as FileType)) walk(child, entry, depth + 1)
        }
        handle({ kind: "end" })
        return
      }
      case "unknown":
        throw new NixError("error", `file '${at}' has an unsupported type of unknown`, 0)
    }
  }
  walk(path, undefined, 0)
}

/** Writes what a request hashes to `sink`, in chunks that it has to copy if it keeps them: an archive, or one file's bytes. */
export function dumpSource(host: SourceHost, request: ImportRequest, sink: (chunk: Uint8Array) => void): void {
  const { path } = request
  if (!request.recursive) {
    if (typeAt(host, path) !== "regular") throw new NixError("error", `'${path}' is not a regular file`, 0)
    sink(contentsAt(host, path))
    return
  }
  const writer = new NarWriter(sink)
  reading(() => {
    walkSource(host, path, request.filter, (event) => writer.write(event))
    writer.finish()
  })
}

/** The store path that a request leads to, from the sources alone: nothing is written anywhere. C++ Nix: Store::computeStorePath. */
export function sourcePath(host: SourceHost, request: ImportRequest, storeDir: string): string {
  const hasher = new Hasher("sha256")
  dumpSource(host, request, (chunk) => hasher.update(chunk))
  const address = {
    method: request.recursive ? ("nar" as const) : ("flat" as const),
    hash: { algo: "sha256" as const, bytes: hasher.digest() },
  }
  const found = reading(() => {
    const others = (request.references ?? []).map((r) => parseStorePath(r, storeDir))
    return makeFixedOutputPath(request.name, address, { others, self: false }, storeDir)
  })
  return printStorePath(found, storeDir)
}

/** Puts a tree into the host's store and gives its store path; without a store the path is only computed (Nix's read-only mode). */
export function importSource(host: Host, request: ImportRequest): string {
  return host.addToStore === undefined ? sourcePath(host, request, host.storeDir) : host.addToStore(request)
}
