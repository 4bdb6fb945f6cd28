// The grammar of Nix archives, and the limits both sides keep.
//
//   str(s)  = length as 64 bits, little end first; the bytes; zeros up to a multiple of 8
//   nar     = str("nix-archive-1") node
//   node    = str("(") str("type") body str(")")
//   body    = str("regular") [ str("executable") str("") ] str("contents") str(DATA)
//           | str("symlink") str("target") str(TARGET)
//           | str("directory") { str("entry") str("(") str("name") str(NAME) str("node") node str(")") }
//
// Names rise strictly in byte order; they are not empty, "." or "..", and hold no "/" and no NUL.
// C++ Nix: libutil/archive.cc

import { fail } from "../error.ts"

/** The first string of every archive. */
export const narMagic = "nix-archive-1"
/** How deep nodes may nest; the root is at depth 0. */
export const narMaxDepth = 64
/** The longest name, in bytes. */
export const narMaxName = 255
/** The longest symlink target, in bytes. */
export const narMaxTarget = 4095
/** The longest word of the grammar that is read, in bytes. */
export const narMaxTag = 32

/** Fails in Nix's words (code `bad-nar`). */
export function badArchive(why: string, offset?: number): never {
  return fail("bad-nar", `bad archive: ${why}`, offset)
}

/** Fails unless `name` may be in an archive after `previous` (undefined for the first). */
export function checkNarName(name: string, previous: string | undefined, offset?: number): void {
  if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0") || name.length > narMaxName) {
    badArchive(`NAR contains invalid file name '${name}'`, offset)
  }
  if (previous !== undefined && name <= previous) badArchive("NAR directory is not sorted", offset)
}

/** Fails unless `target` may be the target of a symlink. */
export function checkNarTarget(target: string, offset?: number): void {
  if (target === "" || target.includes("\0") || target.length > narMaxTarget) badArchive("NAR contains invalid symlink target", offset)
}

/** What an archive consists of, in order. A `contents` is a view that is valid only until the handler returns. */
export type NarEvent =
  /** A directory begins; its entries follow, then `end`. */
  | { readonly kind: "directory"; readonly name: string | undefined }
  | { readonly kind: "end" }
  /** A file begins; its `contents` follow in any number of pieces, `size` bytes in all. `offset` is where they start. */
  | {
      readonly kind: "file"
      readonly name: string | undefined
      readonly executable: boolean
      readonly size: number
      readonly offset: number
    }
  | { readonly kind: "contents"; readonly bytes: Uint8Array }
  | { readonly kind: "symlink"; readonly name: string | undefined; readonly target: string }

/** Takes events one by one. The name of the root is undefined. */
export type NarHandler = (event: NarEvent) => void
