// Git objects and their hashes, for objects addressed by git tree.
//
//   blob   "blob " SIZE NUL CONTENTS                      also symlinks: the contents are the target
//   tree   "tree " SIZE NUL { MODE " " NAME NUL HASH }    modes octal: 100644 100755 120000 40000
//
// Entries are sorted as if names of directories ended in "/". The hash of an object is that of all these bytes.
// C++ Nix: libutil/git.cc

import { fail } from "../error.ts"
import { type HashAlgo, hashSize } from "../hash/algo.ts"
import { parseBase16, printBase16 } from "../hash/base16.ts"
import { digest, Hasher } from "../hash/digest.ts"
import type { Hash } from "../hash/hash.ts"
import { checkNarName } from "../nar/grammar.ts"
import type { FileTree } from "../nar/tree.ts"

/** What an entry of a tree is. */
export type GitMode = "regular" | "executable" | "symlink" | "directory"

/** An entry of a tree: what it is and the hash of its object. */
export interface GitEntry {
  readonly mode: GitMode
  /** As long as the algorithm's digest. */
  readonly hash: Uint8Array
}

/** The hash algorithms git has. */
export type GitAlgo = "sha1" | "sha256"

const modeNumbers: Readonly<Record<GitMode, string>> = { regular: "100644", executable: "100755", symlink: "120000", directory: "40000" }

/** An algorithm that git has; fails for the others. */
export function gitAlgo(algo: HashAlgo): GitAlgo {
  return algo === "sha1" || algo === "sha256" ? algo : fail("bad-git-object", `Unsupported hash algorithm for git trees: ${algo}`)
}

/** What comes before the contents of a blob. */
export function blobHead(size: number): string {
  return `blob ${size}\0`
}

/** The hash of a blob. */
export function hashBlob(algo: GitAlgo, contents: Uint8Array | string): Uint8Array {
  return new Hasher(algo).update(blobHead(contents.length)).update(contents).digest()
}

/** A tree object as a byte string; fails on names that cannot be. */
export function printTree(entries: ReadonlyMap<string, GitEntry>): string {
  const sorted = [...entries].map(([name, entry]) => {
    checkNarName(name, undefined)
    return { key: entry.mode === "directory" ? `${name}/` : name, name, entry }
  })
  sorted.sort((a, b) => (a.key < b.key ? -1 : 1))
  let body = ""
  for (const { name, entry } of sorted) body += `${modeNumbers[entry.mode]} ${name}\0${String.fromCharCode(...entry.hash)}`
  return `tree ${body.length}\0${body}`
}

/** The hash of a tree object. */
export function hashTree(algo: GitAlgo, entries: ReadonlyMap<string, GitEntry>): Uint8Array {
  return digest(algo, printTree(entries))
}

/** What a file is in git and the hash of its object, a directory with all below it. C++ Nix: dumpHash. */
export function hashGitTree(algo: GitAlgo, tree: FileTree): GitEntry {
  switch (tree.kind) {
    case "regular":
      return { mode: tree.executable ? "executable" : "regular", hash: hashBlob(algo, tree.contents) }
    case "symlink":
      return { mode: "symlink", hash: hashBlob(algo, tree.target) }
    case "directory": {
      const entries = new Map<string, GitEntry>()
      for (const [name, child] of tree.entries) entries.set(name, hashGitTree(algo, child))
      return { mode: "directory", hash: hashTree(algo, entries) }
    }
  }
}

/** The hash of a file for a content address of method `git`. */
export function gitContentHash(algo: HashAlgo, tree: FileTree): Hash {
  return { algo, bytes: hashGitTree(gitAlgo(algo), tree).hash }
}

/** A git object, read. */
export type GitObject =
  | { readonly kind: "blob"; readonly contents: Uint8Array }
  | { readonly kind: "tree"; readonly entries: ReadonlyMap<string, GitEntry> }

class ObjectReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(size: number): Uint8Array {
    if (size > this.left) fail("bad-git-object", "unexpected end-of-file", this.#at)
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  /** Text up to a byte, which is left out. */
  until(byte: number): string {
    const end = this.#bytes.indexOf(byte, this.#at)
    if (end < 0) return fail("bad-git-object", "unexpected end-of-file", this.#at)
    const text = textOf(this.#bytes.subarray(this.#at, end))
    this.#at = end + 1
    return text
  }

  size(): number {
    const text = this.until(0)
    if (!/^[0-9]{1,15}$/.test(text)) fail("bad-git-object", `git object has the size '${text}'`, this.#at)
    if (Number(text) !== this.left) fail("bad-git-object", `git object says it has ${text} bytes but has ${this.left}`, this.#at)
    return Number(text)
  }
}

function textOf(bytes: Uint8Array): string {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Octal without or with a leading zero, as git has written it in different times. */
function modeOf(text: string): GitMode {
  const mode = (Object.keys(modeNumbers) as GitMode[]).find(
    (known) => /^[0-7]+$/.test(text) && modeNumbers[known] === text.replace(/^0+/, ""),
  )
  return mode ?? fail("bad-git-object", `Unknown Git permission: ${text}`)
}

/** Reads a git object that is all there; contents are a view. Fails with code `bad-git-object`. */
export function parseGitObject(bytes: Uint8Array, algo: GitAlgo): GitObject {
  const reader = new ObjectReader(bytes)
  const type = bytes.length < 5 ? "" : textOf(reader.take(5))
  if (type === "blob ") return { kind: "blob", contents: reader.take(reader.size()) }
  if (type !== "tree ") fail("bad-git-object", "input doesn't look like a Git object", 0)
  reader.size()
  const entries = new Map<string, GitEntry>()
  while (reader.left > 0) {
    const mode = modeOf(reader.until(32))
    const name = reader.until(0)
    if (name === "" || name === "." || name === ".." || name.includes("/"))
      fail("bad-git-object", `git tree contains invalid file name '${name}'`)
    if (entries.has(name)) fail("bad-git-object", `git tree contains '${name}' twice`)
    entries.set(name, { mode, hash: reader.take(hashSize[algo]).slice() })
  }
  return { kind: "tree", entries }
}

/** A tree as `git ls-tree` prints it. */
export function printLsTree(entries: ReadonlyMap<string, GitEntry>): string {
  const key = ([name, entry]: [string, GitEntry]) => (entry.mode === "directory" ? `${name}/` : name)
  return [...entries]
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .map(([name, { mode, hash }]) => {
      return `${modeNumbers[mode].padStart(6, "0")} ${mode === "directory" ? "tree" : "blob"} ${printBase16(hash)}\t${name}\n`
    })
    .join("")
}

/** Reads what `git ls-tree` prints. */
export function parseLsTree(text: string): Map<string, GitEntry> {
  const entries = new Map<string, GitEntry>()
  for (const line of text.split("\n")) {
    if (line === "") continue
    const match = /^([0-7]+) (?:blob|tree) ([0-9a-f]+)\t(.+)$/.exec(line)
    if (match === null) return fail("bad-git-object", `'${line}' is not a line of git ls-tree`)
    entries.set(match[3]!, { mode: modeOf(match[1]!), hash: parseBase16(match[2]!) })
  }
  return entries
}
