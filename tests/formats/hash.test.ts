// Hashes: digests, encodings, and the text forms with Nix's leniency.
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import type { HashAlgo } from "../../engine/formats/hash/algo.ts"
import { parseBase16, printBase16 } from "../../engine/formats/hash/base16.ts"
import { parseBase64, printBase64 } from "../../engine/formats/hash/base64.ts"
import { digest, Hasher, hexDigest, initHashes } from "../../engine/formats/hash/digest.ts"
import {
  compressHash,
  convertHash,
  hashBytes,
  hashEquals,
  parseHash,
  parseHashAllowEmpty,
  parseHashFormat,
  parseHashWithFormat,
  parsePrefixedHash,
  parseSri,
  printHash,
} from "../../engine/formats/hash/hash.ts"
import { nix32Length, parseNix32, printNix32 } from "../../engine/formats/hash/nix32.ts"
import { describeShared, shared } from "../shared.ts"

const json = (path: string) => JSON.parse(readFileSync(shared(path), "utf8"))
const algos: HashAlgo[] = ["md5", "sha1", "sha256", "sha512", "blake3"]
const seed = 20261121

beforeAll(initHashes)

describe("digests", () => {
  test("agree with another implementation for all sizes around the buffers", () => {
    for (const algo of ["md5", "sha1", "sha256", "sha512"] as const) {
      for (const size of [0, 1, 55, 56, 63, 64, 65, 16383, 16384, 65535, 65536, 65537, 200001]) {
        const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 255)
        const want = createHash(algo).update(bytes).digest("hex")
        expect(hexDigest(algo, bytes)).toBe(want)
        expect(hexDigest(algo, Buffer.from(bytes).toString("latin1"))).toBe(want)
        expect(printBase16(digest(algo, bytes))).toBe(want)
      }
    }
  })

  test("of interleaved streams do not disturb each other, nor the whole messages between", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.uint8Array({ maxLength: 300 })), { maxLength: 30 }), (pieces) => {
        for (const algo of algos) {
          const streams = [0, 1, 2, 3].map(() => new Hasher(algo))
          const whole: number[][] = [[], [], [], []]
          for (const [which, piece] of pieces) {
            streams[which]!.update(which % 2 === 0 ? piece : Buffer.from(piece).toString("latin1"))
            whole[which]!.push(...piece)
            digest(algo, "something else")
          }
          streams.forEach((stream, i) => {
            expect(stream.size).toBe(whole[i]!.length)
            expect(stream.digest()).toEqual(digest(algo, Uint8Array.from(whole[i]!)))
            expect(stream.digest()).toEqual(digest(algo, Uint8Array.from(whole[i]!)))
            expect(() => stream.update("x")).toThrow(RangeError)
          })
        }
      }),
      { seed, numRuns: 30 },
    )
  })
})

describeShared("vectors of Nix", "conformance/unit-vectors", () => {
  test("hashString", () => {
    for (const { algo, input, base16WithAlgo } of json("conformance/unit-vectors/hash-string.json")) {
      expect(printHash(hashBytes(algo, input), "base16")).toBe(base16WithAlgo)
    }
  })

  test("base64", () => {
    const data = json("conformance/unit-vectors/base-encodings.json")
    for (const [plain, encoded] of data.base64) {
      expect(printBase64(new TextEncoder().encode(plain))).toBe(encoded)
      expect(parseBase64(encoded)).toEqual(new TextEncoder().encode(plain))
    }
    for (const bad of data.base64DecodeThrows) expect(() => parseBase64(bad)).toThrow("invalid character in Base64 string: '_'")
    for (const text of data.base64TrailingGarbageAccepted.inputs) {
      expect(printBase16(parseBase64(text))).toBe(data.base64TrailingGarbageAccepted.hex)
    }
  })

  test("JSON hashes are SRI and print as they were", () => {
    for (const name of ["blake3", "sha256", "sha512"]) {
      const text = json(`conformance/hash/${name}.json`)
      expect(printHash(parseSri(text), "sri")).toBe(text)
    }
    expect(() => parseSri(json("conformance/hash/blake3.json"), new Set())).toThrow(
      "experimental Nix feature 'blake3-hashes' is disabled; add '--extra-experimental-features blake3-hashes' to enable it",
    )
  })
})

