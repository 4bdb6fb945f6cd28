// Brings in zip archives. What is in one stands in a directory at its end, with modes and symlinks that are nowhere else, so that
// it is read from there (as Nix does, which keeps a downloaded zip in a file first): the archive must be readable at any place.
//
//   end       = 0x06054b50 disks 8 bytes, size of the directory 4, its offset 4, length of the comment 2, comment
//               [ before it, if numbers are too large: 0x06064b50 … and 0x07064b50 with its offset ]
//   directory = { 0x02014b50 made by 2, needs 2, flags 2, method 2, time 4, crc 4, packed size 4, size 4, lengths of name, extra
//               and comment 2 each, disk 2, internal 2, external attributes 4, offset of the entry 4; name, extra, comment }
//   entry     = 0x04034b50 26 bytes, lengths of name and extra at 26 and 28; name, extra, packed bytes
//
// APPNOTE.TXT of PKWARE; what is accepted follows libarchive: archive_read_support_format_zip.c

import { Inflate } from "fflate"
import { archivePath, type IngestedArchive, latin1 } from "./archive-entry.ts"
import type { ArchiveOptions } from "./archive-tar.ts"
import type { BlobReader } from "./blob-store.ts"
import { maxTargetSize } from "./directory.ts"
import { StoreError } from "./error.ts"
import type { TreeStores } from "./render-nar.ts"
import { type FileIngest, TreeIngest } from "./tree-ingest.ts"
import { throwIfCancelled } from "./verified.ts"

/** Bytes that can be read at any place: a blob's reader, a file of the browser. */
export type RandomAccess = Pick<BlobReader, "size" | "read">

interface ZipEntry {
  readonly name: string
  readonly kind: "file" | "directory" | "symlink"
  readonly executable: boolean
  readonly method: number
  readonly encrypted: boolean
  readonly crc: number
  readonly packedSize: number
  readonly size: number
  readonly mtime: number
  /** Where the entry begins in the archive. */
  readonly offset: number
}

/** The largest directory that is read, in bytes: room for some hundred thousand entries. */
const maxDirectorySize = 128 << 20
/** How much packed data is unpacked at once; it becomes at most a thousand times as much. */
const packedPiece = 16 << 10

function damaged(why: string): never {
  throw new StoreError("damaged", `the zip archive is damaged: ${why}`)
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8)
}

function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0
}

function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) + u32(bytes, at + 4) * 2 ** 32
}

async function readExactly(source: RandomAccess, from: number, size: number): Promise<Uint8Array> {
  if (!(Number.isSafeInteger(from) && from >= 0 && from + size <= source.size))
    damaged("it refers to a place outside of it, or is truncated")
  const bytes = await source.read(from, from + size)
  if (bytes.length !== size) damaged("it is truncated")
  return bytes
}

/** Where the directory is, and how far everything is moved by something that was put before the archive. */
async function findDirectory(
  source: RandomAccess,
): Promise<{ readonly from: number; readonly size: number; readonly moved: number; readonly count: number }> {
  const tailSize = Math.min(source.size, 22 + 0xffff)
  const tailStart = source.size - tailSize
  const tail = await readExactly(source, tailStart, tailSize)
  let end = tailSize - 22
  while (end >= 0 && !(u32(tail, end) === 0x06054b50 && end + 22 + u16(tail, end + 20) <= tailSize)) end--
  if (end < 0) throw new StoreError("damaged", "this is not a zip archive, or it is truncated: it has no directory at its end")
  let size = u32(tail, end + 12)
  let offset = u32(tail, end + 16)
  let count = u16(tail, end + 10)
  let endAt = tailStart + end
  if (u16(tail, end + 4) !== 0 && u16(tail, end + 4) !== 0xffff)
    throw new StoreError("unsupported", "the zip archive consists of several files, which is not supported")
  if (end >= 20 && u32(tail, end - 20) === 0x07064b50) {
    const at = u64(tail, end - 12)
    const record = await readExactly(source, at, 56)
    if (u32(record, 0) !== 0x06064b50) damaged("its end record is missing")
    count = u64(record, 32)
    size = u64(record, 40)
    offset = u64(record, 48)
    endAt = at
  }
  const from = endAt - size
  if (from < offset) damaged("its directory is not where it should be")
  return { from, size, moved: from - offset, count }
}

