// `.narinfo` files of binary caches: lines "Name: value", what is known of an object and where its archive is.
//
//   StorePath URL Compression [FileHash] [FileSize] NarHash NarSize References [Deriver] Sig* [CA]
//
// Nix reads them leniently: any order, unknown fields, hashes in any form, no compression meaning bzip2. printNarInfo
// writes Nix's form; what was unusual in a file is told by `quirks`, and `lines` gives it back as it was.
// C++ Nix: libstore/nar-info.cc

import { FormatError, fail } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { type Hash, parsePrefixedHash, parseSri, printHash } from "../hash/hash.ts"
import { asObject, asString, asUnsigned, optionalAt } from "../json/access.ts"
import type { JsonObject, JsonValue } from "../json/value.ts"
import { parseContentAddress, printContentAddress } from "../store-path/content-address.ts"
import { defaultStoreDir, parseBaseName, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { type PathInfo, type PathInfoVersion, pathInfoFromJson, pathInfoToJson, sortPaths, type UnkeyedPathInfo } from "./path-info.ts"
import { parseSignature, printSignature, type Signature, sortSignatures } from "./signature.ts"

/** How archives are compressed, by Nix's names. */
export const compressions = [
  "none",
  "br",
  "bzip2",
  "compress",
  "grzip",
  "gzip",
  "lrzip",
  "lz4",
  "lzip",
  "lzma",
  "lzop",
  "xz",
  "zstd",
] as const

/** One of them. */
export type Compression = (typeof compressions)[number]

/** Where an archive is. */
export interface Download {
  /** Relative to the cache. */
  readonly url: string
  readonly compression: Compression | undefined
  /** Of the compressed file. */
  readonly fileHash: Hash | undefined
  /** Of the compressed file, in bytes; 0 if not known. */
  readonly fileSize: number
}

/** What a `.narinfo` file says. */
export interface NarInfo extends PathInfo, Download {}

/** One line: name, what stands between, value. */
export interface NarInfoLine {
  readonly name: string
  /** The colon and one more byte, nearly always a blank. */
  readonly separator: string
  readonly value: string
}

/** What is unusual in a file that Nix reads all the same. */
export type NarInfoQuirk =
  | "unknown-field"
  | "field-order"
  | "repeated-field"
  | "compression-missing"
  | "references-unsorted"
  | "hash-form"
  | "unknown-deriver"
  | "other-form"

/** A file as read. */
export interface ParsedNarInfo {
  readonly info: NarInfo
  readonly lines: readonly NarInfoLine[]
  readonly quirks: ReadonlySet<NarInfoQuirk>
}

/** The compression called `name`; fails in Nix's words. */
function parseCompression(name: string): Compression {
  return compressions.find((known) => known === name) ?? fail("bad-narinfo", `unknown compression method '${name}'`)
}

/** Nix's form of the file. */
export function printNarInfo(info: NarInfo): string {
  const { storeDir, ca } = info
  let text = `StorePath: ${printStorePath(info.path, storeDir)}\nURL: ${info.url}\nCompression: ${info.compression ?? "bzip2"}\n`
  if (info.fileHash !== undefined) text += `FileHash: ${printHash(info.fileHash, "nix32")}\n`
  if (info.fileSize !== 0) text += `FileSize: ${info.fileSize}\n`
  text += `NarHash: ${printHash(info.narHash, "nix32")}\nNarSize: ${info.narSize}\nReferences: ${info.references.join(" ")}\n`
  if (info.deriver !== undefined) text += `Deriver: ${info.deriver}\n`
  for (const signature of info.signatures) text += `Sig: ${printSignature(signature)}\n`
  if (ca !== undefined) text += `CA: ${printContentAddress(ca)}\n`
  return text
}

/** The lines as they were. */
export function printNarInfoLines(lines: readonly NarInfoLine[]): string {
  return lines.map(({ name, separator, value }) => `${name}${separator}${value}\n`).join("")
}

const order = ["StorePath", "URL", "Compression", "FileHash", "FileSize", "NarHash", "NarSize", "References", "Deriver", "Sig", "CA"]

class NarInfoReader {
  readonly #whence: string
  readonly #storeDir: string
  readonly #features: Features
  readonly lines: NarInfoLine[] = []
  #line = 1
  #path: StorePath | undefined
  #url = ""
  #compression: Compression | undefined
  #fileHash: Hash | undefined
  #fileSize = 0
  #narHash: Hash | undefined
  #narSize = 0
  #references: StorePath[] = []
  #deriver: StorePath | undefined
  readonly #signatures: Signature[] = []
  #ca: NarInfo["ca"]

  constructor(whence: string, storeDir: string, features: Features) {
    this.#whence = whence
    this.#storeDir = storeDir
    this.#features = features
  }

  #corrupt(reason: string): never {
    const at = this.#line > 0 ? ` at line ${this.#line}` : ""
    return fail("bad-narinfo", `NAR info file '${this.#whence}' is corrupt: ${reason}${at}`)
  }

  #hash(text: string): Hash {
    try {
      return parsePrefixedHash(text, this.#features)
    } catch (error) {
      if (error instanceof FormatError && error.code === "bad-hash") this.#corrupt("bad hash")
      throw error
    }
  }

  #size(text: string, reason: string): number {
    const size = /^\+?[0-9]+$/.test(text) ? Number(text) : Number.NaN
    return Number.isSafeInteger(size) ? size : this.#corrupt(reason)
  }

  #compressionOf(name: string): Compression {
    // Nix has taken an empty field for bzip2 from the beginning.
    if (name === "") return "bzip2"
    return compressions.find((known) => known === name) ?? this.#corrupt("invalid Compression")
  }

  #field(name: string, value: string): void {
    switch (name) {
      case "StorePath":
        this.#path = parseStorePath(value, this.#storeDir)
        break
      case "URL":
        this.#url = value
        break
      case "Compression":
        this.#compression = this.#compressionOf(value)
        break
      case "FileHash":
        this.#fileHash = this.#hash(value)
        break
      case "FileSize":
        this.#fileSize = this.#size(value, "invalid FileSize")
        break
      case "NarHash":
        this.#narHash = this.#hash(value)
        break
      case "NarSize":
        this.#narSize = this.#size(value, "invalid NarSize")
        break
      case "References":
        if (this.#references.length > 0) this.#corrupt("extra References")
        this.#references = value
          .split(" ")
          .filter((part) => part !== "")
          .map(parseBaseName)
        break
      case "Deriver":
        if (value !== "unknown-deriver") this.#deriver = parseBaseName(value)
        break
      case "Sig":
        this.#signatures.push(parseSignature(value))
        break
      case "CA":
        if (this.#ca !== undefined) this.#corrupt("extra CA")
        if (value !== "") this.#ca = parseContentAddress(value, this.#features)
        break
      default:
    }
  }

  read(text: string): NarInfo {
    for (let at = 0; at < text.length; this.#line++) {
      const colon = text.indexOf(":", at)
      if (colon < 0) this.#corrupt("expecting ':'")
      const end = text.indexOf("\n", colon + 2)
      if (end < 0) this.#corrupt("expecting '\\n'")
      const line = { name: text.slice(at, colon), separator: text.slice(colon, colon + 2), value: text.slice(colon + 2, end) }
      this.lines.push(line)
      this.#field(line.name, line.value)
      at = end + 1
    }
    this.#line = 0
    if (this.#path === undefined) return this.#corrupt("StorePath missing")
    if (this.#narHash === undefined) return this.#corrupt("NarHash missing")
    if (this.#url === "") this.#corrupt("URL missing")
    if (this.#narSize === 0) this.#corrupt("NarSize missing or zero")
    return {
      path: this.#path,
      storeDir: this.#storeDir,
      url: this.#url,
      compression: this.#compression ?? "bzip2",
      fileHash: this.#fileHash,
      fileSize: this.#fileSize,
      narHash: this.#narHash,
      narSize: this.#narSize,
      references: sortPaths(this.#references),
      deriver: this.#deriver,
      registrationTime: 0,
      ultimate: false,
      signatures: sortSignatures(this.#signatures),
      ca: this.#ca,
    }
  }
}

function quirksOf(text: string, info: NarInfo, lines: readonly NarInfoLine[]): Set<NarInfoQuirk> {
  const quirks = new Set<NarInfoQuirk>()
  if (printNarInfo(info) === text) return quirks
  let last = -1
  const seen = new Set<string>()
  for (const { name, value } of lines) {
    const place = order.indexOf(name)
    if (place < 0) quirks.add("unknown-field")
    else {
      if (place < last) quirks.add("field-order")
      if (seen.has(name) && name !== "Sig") quirks.add("repeated-field")
      last = Math.max(last, place)
    }
    seen.add(name)
    if (name === "References" && value !== info.references.join(" ")) quirks.add("references-unsorted")
    if (
      (name === "NarHash" && value !== printHash(info.narHash, "nix32")) ||
      (name === "FileHash" && value !== printHash(info.fileHash!, "nix32"))
    ) {
      quirks.add("hash-form")
    }
    if (name === "Deriver" && value === "unknown-deriver") quirks.add("unknown-deriver")
  }
  if (!lines.some(({ name, value }) => name === "Compression" && value !== "")) quirks.add("compression-missing")
  if (quirks.size === 0) quirks.add("other-form")
  return quirks
}

/** Reads a `.narinfo` file; `whence` is what messages call it. Fails in Nix's words (code `bad-narinfo`). */
export function parseNarInfo(
  text: string,
  whence: string,
  storeDir: string = defaultStoreDir,
  features: Features = allFeatures,
): ParsedNarInfo {
  const reader = new NarInfoReader(whence, storeDir, features)
  const info = reader.read(text)
  return { info, lines: reader.lines, quirks: quirksOf(text, info, reader.lines) }
}

/** The JSON form. */
export function narInfoToJson(info: UnkeyedPathInfo & Download, version: PathInfoVersion, part: "pure" | "impure" = "impure"): JsonObject {
  const json: { [key: string]: JsonValue } = { ...pathInfoToJson(info, version, part) }
  if (part === "pure") return json
  if (info.url !== "") json["url"] = info.url
  if (info.compression !== undefined) json["compression"] = info.compression
  if (info.fileHash !== undefined) json["downloadHash"] = printHash(info.fileHash, "sri")
  if (info.fileSize !== 0) json["downloadSize"] = info.fileSize
  return json
}

/** Reads any version of the JSON form. */
export function narInfoFromJson(
  json: unknown,
  storeDir: string = defaultStoreDir,
  features: Features = allFeatures,
): UnkeyedPathInfo & Download {
  const object = asObject(json)
  const text = (name: string) => {
    const value = optionalAt(object, name)
    return value === undefined ? undefined : asString(value)
  }
  const compression = text("compression")
  const hash = text("downloadHash")
  const size = optionalAt(object, "downloadSize")
  return {
    ...pathInfoFromJson(json, storeDir, features),
    url: text("url") ?? "",
    compression: compression === undefined ? undefined : parseCompression(compression),
    fileHash: hash === undefined ? undefined : parseSri(hash, features),
    fileSize: size === undefined ? 0 : asUnsigned(size),
  }
}
