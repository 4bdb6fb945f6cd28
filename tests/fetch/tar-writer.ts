// Tarballs byte by byte, well-formed or not: what no archiver would write can be written too.

/** One entry. Texts are byte strings. */
export interface TarEntry {
  readonly name: string
  /** "0" file (default), "1" hard link, "2" symlink, "3" device, "5" directory, "6" fifo, "x" "g" pax headers, "L" "K" GNU long names. */
  readonly type?: string
  readonly mode?: number
  /** Seconds since 1970; anything that octal cannot write is written in base 256. */
  readonly mtime?: number
  readonly body?: string | Uint8Array
  readonly link?: string
  readonly prefix?: string
  /** The size that the header claims, if not that of the body. */
  readonly size?: number
  readonly magic?: string
  /** A wrong checksum. */
  readonly checksum?: number
}

/** A byte string as bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}

/** A number in a field: octal, or base 256 where that does not fit. */
function number(value: number, width: number): string {
  if (value >= 0 && value < 8 ** (width - 1)) return `${value.toString(8).padStart(width - 1, "0")}\0`
  const bytes: number[] = []
  let rest = BigInt.asUintN(8 * width, BigInt(value))
  for (let i = 0; i < width; i++) {
    bytes.unshift(Number(rest & 0xffn))
    rest >>= 8n
  }
  bytes[0] = (bytes[0] as number) | 0x80
  return String.fromCharCode(...bytes)
}

function header(entry: TarEntry, size: number): string {
  const { name, type = "0", mode = type === "5" ? 0o755 : 0o644, mtime = 1_600_000_000, link = "", prefix = "" } = entry
  const field = (text: string, width: number): string => text.slice(0, width).padEnd(width, "\0")
  const start =
    field(name, 100) + number(mode, 8) + number(0, 8) + number(0, 8) + number(entry.size ?? size, 12) + number(Math.floor(mtime), 12)
  const rest = `${type}${field(link, 100)}${entry.magic ?? "ustar\x0000"}${field("", 64)}${number(0, 8)}${number(0, 8)}${field(prefix, 155)}`
  const all = `${start}        ${rest}`.padEnd(512, "\0")
  let sum = 0
  for (let i = 0; i < 512; i++) sum += all.charCodeAt(i)
  return `${start}${(entry.checksum ?? sum).toString(8).padStart(6, "0")}\0 ${rest}`.padEnd(512, "\0")
}

/** The records of a pax header. */
export function pax(records: Readonly<Record<string, string>>): string {
  let text = ""
  for (const [key, value] of Object.entries(records)) {
    const rest = ` ${key}=${value}\n`
    let length = rest.length + 1
    while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length
    text += `${length}${rest}`
  }
  return text
}

/** The archive with these entries and the two empty blocks at the end. */
export function tar(entries: readonly TarEntry[], end = "\0".repeat(1024)): Uint8Array {
  let text = ""
  for (const entry of entries) {
    const body = typeof entry.body === "string" ? entry.body : String.fromCharCode(...(entry.body ?? []))
    text += header(entry, body.length) + body.padEnd(Math.ceil(body.length / 512) * 512, "\0")
  }
  return bytesOf(text + end)
}
