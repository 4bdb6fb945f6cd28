// Whole file trees in memory: from and to archives, from and to JSON (the form of Nix's in-memory file systems).
// C++ Nix: libutil/memory-source-accessor.cc, memory-source-accessor/json.cc

import { joinBytes } from "../bytes.ts"
import { fail } from "../error.ts"
import { asBoolean, asObject, asString, valueAt } from "../json/access.ts"
import type { JsonObject, JsonValue } from "../json/value.ts"
import { checkNarName, checkNarTarget, type NarHandler } from "./grammar.ts"
import { readNar } from "./reader.ts"
import { NarWriter } from "./writer.ts"

/** A file, a symlink, or a directory with its entries by name (in any order). */
export type FileTree =
  | { readonly kind: "regular"; readonly executable: boolean; readonly contents: Uint8Array }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "directory"; readonly entries: ReadonlyMap<string, FileTree> }

/** Takes a tree apart into the events of an archive, entries in byte order of their names. */
function treeEvents(tree: FileTree, handle: NarHandler, name?: string): void {
  switch (tree.kind) {
    case "regular":
      handle({ kind: "file", name, executable: tree.executable, size: tree.contents.length, offset: 0 })
      if (tree.contents.length > 0) handle({ kind: "contents", bytes: tree.contents })
      return
    case "symlink":
      handle({ kind: "symlink", name, target: tree.target })
      return
    case "directory":
      handle({ kind: "directory", name })
      for (const entry of [...tree.entries.keys()].sort()) treeEvents(tree.entries.get(entry)!, handle, entry)
      handle({ kind: "end" })
  }
}

/** Builds a tree from the events of an archive. */
export class TreeBuilder {
  #root: FileTree | undefined
  readonly #open: { readonly name: string | undefined; readonly entries: Map<string, FileTree> }[] = []
  #file: { readonly name: string | undefined; readonly executable: boolean; readonly parts: Uint8Array[]; left: number } | undefined

  #add(name: string | undefined, tree: FileTree): void {
    const directory = this.#open.at(-1)
    if (directory === undefined) this.#root = tree
    else directory.entries.set(name!, tree)
  }

  #endFile(): void {
    const file = this.#file!
    this.#file = undefined
    this.#add(file.name, { kind: "regular", executable: file.executable, contents: joinBytes(file.parts) })
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
        this.#file = { name: event.name, executable: event.executable, parts: [], left: event.size }
        if (event.size === 0) this.#endFile()
        return
      case "contents":
        this.#file!.parts.push(event.bytes.slice())
        this.#file!.left -= event.bytes.length
        if (this.#file!.left === 0) this.#endFile()
    }
  }

  /** The tree, once all events have been taken. */
  get tree(): FileTree {
    if (this.#root === undefined) throw new RangeError("the tree is not complete")
    return this.#root
  }
}

/** The tree in an archive. */
export function readNarTree(nar: Uint8Array | Iterable<Uint8Array>): FileTree {
  const builder = new TreeBuilder()
  readNar(nar, builder.handle)
  return builder.tree
}

/** Writes a tree as an archive to `sink` in chunks (which it has to copy if it keeps them); gives the size in bytes. */
export function writeNarTree(tree: FileTree, sink: (chunk: Uint8Array) => void): number {
  const writer = new NarWriter(sink)
  treeEvents(tree, (event) => writer.write(event))
  return writer.finish()
}

/** The archive of a tree, as one array. */
export function narOfTree(tree: FileTree): Uint8Array {
  const parts: Uint8Array[] = []
  writeNarTree(tree, (chunk) => parts.push(chunk.slice()))
  return joinBytes(parts)
}

/** The tree as JSON. Contents are taken as text: they have to be UTF-8, as in Nix. */
export function treeToJson(tree: FileTree): JsonObject {
  switch (tree.kind) {
    case "regular": {
      let contents = ""
      for (const byte of tree.contents) contents += String.fromCharCode(byte)
      return { type: "regular", executable: tree.executable, contents }
    }
    case "symlink":
      return { type: "symlink", target: tree.target }
    case "directory": {
      const entries: { [name: string]: JsonValue } = Object.create(null)
      for (const name of [...tree.entries.keys()].sort()) entries[name] = treeToJson(tree.entries.get(name)!)
      return { type: "directory", entries }
    }
  }
}

/** Reads the JSON form. */
export function treeFromJson(json: unknown): FileTree {
  const object = asObject(json)
  const type = asString(valueAt(object, "type"))
  switch (type) {
    case "regular": {
      const text = asString(valueAt(object, "contents"))
      const contents = new Uint8Array(text.length)
      for (let i = 0; i < text.length; i++) contents[i] = text.charCodeAt(i)
      return { kind: "regular", executable: asBoolean(valueAt(object, "executable")), contents }
    }
    case "symlink": {
      const target = asString(valueAt(object, "target"))
      checkNarTarget(target)
      return { kind: "symlink", target }
    }
    case "directory": {
      const entries = new Map<string, FileTree>()
      for (const [name, entry] of Object.entries(asObject(valueAt(object, "entries")))) {
        checkNarName(name, undefined)
        entries.set(name, treeFromJson(entry))
      }
      return { kind: "directory", entries }
    }
    default:
      return fail("bad-json", `unknown type of file '${type}'`)
  }
}
