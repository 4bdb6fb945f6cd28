// Makes tar and zip archives for tests, sound ones and others: every field can be given.

import { joinBytes } from "../../engine/formats/bytes.ts"

/** A header of a tar archive. */
export interface TarHeader {
  readonly name: string
  /** "0" by default. */
  readonly type?: string
  readonly size?: number | string
  readonly mode?: number
  readonly mtime?: number
  readonly target?: string
  readonly prefix?: string
  /** `ustar` by default; `gnu`, or `v7` without a magic. */
  readonly format?: "ustar" | "gnu" | "v7"
  readonly badChecksum?: boolean
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

/** A tar header of 512 bytes. A size given as text is written as it is. */
export function tarHeader(header: TarHeader): Uint8Array {
  const block = new Uint8Array(512)
  const text = (at: number, value: string) => block.set(latin1Bytes(value), at)
  const octal = (at: number, size: number, value: number) => text(at, value.toString(8).padStart(size - 1, "0"))
  text(0, header.name.slice(0, 100))
  octal(100, 8, header.mode ?? 0o644)
  octal(108, 8, 0)
  octal(116, 8, 0)
  if (typeof header.size === "string") text(124, header.size)
  else octal(124, 12, header.size ?? 0)
  octal(136, 12, header.mtime ?? 0)
  text(156, header.type ?? "0")
  text(157, (header.target ?? "").slice(0, 100))
  if (header.format === "gnu") text(257, "ustar  \0")
  else if (header.format !== "v7") text(257, "ustar\x0000")
  text(345, header.prefix ?? "")
  text(148, "        ")
  const sum = block.reduce((total, byte) => total + byte, 0) + (header.badChecksum === true ? 1 : 0)
  text(148, `${sum.toString(8).padStart(6, "0")}\0 `)
  return block
}

/** An entry of a tar archive with its body, padded. */
export function tarEntry(header: TarHeader, body: Uint8Array | string = ""): Uint8Array {
  const bytes = typeof body === "string" ? latin1Bytes(body) : body
  const size = header.size ?? bytes.length
  return joinBytes([tarHeader({ ...header, size }), bytes, new Uint8Array((512 - (bytes.length % 512)) % 512)])
}

/** A pax header with these records. */
export function paxHeader(records: Readonly<Record<string, string>>, type = "x"): Uint8Array {
  let body = ""
  for (const [key, value] of Object.entries(records)) {
    const rest = ` ${key}=${value}\n`
    let length = rest.length + 1
    while (`${length}`.length + rest.length !== length) length++
    body += `${length}${rest}`
  }
  return tarEntry({ name: "PaxHeaders/x", type }, body)
}

/** What ends a tar archive. */
export const tarEnd: Uint8Array = new Uint8Array(1024)

/** A tar archive of these parts. */
export function tar(...parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes([...parts, tarEnd])
}

/** Bytes in chunks of a size. */
export async function* inChunks(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}
