// Mutated golden files: every reader gives an error of its own (FormatError) or a value that writes and reads back equal;
// never another exception, never without end.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import { parseMachines } from "../../engine/formats/config/machines.ts"
import { parseConfigLines } from "../../engine/formats/config/nix-conf.ts"
import { parseStoreReference, printStoreReference } from "../../engine/formats/config/store-reference.ts"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import { printAterm } from "../../engine/formats/derivation/aterm-writer.ts"
import { derivationFromJson, derivationToJson } from "../../engine/formats/derivation/json.ts"
import { derivationFromOldJson } from "../../engine/formats/derivation/old-json.ts"
import { derivationOptions, optionsFromJson, optionsToJson } from "../../engine/formats/derivation/options.ts"
import { FormatError } from "../../engine/formats/error.ts"
import { flakeRefFromAttrs, flakeRefToAttrs, parseFlakeRefWithFragment, printFlakeRef } from "../../engine/formats/flake/flake-ref.ts"
import { parseGitObject, printTree } from "../../engine/formats/git/object.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseHashWithFormat, printHash } from "../../engine/formats/hash/hash.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import { printJson } from "../../engine/formats/json/write.ts"
import { parseLogLine, printLogLine } from "../../engine/formats/log/internal-json.ts"
import { listingFromJson, listingToJson, listNar } from "../../engine/formats/nar/listing.ts"
import { narOfTree, readNarTree, treeFromJson, treeToJson } from "../../engine/formats/nar/tree.ts"
import { buildResultFromJson, buildResultToJson } from "../../engine/formats/narinfo/build-result.ts"
import { narInfoFromJson, narInfoToJson, parseNarInfo, printNarInfo, printNarInfoLines } from "../../engine/formats/narinfo/nar-info.ts"
import { realisationFromJson, realisationToJson } from "../../engine/formats/narinfo/realisation.ts"
import { parseRegistration, printRegistration } from "../../engine/formats/narinfo/references-graph.ts"
import { parsePublicKey, parseSecretKey, parseSignature, printKey, printSignature } from "../../engine/formats/narinfo/signature.ts"
import { parseContentAddress, printContentAddress } from "../../engine/formats/store-path/content-address.ts"
import { parseDerivedPath, parseDerivedPathLegacy, printDerivedPath } from "../../engine/formats/store-path/derived-path.ts"
import { parseExtendedOutputsSpec, printExtendedOutputsSpec } from "../../engine/formats/store-path/outputs-spec.ts"
import { parseStorePath, printStorePath } from "../../engine/formats/store-path/store-path.ts"
import { parseContextElement, printContextElement } from "../../engine/formats/store-path/string-context.ts"
import { readBasicDerivation } from "../../engine/formats/wire/basic-derivation.ts"
import { readDaemonMessage } from "../../engine/formats/wire/daemon.ts"
import { FrameReader } from "../../engine/formats/wire/frame.ts"
import { type Reading, readFrom } from "../../engine/formats/wire/reading.ts"
import { latestServe, readServeBuildResult, readServePathInfo } from "../../engine/formats/wire/serve.ts"
import { latestWorker, readBuildResult, readKeyedBuildResult, readPathInfo, readRealisation } from "../../engine/formats/wire/worker.ts"
import { describeShared, shared } from "../shared.ts"

const seed = 20261121
/** More for a longer hunt: THUNKPAD_FUZZ_RUNS. */
const runs = Number(process.env["THUNKPAD_FUZZ_RUNS"] ?? 400)
const dir = "/nix/store"

beforeAll(initHashes)

/** All files below a folder of the conformance data whose names end so, as byte strings; or one file. */
function files(path: string, end: string): string[] {
  const full = shared(`conformance/${path}`)
  if (!existsSync(full)) throw new Error(`${path} is not in the conformance data`)
  if (statSync(full).isFile()) return [readFileSync(full, "latin1")]
  return readdirSync(full, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(end) && statSync(`${full}/${file}`).isFile() && statSync(`${full}/${file}`).size < 6000)
    .sort()
    .map((file) => readFileSync(`${full}/${file}`, "latin1"))
}

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"))

