// Reads tar archives: ustar, old tar, GNU (long names, large numbers) and pax, entry by entry, in bounded memory.
//
//   archive = { header body } end            all in blocks of 512 bytes; end = a block of zeros, or where the bytes end
//   header  = name 100, mode 8, uid 8, gid 8, size 12, mtime 12, checksum 8, type 1, link name 100, magic 6, version 2,
//             user 32, group 32, device 16, prefix 155 (numbers in octal digits, or in binary with the first bit set)
//   type    = 0 NUL 7 file, 1 hard link, 2 symlink, 3 4 6 devices, 5 directory, x g pax records, L K GNU's long names, S sparse
//   pax     = { length " " key "=" value "\n" }
//
// By hand and not through modern-tar, which takes names through UTF-8 (other bytes get lost), gives the chunks of sparse files and
// entries of unknown types as contents, and either accepts what is truncated or refuses archives without an end mark.
// What is accepted follows libarchive, through which Nix reads: archive_read_support_format_tar.c

import { type ChunkQueue, latin1 } from "./archive-entry.ts"
import { StoreError } from "./error.ts"

/** What an entry is, before its body. Names and targets are byte strings as they stand in the archive. */
export interface TarEntry {
  readonly kind: "file" | "directory" | "symlink" | "hardlink"
  readonly name: string
  /** Of links: where they lead. */
  readonly target: string
  readonly mode: number
  /** Bytes of the body of a file; 0 for others. */
  readonly size: number
  /** Seconds since 1970, rounded down. */
  readonly mtime: number
}

const blockSize = 512
/** The longest name or pax record, in bytes: much more than any that is of use. */
const maxMetaSize = 1 << 20

function damaged(why: string, offset: number): never {
  throw new StoreError("damaged", `the tar archive is damaged at byte ${offset}: ${why}`)
}

function textOf(block: Uint8Array, from: number, size: number): string {
  const field = block.subarray(from, from + size)
  const end = field.indexOf(0)
  return latin1(end < 0 ? field : field.subarray(0, end))
}

/** Octal digits between spaces, ended by a NUL or a space; or binary, big end first, if the first bit is set. */
function numberOf(block: Uint8Array, from: number, size: number, offset: number): number {
  const first = block[from]!
  if ((first & 0x80) !== 0) {
    // Negative numbers (times before 1970) have the second bit set, too.
    const negative = (first & 0x40) !== 0
    let value = negative ? -1 : 0
    for (let i = 0; i < size; i++) {
      const byte = i === 0 ? (negative ? first | 0x80 : first & 0x7f) : block[from + i]!
      value = i === 0 && negative ? byte - 0x100 : value * 256 + byte
    }
    return value
  }
  let value = 0
  let digits = false
  for (let i = from; i < from + size; i++) {
    const byte = block[i]!
    if (byte === 0x20 && !digits) continue
    if (byte === 0 || byte === 0x20) break
    if (byte < 0x30 || byte > 0x37) damaged("a number in a header is not octal", offset)
    value = value * 8 + byte - 0x30
    digits = true
  }
  return value
}

/** Throws unless the checksum is right: the sum of the header's bytes, signed or not, those of the checksum counted as spaces. */
function checkSum(block: Uint8Array, offset: number): void {
  let unsigned = 0
  let signed = 0
  for (let i = 0; i < blockSize; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!
    unsigned += byte
    signed += byte < 128 ? byte : byte - 256
  }
  const told = numberOf(block, 148, 8, offset)
  if (told !== unsigned && told !== signed)
    damaged(offset === 0 ? "it does not begin with a header" : "a header has a wrong checksum", offset)
}

/** What extension headers say about the entry after them. */
interface Extension {
  name?: string
  target?: string
  size?: number
  mtime?: number
}

function readPax(bytes: Uint8Array, into: Extension, offset: number): void {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(latin1(bytes.subarray(at, Math.min(space, at + 8))))
    const end = at + length
    if (!(Number.isInteger(length) && end > space + 1 && end <= bytes.length && bytes[end - 1] === 0x0a))
      damaged("a pax record is broken", offset)
    const record = latin1(bytes.subarray(space + 1, end - 1))
    const equals = record.indexOf("=")
    if (equals < 0) damaged("a pax record is broken", offset)
    const key = record.slice(0, equals)
    const value = record.slice(equals + 1)
    if (key === "path") into.name = value
    else if (key === "linkpath") into.target = value
    else if (key === "size") into.size = paxNumber(value, offset)
    else if (key === "mtime") into.mtime = Math.floor(paxNumber(value, offset))
    else if (key.startsWith("GNU.sparse."))
      throw new StoreError("unsupported", "the tar archive has a sparse file in it, which is not supported")
    at = end
  }
}

function paxNumber(value: string, offset: number): number {
  if (!/^-?\d+(\.\d*)?$/.test(value)) damaged(`a pax record has the value '${value}' instead of a number`, offset)
  return Number(value)
}

/** Reads one archive from chunks. */
export class TarReader {
  readonly #input: ChunkQueue
  /** Bytes of the body that were not read, and of the padding after it. */
  #body = 0
  #padding = 0
  #ended = false

