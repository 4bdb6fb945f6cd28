// The daemon's protocols: primitives, streams, conversations, refusals.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Derivation } from "../../engine/formats/derivation/derivation.ts"
import { FormatError } from "../../engine/formats/error.ts"
import { parseBaseName } from "../../engine/formats/store-path/store-path.ts"
import { writeBasicDerivation } from "../../engine/formats/wire/basic-derivation.ts"
import {
  commonVersion,
  type DaemonMessage,
  hasFeatures,
  readClientGreeting,
  readDaemonGreeting,
  readDaemonMessage,
  readFeatures,
  withCommonFeatures,
  writeClientGreeting,
  writeDaemonGreeting,
  writeDaemonMessage,
  writeFeatures,
} from "../../engine/formats/wire/daemon.ts"
import { FrameReader, frameBytes, frameHead, readFrames } from "../../engine/formats/wire/frame.ts"
import {
  maxStringLength,
  readBool,
  readInteger,
  readList,
  readNumber,
  readSigned,
  readString,
  readWhole,
  WireInput,
} from "../../engine/formats/wire/reading.ts"
import { latestServe, readServeRealisation } from "../../engine/formats/wire/serve.ts"
import { protocolVersion, versionFromWire, versionToWire } from "../../engine/formats/wire/value.ts"
import {
  latestWorker,
  readBuildMode,
  readBuildResult,
  readOptionalRealisation,
  readTrust,
  readWorkerDrvOutput,
  realisationWithPath,
  writeDerivedPath,
} from "../../engine/formats/wire/worker.ts"
import { WireWriter } from "../../engine/formats/wire/writer.ts"

const seed = 20261121
const dir = "/nix/store"

describe("primitives", () => {
  const written = (write: (writer: WireWriter) => void) => {
    const writer = new WireWriter()
    write(writer)
    return writer.take()
  }

  test("keep their value", () => {
    for (const value of [0, 1, 255, 2 ** 32, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n]) {
      expect(
        readWhole(
          written((writer) => writer.integer(value)),
          readInteger(),
        ),
      ).toBe(value)
    }
    for (const value of [-1, -5_000_000_000, 7])
      expect(
        readWhole(
          written((writer) => writer.integer(value)),
          readSigned(),
        ),
      ).toBe(value)
    expect(
      readWhole(
        written((writer) => writer.bool(true)),
        readBool(),
      ),
    ).toBe(true)
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (arrays) => {
        const texts = arrays.map((array) => Buffer.from(array).toString("latin1"))
        const bytes = written((writer) => writer.strings(texts))
        expect(bytes.length % 8).toBe(0)
        expect(
          readWhole(
            bytes,
            readList(() => readString()),
          ),
        ).toEqual(texts)
      }),
      { seed },
    )
  })

  test("that are wrong are refused", () => {
    const text = written((writer) => writer.string("abc"))
    const bad = text.slice()
    bad[15] = 1
    expect(() => readWhole(bad, readString())).toThrow("non-zero padding")
    expect(() => readWhole(text.subarray(0, 12), readString())).toThrow("unexpected end-of-file")
    expect(() => readWhole(text, readString(2))).toThrow("string is too long")
    expect(() =>
      readWhole(
        written((writer) => writer.integer(maxStringLength + 1)),
        readString(),
      ),
    ).toThrow("string is too long")
    expect(() =>
      readWhole(
        written((writer) => writer.integer(2n ** 63n)),
        readList(() => readString()),
      ),
    ).toThrow("too large")
    expect(() =>
      readWhole(
        written((writer) => writer.integer(300)),
        readNumber(255),
      ),
    ).toThrow("serialised integer 300 is too large")
    expect(() =>
      readWhole(
        written((writer) => writer.integer(1).integer(2)),
        readInteger(),
      ),
    ).toThrow("8 bytes too many")
    expect(() =>
      readWhole(
        written((writer) => writer.integer(3)),
        readTrust(),
      ),
    ).toThrow("Invalid trusted status from remote")
    expect(() =>
      readWhole(
        written((writer) => writer.integer(3)),
        readBuildMode(),
      ),
    ).toThrow("Invalid build mode")
    expect(() =>
      readWhole(
        written((writer) => writer.integer(15).string("")),
        readBuildResult(latestWorker, dir),
      ),
    ).toThrow("Invalid BuildResult status 15")
    expect(() => new WireWriter().integer(1.5)).toThrow(RangeError)
    const old = protocolVersion(1, 37)
    expect(() => readWhole(new Uint8Array(0), readWorkerDrvOutput(old, dir))).toThrow(
      `the daemon is missing the '${realisationWithPath}' protocol feature`,
    )
    expect(
      readWhole(
        written((writer) => writer.string("x")),
        readOptionalRealisation(old, dir),
      ),
    ).toBeUndefined()
    expect(
      readWhole(
        written((writer) => writer.integer(0)),
        readOptionalRealisation(latestWorker, dir),
      ),
    ).toBeUndefined()
    expect(() => readWhole(new Uint8Array(0), readServeRealisation(protocolVersion(2, 7), dir))).toThrow(
      "serve protocol 2.7 is too old (< 2.8)",
    )
    expect(versionFromWire(versionToWire(latestServe))).toEqual(latestServe)
    const drv = parseBaseName("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-x.drv")
    expect(() => writeDerivedPath(new WireWriter(), { kind: "opaque", path: drv }, protocolVersion(1, 29), dir)).toThrow(
      "is too old (< 1.29)",
    )
    const unresolved = { name: "x", inputDrvs: new Map([[drv, { outputs: new Set(["out"]), dynamic: new Map() }]]), env: new Map() }
    expect(() => writeBasicDerivation(new WireWriter(), unresolved as unknown as Derivation, dir)).toThrow("derivation 'x' is not resolved")
  })

  test("are read from chunks of any size", async () => {
    const bytes = written((writer) => writer.integer(7).string("some text").strings(["a", ""]))
    for (let size = 1; size <= bytes.length; size++) {
      let at = 0
      const input = new WireInput(async () => (at >= bytes.length ? undefined : bytes.subarray(at, (at += size))))
      expect(await input.read(readInteger())).toBe(7)
      expect(await input.read(readString())).toBe("some text")
      expect(await input.read(readList(() => readString()))).toEqual(["a", ""])
      await expect(input.read(readInteger())).rejects.toThrow("unexpected end-of-file")
    }
  })
})