/** Reads, and if that works checks that what it read survives writing and reading again. */
type Target = (text: string) => void

const roundTrip =
  <T>(read: (text: string) => T, write: (value: T) => string): Target =>
  (text) => {
    const value = read(text)
    expect(read(write(value))).toEqual(value)
  }

const jsonRoundTrip = <T>(read: (json: unknown) => T, write: (value: T) => unknown): Target =>
  roundTrip(
    (text) => read(parseJson(text)),
    (value) => printJson(write(value) as never),
  )

const wire =
  (...readings: (() => Reading<unknown>)[]): Target =>
  (text) => {
    for (const reading of readings) {
      try {
        readFrom(bytes(text), reading())
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
      }
    }
    new FrameReader(() => {}).push(bytes(text))
  }

const hashPart = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q"
const paths = [
  `/nix/store/${hashPart}-foo.drv`,
  `/nix/store/${hashPart}-foo^out,dev`,
  `${hashPart}-foo.drv`,
  `!out!${hashPart}-x.drv`,
  `=${hashPart}-x.drv`,
]
const hashes = [
  "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
  "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
  "md5:d41d8cd98f00b204e9800998ecf8427e",
  "fixed:r:sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
]
const key = "test-1:xZx0XvXfQuE9X8NKjpBteE4UTNCwpsnWWn4JxEb3VMqmUtlwJz0nU62h//dawSJUa0ezv0vhToW5hwi9IzRvNA=="
const narInfo = `StorePath: /nix/store/${hashPart}-a\nURL: nar/x.nar.xz\nCompression: xz\nFileHash: ${hashes[0]}\nFileSize: 1\nNarHash: ${hashes[0]}\nNarSize: 120\nReferences: ${hashPart}-a ${hashPart}-b\nDeriver: ${hashPart}-a.drv\nSig: a:AAAA\nCA: ${hashes[3]}\n`
const logLines = [
  '@nix {"action":"start","id":1,"level":3,"parent":0,"text":"t","type":105,"fields":["x",1]}',
  '@nix {"action":"msg","level":0,"msg":"x","raw_msg":"y"}',
]
const registration = `/nix/store/${hashPart}-a\n/nix/store/${hashPart}-a.drv\n1\n/nix/store/${hashPart}-b\n`