describe("encodings", () => {
  test("round trip", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(parseBase16(printBase16(bytes))).toEqual(bytes)
        expect(parseBase16(printBase16(bytes).toUpperCase())).toEqual(bytes)
        expect(parseBase64(printBase64(bytes))).toEqual(bytes)
        expect(parseNix32(printNix32(bytes))).toEqual(bytes)
        expect(printNix32(bytes).length).toBe(nix32Length(bytes.length))
        expect(printBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"))
      }),
      { seed },
    )
  })

  test("nix32 refuses e o u t, base64 skips line feeds", () => {
    for (const letter of "eoutE\u00ffA") expect(() => parseNix32(`0${letter}`)).toThrow(`string: '${letter}'`)
    expect(printBase16(parseBase64("cXVv\nZA==\n"))).toBe("71756f64")
    expect(() => parseBase64("cXVv ZA==")).toThrow("invalid character in Base64 string: ' '")
  })
})

describe("hashes as text", () => {
  const hash = () => hashBytes("sha256", "abc")
  const hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  const nix32 = "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"
  const base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

  test("are read in every form and keep it", () => {
    for (const [digits, format] of [
      [hex, "base16"],
      [nix32, "nix32"],
      [base64, "base64"],
    ] as const) {
      for (const text of [`sha256:${digits}`, digits]) {
        const read = parseHashWithFormat(text, "sha256")
        expect(hashEquals(read.hash, hash())).toBe(true)
        expect(read.format).toBe(format)
      }
      expect(convertHash(hex, "sha256", format)).toBe(digits)
    }
    expect(parseHashWithFormat(`sha256-${base64}`).format).toBe("sri")
    expect(convertHash(`sha256:${nix32}`, undefined, "sri")).toBe(`sha256-${base64}`)
    expect(printHash(parsePrefixedHash(`sha256:${nix32}`), "nix32")).toBe(`sha256:${nix32}`)
    expect(hashEquals(parseHash(`sha256-${base64.slice(0, -1)}`), hash())).toBe(true)
    expect(hashEquals(parseHash(`sha256-${base64}cheesecake`), hash())).toBe(true)
  })

  test("are refused in Nix's words", () => {
    expect(() => parseHash("abc", "sha256")).toThrow("hash 'abc' has wrong length for hash algorithm 'sha256'")
    expect(() => parseHash(hex)).toThrow(`hash '${hex}' does not include a type, nor is the type otherwise known from context`)
    expect(() => parsePrefixedHash(hex)).toThrow(`hash '${hex}' does not include a type`)
    expect(() => parseHash(`sha1:${hex}`, "sha256")).toThrow(`hash 'sha1:${hex}' should have type 'sha256'`)
    expect(() => parseHash(`foo:${hex}`)).toThrow("unknown hash algorithm 'foo', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'")
    expect(() => parseHash("sha256-abcd")).toThrow("invalid SRI hash 'abcd', length 3 != expected length 32")
    expect(() => parseHash(`sha256:${"z".repeat(51)}x`)).toThrow("length 33 != expected length 32")
    expect(() => parseHash(`sha256:${"x".repeat(64)}`)).toThrow(`invalid base16 hash '${"x".repeat(64)}', length 0 != expected length 32`)
    expect(() => parseSri("abc")).toThrow("hash 'abc' is not SRI")
    expect(() => parseHashFormat("hex")).toThrow("unknown hash format 'hex', expect 'base16', 'base32', 'base64', or 'sri'")
  })

  test("warn where Nix warns", () => {
    const warnings: string[] = []
    const warn = (message: string) => warnings.push(message)
    const zeros = parseHashAllowEmpty("", "sha256", warn)
    expect(zeros.bytes).toEqual(new Uint8Array(32))
    expect(parseHashFormat("base32", warn)).toBe("nix32")
    expect(warnings).toEqual([
      "found empty hash, assuming 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='",
      '"base32" is a deprecated alias for hash format "nix32".',
    ])
    expect(() => parseHashAllowEmpty("", undefined, warn)).toThrow("empty hash requires explicit hash algorithm")
  })

  test("fold by xor", () => {
    expect(compressHash(Uint8Array.of(1, 2, 4, 8, 16), 2)).toEqual(Uint8Array.of(1 ^ 4 ^ 16, 2 ^ 8))
  })
})
