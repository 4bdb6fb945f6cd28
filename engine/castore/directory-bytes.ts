// Canonical protobuf bytes of directories and of single entries, read strictly: what is read can only be written one way.
//
//   Directory      = { 1: DirectoryEntry }* { 2: FileEntry }* { 3: SymlinkEntry }*       each list ascending by name
//   DirectoryEntry = [ 1: name ] 2: digest (32 bytes) [ 3: size ]
//   FileEntry      = [ 1: name ] 2: digest (32 bytes) [ 3: size ] [ 4: executable = 1 ]
//   SymlinkEntry   = [ 1: name ] 2: target
//   Entry          = 1: DirectoryEntry | 2: FileEntry | 3: SymlinkEntry
//
// Fields stand in the order of their tags; a field that is empty, 0 or false is left out; numbers are shortest varints.
// Snix: castore/protos/castore.proto (package snix.castore.v1). By hand and not through protobuf-es, because every directory
// that is looked into comes through here and the canonical form would have to be proved by writing it again (tests compare both).

import { type B3Digest, digestBytes, digestFromBytes } from "./digest.ts"
import type { DirectoryNode, FileNode, Node, SymlinkNode } from "./node.ts"

/** Why bytes are not what they should be; turned into a StoreError by those who know what was read. */
export class BadBytes extends Error {
  override readonly name = "BadBytes"
}

function bad(why: string): never {
  throw new BadBytes(why)
}

/** A growing array of bytes. */
class Output {
  #bytes = new Uint8Array(256)
  #used = 0

  #grow(more: number): void {
    if (this.#used + more <= this.#bytes.length) return
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + more))
    bigger.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = bigger
  }

  number(value: number): void {
    this.#grow(10)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#used++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#used++] = rest
  }

  bytes(bytes: Uint8Array): void {
    this.#grow(bytes.length)
    this.#bytes.set(bytes, this.#used)
    this.#used += bytes.length
  }

  text(text: string): void {
    this.#grow(text.length)
    for (let i = 0; i < text.length; i++) this.#bytes[this.#used++] = text.charCodeAt(i)
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#used)
  }
}

function numberSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

const fieldOf = { directory: 1, file: 2, symlink: 3 } as const

function bodySize(name: string, node: Node): number {
  const nameSize = name === "" ? 0 : 1 + numberSize(name.length) + name.length
  if (node.kind === "symlink") return nameSize + (node.target === "" ? 0 : 1 + numberSize(node.target.length) + node.target.length)
  const size = nameSize + 34 + (node.size === 0 ? 0 : 1 + numberSize(node.size))
  return node.kind === "file" && node.executable ? size + 2 : size
}

function writeEntry(output: Output, name: string, node: Node): void {
  output.number((fieldOf[node.kind] << 3) | 2)
  output.number(bodySize(name, node))
  if (name !== "") {
    output.number(0x0a)
    output.number(name.length)
    output.text(name)
  }
  if (node.kind === "symlink") {
    if (node.target === "") return
    output.number(0x12)
    output.number(node.target.length)
    output.text(node.target)
    return
  }
  output.number(0x12)
  output.number(32)
  output.bytes(digestBytes(node.digest))
  if (node.size !== 0) {
    output.number(0x18)
    output.number(node.size)
  }
  if (node.kind === "file" && node.executable) {
    output.number(0x20)
    output.number(1)
  }
}

/** The bytes of a directory whose entries are given in ascending order. Checks nothing. */
export function writeDirectoryBytes(entries: Iterable<readonly [string, Node]>): Uint8Array<ArrayBuffer> {
  const output = new Output()
  const files: (readonly [string, FileNode])[] = []
  const symlinks: (readonly [string, SymlinkNode])[] = []
  for (const [name, node] of entries) {
    if (node.kind === "directory") writeEntry(output, name, node)
    else if (node.kind === "file") files.push([name, node])
    else symlinks.push([name, node])
  }
  for (const [name, node] of files) writeEntry(output, name, node)
  for (const [name, node] of symlinks) writeEntry(output, name, node)
  return output.finish()
}

