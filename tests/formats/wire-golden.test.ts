// The daemon's protocols: golden data of Nix, both ways.
import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, expect, test } from "vitest"
import { resolvedFromJson, resolvedToJson } from "../../engine/formats/derivation/resolve.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import type { JsonObject } from "../../engine/formats/json/value.ts"
import { printJson } from "../../engine/formats/json/write.ts"
import {
  buildResultFromJson,
  buildResultToJson,
  keyedBuildResultFromJson,
  keyedBuildResultToJson,
} from "../../engine/formats/narinfo/build-result.ts"
import { pathInfoFromJson, pathInfoToJson } from "../../engine/formats/narinfo/path-info.ts"
import {
  drvOutputFromJson,
  drvOutputToJson,
  realisationFromJson,
  realisationToJson,
  unkeyedRealisationFromJson,
  unkeyedRealisationToJson,
} from "../../engine/formats/narinfo/realisation.ts"
import { contentAddressFromJson, contentAddressToJson } from "../../engine/formats/store-path/content-address.ts"
import { derivedPathFromJson, derivedPathToJson } from "../../engine/formats/store-path/derived-path.ts"
import { parseBaseName, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { readBasicDerivation, writeBasicDerivation } from "../../engine/formats/wire/basic-derivation.ts"
import { readDaemonGreeting, writeDaemonGreeting } from "../../engine/formats/wire/daemon.ts"
import { type Reading, readFrom, readList, readString, readWhole } from "../../engine/formats/wire/reading.ts"
import {
  readServeBuildOptions,
  readServeBuildResult,
  readServePathInfo,
  readServeRealisation,
  serveMagic,
  writeServeBuildOptions,
  writeServeBuildResult,
  writeServePathInfo,
  writeServeRealisation,
} from "../../engine/formats/wire/serve.ts"
import {
  type ProtocolVersion,
  protocolVersion,
  readContentAddress,
  readDrvOutput,
  readOptionalContentAddress,
  readOptionalStorePath,
  readStorePath,
  readUnkeyedRealisation,
  versionToWire,
  writeContentAddress,
  writeDrvOutput,
  writeStorePath,
  writeUnkeyedRealisation,
} from "../../engine/formats/wire/value.ts"
import {
  buildModes,
  latestWorker,
  readBuildMode,
  readBuildResult,
  readDaemonInfo,
  readDerivedPath,
  readKeyedBuildResult,
  readPathInfo,
  readRealisation,
  readTrust,
  readUnkeyedPathInfo,
  realisationWithPath,
  writeBuildMode,
  writeBuildResult,
  writeDaemonInfo,
  writeDerivedPath,
  writeKeyedBuildResult,
  writePathInfo,
  writeRealisation,
  writeTrust,
  writeUnkeyedPathInfo,
} from "../../engine/formats/wire/worker.ts"
import { WireWriter } from "../../engine/formats/wire/writer.ts"
import { describeShared, shared } from "../shared.ts"

const dir = "/nix/store"

beforeAll(initHashes)

/** How one kind of golden file is read and written, and how its values look as JSON. */
interface Codec<T> {
  readonly read: (version: ProtocolVersion) => Reading<T>
  readonly write: (writer: WireWriter, value: T, version: ProtocolVersion) => void
  readonly toJson: (value: T) => unknown
  readonly fromJson: (json: unknown) => T
}

const codec = <T>(
  read: Codec<T>["read"],
  write: Codec<T>["write"],
  toJson: Codec<T>["toJson"],
  fromJson: Codec<T>["fromJson"],
): Codec<unknown> => ({ read, write, toJson, fromJson }) as Codec<unknown>

const same = (value: unknown) => value as never
const orNull =
  <T>(convert: (value: T) => unknown) =>
  (value: T | undefined) =>
    value === undefined ? null : convert(value)
const orUndefined =
  <T>(convert: (json: unknown) => T) =>
  (json: unknown) =>
    json === null ? undefined : convert(json)
/** Texts, lists of texts, and a list of lists of lists: what `string`, `vector` and `set` hold, in this order. */
const strings = codec<string>(
  () => readString(),
  (writer, text) => writer.string(text),
  same,
  same,
)
const textLists = (json: unknown) => json as [string[], string[], string[], string[][]]
const lists = codec<ReturnType<typeof textLists>>(
  function* () {
    const list = () => readList(() => readString())
    return [yield* list(), yield* list(), yield* list(), yield* readList(list)]
  },
  (writer, [a, b, c, d]) =>
    writer
      .strings(a)
      .strings(b)
      .strings(c)
      .list(d, (list) => writer.strings(list)),
  same,
  textLists,
)
const storePath = codec<StorePath>(
  () => readStorePath(dir),
  (writer, path) => writeStorePath(writer, path, dir),
  same,
  (json) => parseBaseName(json as string),
)
const optionalStorePath = codec<StorePath | undefined>(
  () => readOptionalStorePath(dir),
  (writer, path) => writeStorePath(writer, path, dir),
  orNull(same),
  orUndefined((json) => parseBaseName(json as string)),
)
const address = codec(() => readContentAddress(), writeContentAddress, contentAddressToJson, contentAddressFromJson)
const optionalAddress = codec(
  () => readOptionalContentAddress(),
  writeContentAddress,
  orNull(contentAddressToJson),
  orUndefined(contentAddressFromJson),
)
const oldJson = codec<string>(
  () => readString(),
  (writer, text) => writer.string(text),
  parseJson,
  (json) => printJson(json as JsonObject),
)
const drvOutput = codec(
  () => readDrvOutput(dir),
  (writer, output) => writeDrvOutput(writer, output, dir),
  drvOutputToJson,
  drvOutputFromJson,
)
const unkeyed = codec(
  () => readUnkeyedRealisation(dir),
  (writer, value) => writeUnkeyedRealisation(writer, value, dir),
  unkeyedRealisationToJson,
  unkeyedRealisationFromJson,
)

const common: Record<string, Codec<unknown>> = {
  string: strings,
  vector: lists,
  set: lists,
  "store-path": storePath,
  "optional-store-path": optionalStorePath,
  "content-address": address,
  "optional-content-address": optionalAddress,
  // Before 2026 realisations went over the wire as JSON in a string, and outputs as text with a hash.
  "drv-output": strings,
  realisation: oldJson,
  "realisation-with-deps": oldJson,
}

const worker: Record<string, Codec<unknown>> = {
  ...common,
  "build-mode": codec(
    () => readBuildMode(),
    writeBuildMode,
    (mode) => buildModes.indexOf(mode),
    (json) => buildModes[json as number]!,
  ),
  "optional-trusted-flag": codec(() => readTrust(), writeTrust, orNull(same), orUndefined(same)),
  "build-result": codec(
    (v) => readBuildResult(v, dir),
    (w, value, v) => writeBuildResult(w, value, v, dir),
    buildResultToJson,
    buildResultFromJson,
  ),
  "keyed-build-result": codec(
    (v) => readKeyedBuildResult(v, dir),
    (w, value, v) => writeKeyedBuildResult(w, value, v, dir),
    keyedBuildResultToJson,
    keyedBuildResultFromJson,
  ),
  "derived-path": codec(
    (v) => readDerivedPath(v, dir),
    (w, value, v) => writeDerivedPath(w, value, v, dir),
    derivedPathToJson,
    derivedPathFromJson,
  ),
  "unkeyed-valid-path-info": codec(
    (v) => readUnkeyedPathInfo(v, dir),
    writeUnkeyedPathInfo,
    (info) => pathInfoToJson(info, 3),
    pathInfoFromJson,
  ),
  "valid-path-info": codec(
    (v) => readPathInfo(v, dir),
    writePathInfo,
    (info) => ({ ...pathInfoToJson(info, 3), path: info.path }),
    (json) => ({ ...pathInfoFromJson(json), path: parseBaseName((json as { path: string }).path) }),
  ),
}

const withPath: Record<string, Codec<unknown>> = {
  "build-result": worker["build-result"]!,
  "drv-output": drvOutput,
  realisation: codec(
    (v) => readRealisation(v, dir),
    (w, value, v) => writeRealisation(w, value, v, dir),
    realisationToJson,
    realisationFromJson,
  ),
  "unkeyed-realisation": unkeyed,
}

const serve: Record<string, Codec<unknown>> = {
  ...common,
  "build-result": codec(
    (v) => readServeBuildResult(v, dir),
    (w, value, v) => writeServeBuildResult(w, value, v, dir),
    buildResultToJson,
    buildResultFromJson,
  ),
  "unkeyed-valid-path-info": codec(
    (v) => readServePathInfo(v, dir),
    writeServePathInfo,
    (info) => pathInfoToJson(info, 3),
    pathInfoFromJson,
  ),
}

const serve28: Record<string, Codec<unknown>> = {
  ...serve,
  "drv-output": drvOutput,
  realisation: codec(
    (v) => readServeRealisation(v, dir),
    (w, value, v) => writeServeRealisation(w, value, v, dir),
    realisationToJson,
    realisationFromJson,
  ),
  "unkeyed-realisation": unkeyed,
}

/** Which codec and version a golden file is for, and whether it is written too. */
function golden(folder: string, stem: string): [Codec<unknown> | undefined, ProtocolVersion, "both" | "read"] {
  const feature = `-${realisationWithPath}`
  if (stem.endsWith(feature)) return [withPath[stem.slice(0, -feature.length)], latestWorker, "both"]
  const match = /^(.*?)(?:-(\d)\.(\d+))?(-compat)?$/.exec(stem)!
  const [, name, major, minor] = match
  const fallback = folder === "serve-protocol" ? protocolVersion(2, 5) : protocolVersion(1, 10)
  const version = major === undefined ? fallback : protocolVersion(Number(major), Number(minor))
  const table = folder === "worker-protocol" ? worker : folder === "common-protocol" ? common : stem.endsWith("2.8") ? serve28 : serve
  // What came with a hash of the derivation is not written any more: Nix itself only reads these.
  const old = name === "build-result" && /^(?:1\.2[89]|1\.37|2\.[67])/.test(`${major}.${minor}`)
  return [table[name!], version, old ? "read" : "both"]
}

describeShared("golden data of Nix", "conformance", () => {
  for (const folder of ["common-protocol", "worker-protocol", "serve-protocol"]) {
    test(`${folder} reads as its JSON says, and writes the same bytes`, () => {
      const files = readdirSync(shared(`conformance/${folder}`)).filter((file) => file.endsWith(".json"))
      expect(files.length).toBeGreaterThan(9)
      for (const file of files) {
        const stem = file.slice(0, -5)
        const bytes = new Uint8Array(readFileSync(shared(`conformance/${folder}/${stem}.bin`)))
        const json = parseJson(readFileSync(shared(`conformance/${folder}/${file}`), "latin1"))
        const [found, version, directions] = golden(folder, stem)
        expect(found, stem).toBeDefined()
        const { read, write, toJson, fromJson } = found!
        const several = Array.isArray(json) && !["set", "vector"].includes(stem)
        const wanted = several ? (json as unknown[]) : [json]
        const values: unknown[] = []
        let offset = 0
        for (const _ of wanted) {
          const result = readFrom(bytes, read(version), offset)
          values.push(result.value)
          offset = result.offset
        }
        expect(offset, stem).toBe(bytes.length)
        expect(values.map(toJson), stem).toEqual(wanted.map((value) => toJson(fromJson(value))))
        if (directions === "read") continue
        const writer = new WireWriter()
        for (const value of wanted) write(writer, fromJson(value), version)
        expect(writer.take(), stem).toEqual(bytes)
      }
    })
  }

  test("without JSON is what the README says", () => {
    const bytes = (path: string) => new Uint8Array(readFileSync(shared(`conformance/${path}.bin`)))
    for (const [minor, wanted] of [
      [1, { maxSilentTime: 5, buildTimeout: 6 }],
      [2, { maxSilentTime: 5, buildTimeout: 6, maxLogSize: 7 }],
      [3, { maxSilentTime: 5, buildTimeout: 6, maxLogSize: 7, nrRepeats: 8, enforceDeterminism: true }],
      [7, { maxSilentTime: 5, buildTimeout: 6, maxLogSize: 7, nrRepeats: 8, enforceDeterminism: false, keepFailed: true }],
    ] as const) {
      const version = protocolVersion(2, minor)
      const options = readWhole(bytes(`serve-protocol/build-options-2.${minor}`), readServeBuildOptions(version))
      expect(options).toMatchObject(wanted)
      const writer = new WireWriter()
      writeServeBuildOptions(writer, options, version)
      expect(writer.take()).toEqual(bytes(`serve-protocol/build-options-2.${minor}`))
    }
    const infos: [number, { nixVersion: string | undefined; trusted: boolean | undefined }[]][] = [
      [30, [{ nixVersion: undefined, trusted: undefined }]],
      [
        33,
        [
          { nixVersion: "foo", trusted: undefined },
          { nixVersion: "bar", trusted: undefined },
        ],
      ],
      [
        35,
        [
          { nixVersion: "foo", trusted: false },
          { nixVersion: "bar", trusted: true },
        ],
      ],
    ]
    for (const [minor, wanted] of infos) {
      const version = protocolVersion(1, minor)
      const file = bytes(`worker-protocol/client-handshake-info_1_${minor}`)
      const writer = new WireWriter()
      let offset = 0
      for (const info of wanted) {
        const read = readFrom(file, readDaemonInfo(version), offset)
        expect(read.value).toEqual(info)
        offset = read.offset
        writeDaemonInfo(writer, info, version)
      }
      expect(writer.take()).toEqual(file)
    }
    const greeting = new WireWriter()
    writeDaemonGreeting(greeting, protocolVersion(1, 10))
    expect(greeting.take()).toEqual(bytes("worker-protocol/handshake-to-client"))
    expect(readWhole(bytes("worker-protocol/handshake-to-client"), readDaemonGreeting())).toEqual(protocolVersion(1, 10))
    const serveGreeting = new WireWriter()
      .integer(serveMagic.server)
      .integer(versionToWire(protocolVersion(2, 5)))
      .take()
    expect(serveGreeting).toEqual(bytes("serve-protocol/handshake-to-client"))
  })

  test("of resolved derivations goes over the wire unchanged", () => {
    for (const name of ["with-inputs-after", "no-inputs-after", "export-ref-subpath-resolved"]) {
      const json = parseJson(readFileSync(shared(`conformance/derivation/try-resolve/${name}.json`), "latin1")) as JsonObject
      const drv = resolvedFromJson(json)
      const writer = new WireWriter()
      writeBasicDerivation(writer, drv, dir)
      expect(resolvedToJson(readWhole(writer.take(), readBasicDerivation(drv.name, dir)))).toEqual(json)
    }
  })
})