describe("framed streams", () => {
  test("are taken apart wherever they are cut", async () => {
    const stream = Buffer.concat([frameHead(3), Buffer.from("abc"), frameHead(1), Buffer.from("d"), frameHead(0), Buffer.from("rest")])
    for (let size = 1; size <= stream.length; size++) {
      let text = ""
      const reader = new FrameReader((bytes) => {
        text += Buffer.from(bytes).toString()
      })
      let rest = ""
      for (let at = 0; at < stream.length; at += size) rest += Buffer.from(reader.push(stream.subarray(at, at + size))).toString()
      expect([text, rest, reader.done]).toEqual(["abcd", "rest", true])
      let at = 0
      const input = new WireInput(async () => (at >= stream.length ? undefined : stream.subarray(at, (at += size))))
      let again = ""
      await readFrames(input, (bytes) => {
        again += Buffer.from(bytes).toString()
      })
      expect(again).toBe("abcd")
    }
    expect(frameBytes(new Uint8Array(0))).toEqual(frameHead(0))
    let count = 0
    new FrameReader(() => count++).push(frameBytes(Uint8Array.of(1, 2)))
    expect(count).toBe(1)
  })
})

describe("conversations with a daemon", () => {
  test("begin with the version and the features of both", () => {
    const writer = new WireWriter()
    writeClientGreeting(writer, latestWorker)
    expect(readWhole(writer.take(), readClientGreeting())).toEqual(protocolVersion(1, 38))
    expect(() => readWhole(new WireWriter().integer(1).take(), readDaemonGreeting())).toThrow("nix-daemon protocol mismatch from")
    writeDaemonGreeting(writer, protocolVersion(2, 0))
    expect(() => readWhole(writer.take(), readDaemonGreeting())).toThrow("Nix daemon protocol version not supported")
    writeDaemonGreeting(writer, protocolVersion(1, 9))
    expect(() => readWhole(writer.take(), readDaemonGreeting())).toThrow("the Nix daemon version is too old")
    expect(commonVersion(latestWorker, protocolVersion(1, 37))).toEqual(protocolVersion(1, 37))
    expect([hasFeatures(protocolVersion(1, 37)), hasFeatures(latestWorker)]).toEqual([false, true])
    writeFeatures(writer, latestWorker)
    const features = readWhole(writer.take(), readFeatures())
    expect(withCommonFeatures(protocolVersion(1, 38), ["x", ...latestWorker.features], features)).toEqual(latestWorker)
  })

  test("are made of messages", () => {
    const messages: DaemonMessage[] = [
      { kind: "next", text: "building\n" },
      { kind: "read", size: 65536 },
      { kind: "write", data: "\0\xff" },
      { kind: "startActivity", id: 2n ** 54n + 1n, level: 3, type: 105, text: "t", fields: ["a", 1], parent: 0 },
      { kind: "result", id: 1, type: 101, fields: ["line"] },
      { kind: "stopActivity", id: 1 },
      { kind: "error", error: { level: 0, message: "m", traces: ["while x"], status: undefined } },
      { kind: "last" },
    ]
    for (const message of messages) {
      const writer = new WireWriter()
      writeDaemonMessage(writer, message, latestWorker)
      expect(readWhole(writer.take(), readDaemonMessage(latestWorker))).toEqual(message)
    }
    const writer = new WireWriter()
    const old: DaemonMessage = { kind: "error", error: { level: 0, message: "m", traces: [], status: 100 } }
    writeDaemonMessage(writer, old, protocolVersion(1, 25))
    expect(readWhole(writer.take(), readDaemonMessage(protocolVersion(1, 25)))).toEqual(old)
    expect(() => readWhole(new WireWriter().integer(1).take(), readDaemonMessage(latestWorker))).toThrow(FormatError)
  })
})