async function readDirectory(source: RandomAccess): Promise<ZipEntry[]> {
  const { from, size, moved, count } = await findDirectory(source)
  if (size > maxDirectorySize)
    throw new StoreError("invalid", `the zip archive has a directory of ${size} bytes, more than ${maxDirectorySize}`)
  const bytes = await readExactly(source, from, size)
  const entries: ZipEntry[] = []
  for (let at = 0; at < size; ) {
    if (at + 46 > size || u32(bytes, at) !== 0x02014b50) {
      if (at + 46 <= size && u32(bytes, at) === 0x05054b50) break // a signature of the directory
      damaged("its directory is broken")
    }
    const nameSize = u16(bytes, at + 28)
    const extraSize = u16(bytes, at + 30)
    const next = at + 46 + nameSize + extraSize + u16(bytes, at + 32)
    if (next > size) damaged("its directory is broken")
    const extra = bytes.subarray(at + 46 + nameSize, at + 46 + nameSize + extraSize)
    entries.push(readEntry(bytes.subarray(at, at + 46), latin1(bytes.subarray(at + 46, at + 46 + nameSize)), extra, moved))
    at = next
  }
  if (entries.length % 0x10000 !== count % 0x10000) damaged(`its directory has ${entries.length} entries, not ${count}`)
  // The order in which they stand in the archive decides which of two entries of a name wins.
  return entries.sort((a, b) => a.offset - b.offset)
}

function readEntry(header: Uint8Array, rawName: string, extra: Uint8Array, moved: number): ZipEntry {
  let packedSize = u32(header, 20)
  let size = u32(header, 24)
  let offset = u32(header, 42)
  let mtime = dosTime(u16(header, 14), u16(header, 12))
  for (let at = 0; at + 4 <= extra.length; at += 4 + u16(extra, at + 2)) {
    const field = extra.subarray(at + 4, at + 4 + u16(extra, at + 2))
    if (u16(extra, at) === 1) {
      // The numbers that had no room, in this order.
      let place = 0
      const wide = (): number => {
        if (place + 8 > field.length) damaged("an entry has a broken large size")
        place += 8
        return u64(field, place - 8)
      }
      if (size === 0xffffffff) size = wide()
      if (packedSize === 0xffffffff) packedSize = wide()
      if (offset === 0xffffffff) offset = wide()
    } else if (u16(extra, at) === 0x5455 && field.length >= 5 && (field[0]! & 1) !== 0) {
      mtime = u32(field, 1) | 0
    }
  }
  const system = header[5]!
  const attributes = u32(header, 38)
  // Unix and macOS keep a mode in the upper half; others a few flags of DOS, and backslashes in names.
  const mode = system === 3 || system === 19 ? attributes >>> 16 : 0
  const name = system === 0 && !rawName.includes("/") ? rawName.replaceAll("\\", "/") : rawName
  const type = mode & 0o170000
  const kind =
    type === 0o120000
      ? "symlink"
      : type === 0o040000 || name.endsWith("/") || (system === 0 && (attributes & 0x10) !== 0)
        ? "directory"
        : "file"
  if (type !== 0 && type !== 0o100000 && type !== 0o040000 && type !== 0o120000) {
    throw new StoreError("unsupported", `file '${name}' in the zip archive has an unsupported file type (mode ${mode.toString(8)})`)
  }
  return {
    name,
    kind,
    executable: (mode & 0o100) !== 0,
    method: u16(header, 10),
    encrypted: (u16(header, 8) & 1) !== 0,
    crc: u32(header, 16),
    packedSize,
    size,
    mtime,
    offset: offset + moved,
  }
}

