// Listings of archives (`.ls`): the tree without contents, each file with its size and where it starts in the archive,
// so that single files can be read out of an archive by their offset.
//
//   { "version": 1, "root": NODE }
//   NODE = { type: "regular", size, executable, narOffset? } | { type: "symlink", target } | { type: "directory", entries }
//
// C++ Nix: libutil/nar-listing.cc, libutil/nar-accessor.cc, libstore/binary-cache-store.cc

import { fail } from "../error.ts"
import { asBoolean, asObject, asString, asUnsigned, optionalAt, valueAt } from "../json/access.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../json/value.ts"
import type { NarHandler } from "./grammar.ts"
import { readNar } from "./reader.ts"

/** A node of a listing. Directories of shallow listings have entries of which only the name is known. */
export type NarListing =
  | {
      readonly kind: "regular"
      readonly executable: boolean
      readonly size: number | undefined
      /** Where the contents start in the archive, in bytes. */
      readonly offset: number | undefined
    }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "directory"; readonly entries: ReadonlyMap<string, NarListing> }
  | { readonly kind: "opaque" }

/** Builds a listing from the events of an archive. */
class ListingBuilder {
  #root: NarListing | undefined
  readonly #open: { readonly name: string | undefined; readonly entries: Map<string, NarListing> }[] = []

  #add(name: string | undefined, node: NarListing): void {
    const directory = this.#open.at(-1)
    if (directory === undefined) this.#root = node
    else directory.entries.set(name!, node)
  }

  /** Takes an event. */
  readonly handle: NarHandler = (event) => {
    switch (event.kind) {
      case "directory":
        this.#open.push({ name: event.name, entries: new Map() })
        return
      case "end": {
        const { name, entries } = this.#open.pop()!
        this.#add(name, { kind: "directory", entries })
        return
      }
      case "symlink":
        this.#add(event.name, { kind: "symlink", target: event.target })
        return
      case "file":
        this.#add(event.name, { kind: "regular", executable: event.executable, size: event.size, offset: event.offset })
        return
      case "contents":
    }
  }

  /** The listing, once all events have been taken. */
  get listing(): NarListing {
    if (this.#root === undefined) throw new RangeError("the listing is not complete")
    return this.#root
  }
}

/** The listing of an archive. */
export function listNar(nar: Uint8Array | Iterable<Uint8Array>): NarListing {
  const builder = new ListingBuilder()
  readNar(nar, builder.handle)
  return builder.listing
}

/** The same listing with nothing known of the entries of the root but their names. */
export function shallowListing(listing: NarListing): NarListing {
  if (listing.kind !== "directory") return listing
  return { kind: "directory", entries: new Map([...listing.entries.keys()].map((name) => [name, { kind: "opaque" }])) }
}

/** The node at `path` (`/bin/sh`; "" or "/" is the root), or undefined. Symlinks are not followed. */
export function findInListing(listing: NarListing, path: string): NarListing | undefined {
  let node: NarListing | undefined = listing
  for (const part of path.split("/")) {
    if (part === "") continue
    if (node?.kind !== "directory") return undefined
    node = node.entries.get(part)
  }
  return node
}

/** The contents of the file at `path` of an archive that is in memory, as a view. Fails in Nix's words (code `bad-nar`). */
export function readFileInNar(nar: Uint8Array, listing: NarListing, path: string): Uint8Array {
  const node = findInListing(listing, path)
  if (node === undefined) fail("bad-nar", `NAR file does not contain path '${path}'`)
  if (node.kind !== "regular" || node.size === undefined || node.offset === undefined) {
    return fail("bad-nar", `path '${path}' inside NAR file is not a regular file`)
  }
  if (node.offset > nar.length || node.size > nar.length - node.offset) {
    fail(
      "bad-nar",
      `reading invalid NAR bytes range: requested ${node.size} bytes at offset ${node.offset}, but NAR has size ${nar.length}`,
    )
  }
  return nar.subarray(node.offset, node.offset + node.size)
}

/** A node as JSON. */
export function listingToJson(listing: NarListing): JsonObject {
  switch (listing.kind) {
    case "opaque":
      return {}
    case "symlink":
      return { type: "symlink", target: listing.target }
    case "regular": {
      const { size, executable, offset } = listing
      return {
        type: "regular",
        executable,
        ...(size === undefined ? {} : { size }),
        ...(offset === undefined || offset === 0 ? {} : { narOffset: offset }),
      }
    }
    case "directory": {
      const entries: { [name: string]: JsonValue } = Object.create(null)
      for (const name of [...listing.entries.keys()].sort()) entries[name] = listingToJson(listing.entries.get(name)!)
      return { type: "directory", entries }
    }
  }
}

/** Reads a node from JSON. */
export function listingFromJson(json: unknown): NarListing {
  const object = asObject(json)
  if (Object.keys(object).length === 0) return { kind: "opaque" }
  const type = asString(valueAt(object, "type"))
  switch (type) {
    case "regular": {
      const executable = optionalAt(object, "executable")
      const size = optionalAt(object, "size")
      const offset = optionalAt(object, "narOffset")
      return {
        kind: "regular",
        executable: executable === undefined ? false : asBoolean(executable),
        size: size === undefined ? undefined : asUnsigned(size),
        offset: offset === undefined ? undefined : asUnsigned(offset) || undefined,
      }
    }
    case "symlink":
      return { kind: "symlink", target: asString(valueAt(object, "target")) }
    case "directory": {
      const entries = new Map<string, NarListing>()
      for (const [name, entry] of Object.entries(asObject(valueAt(object, "entries")))) entries.set(name, listingFromJson(entry))
      return { kind: "directory", entries }
    }
    default:
      return fail("bad-json", `unknown type of file '${type}'`)
  }
}

/** The contents of a `.ls` file. */
export function lsToJson(listing: NarListing): JsonObject {
  return { version: 1, root: listingToJson(listing) }
}

/** Reads the contents of a `.ls` file. */
export function lsFromJson(json: unknown): NarListing {
  const object = asObject(json)
  const version = asUnsigned(valueAt(object, "version"))
  if (version !== 1) fail("bad-json", `unsupported version ${version} of a NAR listing`)
  const root = valueAt(object, "root")
  if (!isJsonObject(root)) fail("bad-json", "expected the 'root' of a NAR listing to be an object")
  return listingFromJson(root)
}