/** The bytes of an Entry message. Checks nothing. */
export function writeEntryBytes(name: string, node: Node): Uint8Array<ArrayBuffer> {
  const output = new Output()
  writeEntry(output, name, node)
  return output.finish()
}

/** Reads fields off bytes. */
class Input {
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  get done(): boolean {
    return this.#at === this.#end
  }

  number(): number {
    let value = 0
    let scale = 1
    for (let i = 0; ; i++) {
      if (this.#at === this.#end) bad("it ends within a number")
      const byte = this.#bytes[this.#at++]!
      value += (byte & 127) * scale
      scale *= 128
      if (byte < 128) {
        if (byte === 0 && i > 0) bad("a number is not written in its shortest form")
        // Above this numbers are inexact here. No file has that many bytes, no tree that many entries.
        if (value > Number.MAX_SAFE_INTEGER) bad("a number is larger than 2^53 - 1")
        return value
      }
      if (i === 9) bad("a number is longer than 64 bits")
    }
  }

  #length(): number {
    const length = this.number()
    if (length > this.#end - this.#at) bad("it ends within a field")
    return length
  }

  message(): Input {
    const length = this.#length()
    this.#at += length
    return new Input(this.#bytes, this.#at - length, this.#at)
  }

  text(): string {
    const length = this.#length()
    let text = ""
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.#bytes[this.#at++]!)
    return text
  }

  digest(): B3Digest {
    const length = this.#length()
    if (length !== 32) bad(`a digest has ${length} bytes, not 32`)
    this.#at += 32
    return digestFromBytes(this.#bytes.subarray(this.#at - 32, this.#at))
  }
}

/** The entry that follows its tag; reading it leaves nothing over. */
function readEntry(tag: number, input: Input): readonly [string, Node] {
  let name = ""
  let digest: B3Digest | undefined
  let target: string | undefined
  let size = 0
  let executable = false
  let last = 0
  while (!input.done) {
    const field = input.number()
    if (field <= last) bad("the fields of an entry are not in the order of their tags")
    last = field
    if (field === 0x0a) {
      name = input.text()
      if (name === "") bad("an empty name is written out")
    } else if (field === 0x12) {
      if (tag === 0x1a) target = input.text()
      else digest = input.digest()
    } else if (field === 0x18 && tag !== 0x1a) {
      size = input.number()
      if (size === 0) bad("a size of 0 is written out")
    } else if (field === 0x20 && tag === 0x12) {
      if (input.number() !== 1) bad("executable is written as something other than 1")
      executable = true
    } else bad(`an entry has the unknown field ${field >>> 3} (of type ${field & 7})`)
  }
  if (tag === 0x1a) return [name, { kind: "symlink", target: target ?? "" } satisfies SymlinkNode]
  if (digest === undefined) return bad("an entry has no digest")
  if (tag === 0x0a) return [name, { kind: "directory", digest, size } satisfies DirectoryNode]
  return [name, { kind: "file", digest, size, executable } satisfies FileNode]
}

/** The three lists of a directory, in their order in the bytes. Throws BadBytes; does not look at names and targets. */
export function readDirectoryBytes(bytes: Uint8Array): readonly (readonly [string, Node])[][] {
  const lists: (readonly [string, Node])[][] = [[], [], []]
  const input = new Input(bytes, 0, bytes.length)
  let last = 0
  while (!input.done) {
    const tag = input.number()
    if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) bad(`a directory has the unknown field ${tag >>> 3} (of type ${tag & 7})`)
    if (tag < last) bad("directories, files and symlinks do not stand in this order")
    last = tag
    lists[(tag >>> 3) - 1]!.push(readEntry(tag, input.message()))
  }
  return lists
}

/** The name and node of an Entry message. Throws BadBytes; does not look at name and target. */
export function readEntryBytes(bytes: Uint8Array): readonly [string, Node] {
  const input = new Input(bytes, 0, bytes.length)
  if (input.done) bad("no entry is set")
  const tag = input.number()
  if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) bad(`an entry has the unknown field ${tag >>> 3} (of type ${tag & 7})`)
  const entry = readEntry(tag, input.message())
  if (!input.done) bad("something follows the entry")
  return entry
}