  constructor(input: ChunkQueue) {
    this.#input = input
  }

  /** The next entry, or null at the end. What was not read of the body before is passed over. Throws `damaged`, `unsupported`. */
  async next(): Promise<TarEntry | null> {
    if (this.#ended) return null
    await this.#skipBody()
    const extension: Extension = {}
    for (let extended = false; ; extended = true) {
      const offset = this.#input.offset
      const block = await this.#input.take(blockSize)
      // Like libarchive: an archive may end without a mark, and one block of zeros is enough of a mark.
      if (block.length === 0 || (block.length === blockSize && block.every((byte) => byte === 0))) {
        if (extended) damaged("it ends where an entry should be", offset)
        this.#ended = true
        return null
      }
      if (block.length < blockSize) damaged("it is truncated in a header", offset)
      checkSum(block, offset)
      const type = String.fromCharCode(block[156]!)
      const size = numberOf(block, 124, 12, offset)
      if (!Number.isSafeInteger(size) || size < 0) damaged(`an entry has a size of ${size}`, offset)
      if (type !== "x" && type !== "g" && type !== "X" && type !== "L" && type !== "K" && type !== "V")
        return this.#entry(block, type, size, extension, offset)
      const bytes = await this.#meta(size, offset)
      if (type === "x" || type === "X") readPax(bytes, extension, offset)
      else if (type === "L") extension.name = textOf(bytes, 0, bytes.length)
      else if (type === "K") extension.target = textOf(bytes, 0, bytes.length)
      // Records for all entries (g: of git, the commit) and volume names (V) say nothing about the tree.
    }
  }

  /** The body of an extension header. */
  async #meta(size: number, offset: number): Promise<Uint8Array> {
    if (size > maxMetaSize) throw new StoreError("invalid", `the tar archive has a header of ${size} bytes, more than ${maxMetaSize}`)
    const padded = Math.ceil(size / blockSize) * blockSize
    const bytes = (await this.#input.take(padded)).slice()
    if (bytes.length < padded) damaged("it is truncated in an extension header", offset)
    return bytes.subarray(0, size)
  }

  #entry(block: Uint8Array, type: string, headerSize: number, extension: Extension, offset: number): TarEntry {
    const prefix = isPosix(block) ? textOf(block, 345, 155) : ""
    const own = textOf(block, 0, 100)
    const name = extension.name ?? (prefix === "" ? own : `${prefix}/${own}`)
    const target = extension.target ?? textOf(block, 157, 100)
    const mode = numberOf(block, 100, 8, offset)
    const mtime = extension.mtime ?? numberOf(block, 136, 12, offset)
    const bodySize = extension.size ?? headerSize
    if (!Number.isSafeInteger(bodySize) || bodySize < 0) damaged(`an entry has a size of ${bodySize}`, offset)
    const kind = this.#kind(type, name)
    // Links and directories have no body, whatever their size says; GNU's dump directories ("D") have one.
    const hasBody = type !== "1" && type !== "2" && type !== "5"
    this.#body = hasBody ? bodySize : 0
    this.#padding = hasBody ? (blockSize - (bodySize % blockSize)) % blockSize : 0
    return { kind, name, target, mode, mtime, size: kind === "file" ? bodySize : 0 }
  }

  #kind(type: string, name: string): TarEntry["kind"] {
    switch (type) {
      case "1":
        return "hardlink"
      case "2":
        return "symlink"
      case "5":
      case "D":
        return "directory"
      case "3":
      case "4":
      case "6": {
        const what = type === "3" ? "character device" : type === "4" ? "block device" : "fifo"
        throw new StoreError("unsupported", `file '${name}' in tarball has unsupported file type: ${what}`)
      }
      case "S":
        throw new StoreError("unsupported", `file '${name}' in tarball is sparse, which is not supported`)
      case "M":
        throw new StoreError("unsupported", `file '${name}' in tarball continues from another volume, which is not supported`)
      default:
        // POSIX: unknown types are files. A "file" whose name ends in a slash is how old archives write directories.
        return name.endsWith("/") ? "directory" : "file"
    }
  }

  /** The next bytes of the body, a view that is good until the next call; an empty one at its end. Throws `damaged` if it is truncated. */
  async read(): Promise<Uint8Array> {
    if (this.#body === 0) return new Uint8Array(0)
    const piece = await this.#input.some(Math.min(this.#body, 1 << 20))
    if (piece.length === 0) damaged("it is truncated in a file", this.#input.offset)
    this.#body -= piece.length
    return piece
  }

  async #skipBody(): Promise<void> {
    const size = this.#body + this.#padding
    if ((await this.#input.skip(size)) < size) damaged("it is truncated in a file", this.#input.offset)
    this.#body = 0
    this.#padding = 0
  }
}

/** True if the header has a prefix: GNU's own format has other things in its place. */
function isPosix(block: Uint8Array): boolean {
  return textOf(block, 257, 6) === "ustar" && block[262] === 0
}