/** Readers with the files that are mutated for them. */
const targets: Record<string, [() => string[], Target]> = {
  "derivations (ATerm)": [
    () => [...files("fuzz-seeds/store/derivations", ".drv"), ...files("derivation", ".drv"), ...files("guix", ".drv")],
    roundTrip(
      (text) => parseAterm(text, "x"),
      (drv) => printAterm(drv),
    ),
  ],
  "derivations (JSON)": [
    () => files("derivation/hash-modulo", ".json").concat(files("derivation/ia", ".json")),
    jsonRoundTrip(derivationFromJson, derivationToJson),
  ],
  "derivations (old JSON)": [
    () => [
      '{"outputs":{"out":{"path":"/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-x"}},"inputSrcs":[],"inputDrvs":{},"system":"s","builder":"b","args":["a"],"env":{"a":"b","__json":"{}"}}',
    ],
    (text) => void derivationFromOldJson(parseJson(text), "x"),
  ],
  "options (JSON)": [() => files("derivation/ia/derivation-options", ".json"), jsonRoundTrip(optionsFromJson, optionsToJson)],
  "options of derivations": [() => files("derivation/ia", ".drv"), (text) => void optionsToJson(derivationOptions(parseAterm(text, "x")))],
  archives: [
    () => [...files("fuzz-seeds/util/nars", ".nar"), ...files("nars", ".nar")],
    (text) => {
      const tree = readNarTree(bytes(text))
      expect(Buffer.from(narOfTree(tree)).toString("latin1")).toBe(text)
      listNar(bytes(text))
    },
  ],
  "listings (JSON)": [() => files("nar-listing", ".json"), jsonRoundTrip(listingFromJson, listingToJson)],
  "trees (JSON)": [() => files("memory-source-accessor", ".json"), jsonRoundTrip(treeFromJson, treeToJson)],
  narinfo: [
    () => [narInfo],
    (text) => {
      const { info, lines } = parseNarInfo(text, "x")
      expect(printNarInfoLines(lines)).toBe(text)
      expect(parseNarInfo(printNarInfo(info), "x").info).toEqual(info)
    },
  ],
  "path infos (JSON)": [
    () => [...files("nar-info", ".json"), ...files("path-info", ".json")],
    jsonRoundTrip(
      (json) => narInfoFromJson(json),
      (info) => narInfoToJson(info, 3),
    ),
  ],
  "realisations (JSON)": [() => files("realisation", ".json"), jsonRoundTrip(realisationFromJson, realisationToJson)],
  "results of builds (JSON)": [() => files("build-result", ".json"), jsonRoundTrip(buildResultFromJson, buildResultToJson)],
  JSON: [() => files("json-schema", "json").concat(files("derivation/ca", ".json")), roundTrip(parseJson, printJson)],
  "store paths": [
    () => [...paths, ...files("fuzz-seeds/store/store-paths", "")],
    roundTrip(
      (text) => parseStorePath(text),
      (path) => printStorePath(path),
    ),
  ],
  "derived paths": [
    () => paths,
    roundTrip(
      (text) => parseDerivedPath(text),
      (path) => printDerivedPath(path),
    ),
  ],
  "derived paths of old": [() => paths.map((path) => path.replace("^", "!")), (text) => void parseDerivedPathLegacy(text)],
  "outputs specs": [() => paths, roundTrip(parseExtendedOutputsSpec, ({ before, spec }) => before + printExtendedOutputsSpec(spec))],
  "context elements": [() => paths, roundTrip((text) => parseContextElement(text), printContextElement)],
  hashes: [
    () => hashes,
    roundTrip(
      (text) => parseHashWithFormat(text).hash,
      (hash) => printHash(hash, "sri"),
    ),
  ],
  "content addresses": [() => hashes, roundTrip((text) => parseContentAddress(text), printContentAddress)],
  signatures: [() => [key], roundTrip(parseSignature, printSignature)],
  "public keys": [() => [key.replace("//", "").slice(0, 51)], roundTrip(parsePublicKey, printKey)],
  "secret keys": [() => [key], roundTrip(parseSecretKey, printKey)],
  "flake references": [
    () => [
      "github:NixOS/nixpkgs/23.05?dir=lib#a",
      "nixpkgs/x",
      "git+ssh://u@[::1]:22/r?ref=a&rev=b",
      "path:/a/b?lastModified=1",
      "https://h/x.tar.gz?narHash=sha256-x",
    ],
    (text) => {
      const [flakeRef] = parseFlakeRefWithFragment(text)
      printFlakeRef(flakeRefFromAttrs(flakeRefToAttrs(flakeRef)))
    },
  ],
  // `local:x` and `local://x` mean different things and are written alike, in Nix too: only golden files read back equal.
  "store references": [() => files("store-reference", ".txt"), (text) => void printStoreReference(parseStoreReference(text))],
  machines: [() => files("machines", ""), (text) => void parseMachines(text, ["x"])],
  "nix.conf": [() => ["a = b c # d\ninclude x\n!include y\nextra-a = 1\n"], (text) => void parseConfigLines(text, "x")],
  "log lines": [
    () => logLines,
    (text) => {
      const line = parseLogLine(text)
      if (line !== undefined) expect(parseLogLine(printLogLine(line))).toEqual(line)
    },
  ],
  registrations: [
    () => [registration],
    roundTrip(
      (text) => parseRegistration(text),
      (objects) => printRegistration(objects),
    ),
  ],
  "git objects": [
    () => files("git", ".bin"),
    (text) => {
      const object = parseGitObject(bytes(text), "sha1")
      if (object.kind === "tree") expect(parseGitObject(bytes(printTree(object.entries)), "sha1")).toEqual(object)
    },
  ],
  "the wire": [
    () => [...files("worker-protocol", ".bin"), ...files("serve-protocol", ".bin")],
    wire(
      () => readBuildResult(latestWorker, dir),
      () => readKeyedBuildResult(latestWorker, dir),
      () => readPathInfo(latestWorker, dir),
      () => readRealisation(latestWorker, dir),
      () => readServeBuildResult(latestServe, dir),
      () => readServePathInfo(latestServe, dir),
      () => readDaemonMessage(latestWorker),
      () => readBasicDerivation("x", dir),
    ),
  ],
}

