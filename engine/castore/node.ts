// What a tree consists of. Names and symlink targets are byte strings. Snix: castore/src/nodes/mod.rs

import type { B3Digest } from "./digest.ts"

/** A file, a directory or a symlink without its name. */
export type Node = FileNode | DirectoryNode | SymlinkNode

export interface FileNode {
  readonly kind: "file"
  readonly digest: B3Digest
  /** Bytes. */
  readonly size: number
  readonly executable: boolean
}

export interface DirectoryNode {
  readonly kind: "directory"
  readonly digest: B3Digest
  /** How many entries there are in it and below it, in all. */
  readonly size: number
}

export interface SymlinkNode {
  readonly kind: "symlink"
  readonly target: string
}

/** One directory: its entries by name, in ascending order of bytes (the order of insertion of the map). */
export type Directory = ReadonlyMap<string, Node>