/** Seconds since 1970 of a DOS date and time, taken as UTC: zip does not tell of which place it is the time. */
function dosTime(date: number, time: number): number {
  return Date.UTC(1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2) / 1000
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** The CRC-32 after more bytes; begins with 0. */
function crc32(crc: number, bytes: Uint8Array): number {
  let rest = ~crc
  for (let i = 0; i < bytes.length; i++) rest = crcTable[(rest ^ bytes[i]!) & 255]! ^ (rest >>> 8)
  return ~rest >>> 0
}

/** The unpacked bytes of an entry, checked as far as they were read. */
async function* unpack(source: RandomAccess, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const what = `'${entry.name}'`
  if (entry.encrypted) throw new StoreError("unsupported", `${what} in the zip archive is encrypted, which is not supported`)
  if (entry.method !== 0 && entry.method !== 8) {
    throw new StoreError("unsupported", `${what} in the zip archive is packed with method ${entry.method}, which is not supported`)
  }
  const header = await readExactly(source, entry.offset, 30)
  if (u32(header, 0) !== 0x04034b50) damaged(`${what} is not where the directory says`)
  const start = entry.offset + 30 + u16(header, 26) + u16(header, 28)
  if (entry.packedSize === 0 && entry.size === 0) return
  let unpacked: Uint8Array[] = []
  const inflate = new Inflate((bytes) => unpacked.push(bytes))
  let crc = 0
  let size = 0
  for (let at = 0; at < entry.packedSize || at === 0; at += packedPiece) {
    const packed = await readExactly(source, start + at, Math.min(packedPiece, entry.packedSize - at))
    if (entry.method === 0) unpacked.push(packed)
    else inflatePiece(inflate, packed, at + packedPiece >= entry.packedSize, what)
    const pieces = unpacked
    unpacked = []
    for (const bytes of pieces) {
      size += bytes.length
      if (size > entry.size) damaged(`${what} has more than the ${entry.size} bytes that the directory says`)
      crc = crc32(crc, bytes)
      yield bytes
    }
  }
  if (size !== entry.size) damaged(`${what} has ${size} bytes, not ${entry.size}`)
  if (crc !== entry.crc) damaged(`${what} has a wrong checksum`)
}

function inflatePiece(inflate: Inflate, packed: Uint8Array, last: boolean, what: string): void {
  try {
    inflate.push(packed, last)
  } catch (error) {
    throw new StoreError("damaged", `the zip archive is damaged: ${what} cannot be unpacked`, { cause: error })
  }
}

/** Reads a zip archive into the stores. Throws `damaged`, `invalid`, `unsupported`, `cancelled` and what the source or stores throw. */
export async function ingestZip(source: RandomAccess, stores: TreeStores, options: ArchiveOptions = {}): Promise<IngestedArchive> {
  const ingest = new TreeIngest(stores.blobs, stores.directories, { ...options, existing: "replace" })
  let lastModified = 0
  for (const entry of await readDirectory(source)) {
    throwIfCancelled(options.signal)
    lastModified = Math.max(lastModified, entry.mtime)
    const path = archivePath(entry.name, options.names)
    if (entry.kind === "directory") {
      ingest.directory(path)
    } else if (path === "") {
      throw new StoreError("invalid", `the archive has a file at its top that has no name of its own: '${entry.name}'`)
    } else if (entry.kind === "symlink") {
      ingest.symlink(path, await readTarget(source, entry))
    } else {
      const file = ingest.open(path, entry.executable)
      await writeAll(file, unpack(source, entry))
    }
  }
  const node = options.unwrap === "lone-directory" ? await ingest.finishUnwrapped() : await ingest.finish()
  return { node, lastModified }
}

async function writeAll(file: FileIngest, contents: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const bytes of contents) await file.write(bytes)
  } catch (error) {
    await file.abort()
    throw error
  }
  await file.close()
}

async function readTarget(source: RandomAccess, entry: ZipEntry): Promise<string> {
  if (entry.size > maxTargetSize)
    throw new StoreError("invalid", `the target of the symlink '${entry.name}' has ${entry.size} bytes, more than ${maxTargetSize}`)
  let target = ""
  for await (const bytes of unpack(source, entry)) target += latin1(bytes)
  return target
}
