// Directories and single entries: the rules they keep, and their bytes.
// Snix: castore/src/{path/component,nodes/symlink_target,nodes/directory,proto/mod}.rs

import { type B3Digest, b3 } from "./digest.ts"
import { BadBytes, readDirectoryBytes, readEntryBytes, writeDirectoryBytes, writeEntryBytes } from "./directory-bytes.ts"
import { StoreError, type StoreErrorCode } from "./error.ts"
import type { Directory, DirectoryNode, Node } from "./node.ts"

/** The longest name of an entry, in bytes. */
const maxNameSize = 255
/** The longest target of a symlink, in bytes. */
export const maxTargetSize = 4095

/** The directory without entries. */
export const emptyDirectory: Directory = new Map()

/** What is wrong with a name of an entry; undefined if nothing is. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "it is empty"
  if (name === "." || name === "..") return "it means another directory"
  if (name.includes("/")) return "it contains a slash"
  if (name.includes("\0")) return "it contains a zero byte"
  if (name.length > maxNameSize) return `it has ${name.length} bytes, more than ${maxNameSize}`
  return undefined
}

/** What is wrong with the target of a symlink; undefined if nothing is. */
export function targetFault(target: string): string | undefined {
  if (target === "") return "it is empty"
  if (target.includes("\0")) return "it contains a zero byte"
  if (target.length > maxTargetSize) return `it has ${target.length} bytes, more than ${maxTargetSize}`
  return undefined
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0
}

/** Throws StoreError `code` unless the node keeps the rules. */
function checkNode(name: string, node: Node, code: StoreErrorCode): void {
  if (node.kind === "symlink") {
    const fault = targetFault(node.target)
    if (fault !== undefined) throw new StoreError(code, `the target of the symlink '${name}' is invalid: ${fault}`)
  } else if (!isSize(node.size)) {
    throw new StoreError(code, `the size of the ${node.kind} '${name}' is invalid: ${node.size}`)
  } else if (!/^[0-9a-f]{64}$/.test(node.digest)) {
    throw new StoreError(code, `the digest of the ${node.kind} '${name}' is invalid: '${node.digest}'`)
  }
}

function checkName(name: string, code: StoreErrorCode): void {
  const fault = nameFault(name)
  if (fault !== undefined) throw new StoreError(code, `the name '${name}' in a directory is invalid: ${fault}`)
}

function sizeOf(directory: Directory, code: StoreErrorCode): number {
  let size = 0
  for (const node of directory.values()) {
    size += node.kind === "directory" ? node.size + 1 : 1
    if (!isSize(size)) throw new StoreError(code, "the entries of a directory are too many to count: the sum of sizes overflows")
  }
  return size
}

/** How many entries there are in a directory and below it. Throws `invalid` if they are too many to count. */
export function directorySize(directory: Directory): number {
  return sizeOf(directory, "invalid")
}

/** Throws `invalid` unless the names, their order, targets, digests and sizes keep the rules. */
export function checkDirectory(directory: Directory): void {
  let previous: string | undefined
  for (const [name, node] of directory) {
    checkName(name, "invalid")
    if (previous !== undefined && name <= previous) {
      throw new StoreError("invalid", `the entries of a directory are not in ascending order: '${name}' after '${previous}'`)
    }
    previous = name
    checkNode(name, node, "invalid")
  }
  sizeOf(directory, "invalid")
}

/** A directory of entries in any order. Throws `invalid` if a name occurs twice or a rule is broken. */
export function directoryOf(entries: Iterable<readonly [string, Node]>): Directory {
  // Names are byte strings, so that the order of code units is the order of bytes.
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const directory = new Map(sorted)
  if (directory.size !== sorted.length) throw new StoreError("invalid", `a directory has two entries of the name '${twice(sorted)}'`)
  checkDirectory(directory)
  return directory
}

function twice(sorted: readonly (readonly [string, Node])[]): string | undefined {
  return sorted.find(([name], i) => i > 0 && sorted[i - 1]![0] === name)?.[0]
}

/** The canonical bytes of a directory. Throws `invalid` if it breaks a rule. */
export function directoryToBytes(directory: Directory): Uint8Array<ArrayBuffer> {
  checkDirectory(directory)
  return writeDirectoryBytes(directory)
}

/** The directory that canonical bytes stand for; throws `damaged` for any others. */
export function directoryFromBytes(bytes: Uint8Array): Directory {
  const lists = readStrictly("a directory", () => readDirectoryBytes(bytes))
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const [name, node] = list[i]!
      checkName(name, "damaged")
      checkNode(name, node, "damaged")
      if (i > 0 && name < list[i - 1]![0]) {
        throw new StoreError("damaged", `the entries of a directory are not in ascending order: '${name}' after '${list[i - 1]![0]}'`)
      }
    }
  }
  const directory = new Map(merge(merge(lists[0]!, lists[1]!), lists[2]!))
  const count = lists.reduce((sum, list) => sum + list.length, 0)
  if (directory.size !== count) {
    const all = lists.flat().sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    throw new StoreError("damaged", `a directory has two entries of the name '${twice(all)}'`)
  }
  sizeOf(directory, "damaged")
  return directory
}

type Entries = readonly (readonly [string, Node])[]

function merge(a: Entries, b: Entries): Entries {
  if (b.length === 0) return a
  if (a.length === 0) return b
  const both: (readonly [string, Node])[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) both.push(a[i]![0] <= b[j]![0] ? a[i++]! : b[j++]!)
  while (i < a.length) both.push(a[i++]!)
  while (j < b.length) both.push(b[j++]!)
  return both
}

function readStrictly<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof BadBytes) throw new StoreError("damaged", `the bytes of ${what} are invalid: ${error.message}`)
    throw error
  }
}

/** The directory stored under `digest` in these bytes. Throws `damaged` if they have another digest or are no directory. */
export function checkedDirectory(digest: B3Digest, bytes: Uint8Array): Directory {
  const found = b3(bytes)
  if (found !== digest)
    throw new StoreError("damaged", `the directory ${digest} is damaged: its ${bytes.length} bytes have the digest ${found}`)
  return directoryFromBytes(bytes)
}

/** The digest of a directory. Throws `invalid` if it breaks a rule. */
export function directoryDigest(directory: Directory): B3Digest {
  return b3(directoryToBytes(directory))
}

/** The node that refers to a directory. Throws `invalid` if it breaks a rule. */
export function directoryNode(directory: Directory): DirectoryNode {
  return { kind: "directory", digest: directoryDigest(directory), size: directorySize(directory) }
}

/** The bytes of an Entry message: how a node stands in messages and in the URLs of castore-aware caches (there without a name). */
export function entryToBytes(node: Node, name = ""): Uint8Array<ArrayBuffer> {
  if (name !== "") checkName(name, "invalid")
  checkNode(name, node, "invalid")
  return writeEntryBytes(name, node)
}

/** What an Entry message says, its name "" if it has none. Throws `damaged` for bytes that break a rule. */
export function entryFromBytes(bytes: Uint8Array): { readonly name: string; readonly node: Node } {
  const [name, node] = readStrictly("an entry", () => readEntryBytes(bytes))
  if (name !== "") checkName(name, "damaged")
  checkNode(name, node, "damaged")
  return { name, node }
}

/** True if both nodes are the same. */
export function sameNode(a: Node, b: Node): boolean {
  if (a.kind === "symlink") return b.kind === "symlink" && a.target === b.target
  if (a.kind === "directory") return b.kind === "directory" && a.digest === b.digest && a.size === b.size
  return b.kind === "file" && a.digest === b.digest && a.size === b.size && a.executable === b.executable
}