/** What the grammars are made of, to be put in at random. */
const tokens = [
  "",
  "\0",
  "\xff",
  '"',
  "\\",
  "[",
  "]",
  "(",
  ")",
  "{",
  "}",
  ",",
  ":",
  "!",
  "^",
  "=",
  "/",
  "..",
  "\n",
  "%",
  "-1",
  "1e999",
  "null",
  "[[[[[[[[",
  "Derive([",
  'DrvWithVersion("xp-dyn-drv",',
  '("out","","","")',
  "impure",
  "r:sha256",
  "sha256",
  "__json",
  "__proto__",
  "constructor",
  "\x01\0\0\0\0\0\0\0(\0\0\0\0\0\0\0",
  "\xff\xff\xff\xff\xff\xff\xff\x7f",
  "\xff\xff\xff\xff\xff\xff\xff\xff",
  "\0\0\0\x10\0\0\0\0",
  "contents",
  "entry",
]

const mutation = fc.record({
  how: fc.constantFrom("insert" as const, "replace" as const, "delete" as const, "flip" as const, "copy" as const),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  size: fc.integer({ min: 1, max: 40 }),
  token: fc.constantFrom(...tokens),
})

function mutate(text: string, { how, at, size, token }: { how: string; at: number; size: number; token: string }): string {
  const place = Math.floor(at * text.length)
  const [before, after] = [text.slice(0, place), text.slice(place)]
  if (how === "insert") return before + token + after
  if (how === "replace") return before + token + after.slice(token.length)
  if (how === "delete") return before + after.slice(size)
  if (how === "copy") return before + after.slice(0, size) + after
  return before + (after === "" ? "" : String.fromCharCode(after.charCodeAt(0) ^ (1 << (size % 8)))) + after.slice(1)
}

describeShared("mutated golden files", "conformance/fuzz-seeds", () => {
  for (const [name, [seeds, target]] of Object.entries(targets)) {
    test(`are refused or survive: ${name}`, () => {
      const given = seeds()
      expect(given.length).toBeGreaterThan(0)
      let read = 0
      fc.assert(
        fc.property(fc.constantFrom(...given), fc.array(mutation, { maxLength: 4 }), (text, mutations) => {
          try {
            target(mutations.reduce(mutate, text))
            read++
          } catch (error) {
            // A fault of the reader shows as any other exception; a failed expectation is no FormatError either.
            if (!(error instanceof FormatError)) throw error
          }
        }),
        { seed, numRuns: runs },
      )
      // Neither does everything fail.
      expect(read).toBeGreaterThan(0)
    })
  }
})

describe("claims of size", () => {
  test("cost nothing before the bytes are there", () => {
    const huge = "\xff\xff\xff\xff\xff\xff\xff\x7f"
    const nar = `\r\0\0\0\0\0\0\0nix-archive-1\0\0\0${huge}`
    const before = process.memoryUsage().rss
    expect(() => readNarTree(bytes(nar))).toThrow("string is too long")
    for (const text of [huge, `\0\0\0\x10\0\0\0\0`]) {
      expect(() => readFrom(bytes(text), readPathInfo(latestWorker, dir))).toThrow(FormatError)
      expect(() => readFrom(bytes(text), readBasicDerivation("x", dir))).toThrow(FormatError)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20)
  })
})
