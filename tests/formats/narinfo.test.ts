// What is known of store objects: narinfo files, JSON in all versions, signatures, realisations, results of builds.
import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { FormatError } from "../../engine/formats/error.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import type { JsonObject } from "../../engine/formats/json/value.ts"
import { listingToJson, listNar, lsFromJson } from "../../engine/formats/nar/listing.ts"
import { narOfTree } from "../../engine/formats/nar/tree.ts"
import {
  buildResultFromJson,
  buildResultToJson,
  keyedBuildResultFromJson,
  keyedBuildResultToJson,
} from "../../engine/formats/narinfo/build-result.ts"
import { narInfoFromJson, narInfoToJson, parseNarInfo, printNarInfo, printNarInfoLines } from "../../engine/formats/narinfo/nar-info.ts"
import {
  checkSignatures,
  fingerprint,
  isContentAddressed,
  type PathInfoVersion,
  pathInfoFromJson,
  pathInfoToJson,
  signPathInfo,
} from "../../engine/formats/narinfo/path-info.ts"
import {
  checkRealisation,
  drvOutputFromJson,
  drvOutputToJson,
  parseDrvOutput,
  printDrvOutput,
  realisationFingerprint,
  realisationFromJson,
  realisationToJson,
  signRealisation,
  unkeyedRealisationFromJson,
  unkeyedRealisationToJson,
} from "../../engine/formats/narinfo/realisation.ts"
import {
  parsePublicKey,
  parseSecretKey,
  parseSignature,
  printKey,
  printSignature,
  publicKeyOf,
  secretKeyFromSeed,
  signatureToJson,
  signText,
  sortSignatures,
  verifyText,
} from "../../engine/formats/narinfo/signature.ts"
import { describeShared, shared } from "../shared.ts"

const json = (path: string) => parseJson(readFileSync(shared(`conformance/${path}`), "latin1")) as JsonObject

beforeAll(initHashes)

// Made by Nix 2.8 for this test: `nix copy --to file://…?secret-key=…`.
const secretText = "test-1:xZx0XvXfQuE9X8NKjpBteE4UTNCwpsnWWn4JxEb3VMqmUtlwJz0nU62h//dawSJUa0ezv0vhToW5hwi9IzRvNA=="
const publicText = "test-1:plLZcCc9J1Otof/3WsEiVGtHs79L4U6FuYcIvSM0bzQ="
const hello = `StorePath: /nix/store/gy454w1cxaq731grqwylhzf4pp9r5izh-hello.txt
URL: nar/04zwf782yjwnh3q6hz5izfd6jyip8kgw6g6yj43fiqhbyhdd0dqw.nar
Compression: none
FileHash: sha256:04zwf782yjwnh3q6hz5izfd6jyip8kgw6g6yj43fiqhbyhdd0dqw
FileSize: 120
NarHash: sha256:04zwf782yjwnh3q6hz5izfd6jyip8kgw6g6yj43fiqhbyhdd0dqw
NarSize: 120
References: 
Sig: test-1:EzMSyCifKGxJ0nEb0GvQUjFumoYejzAm5sj0Pvp+0QyfBVz7gEjLUmjuO8EEmMeXwrbTxo+RkP3Ciy69n4DcDw==
CA: fixed:sha256:00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq
`

describe("narinfo", () => {
  test("of real Nix reads, writes, verifies and signs", () => {
    const { info, lines, quirks } = parseNarInfo(hello, "hello.narinfo")
    expect(printNarInfo(info)).toBe(hello)
    expect(printNarInfoLines(lines)).toBe(hello)
    expect([...quirks]).toEqual([])
    const [key, secret] = [parsePublicKey(publicText), parseSecretKey(secretText)]
    expect(verifyText(fingerprint(info), info.signatures[0]!, [key])).toBe(true)
    expect(signPathInfo({ ...info, signatures: [] }, secret)).toEqual(info)
    expect(isContentAddressed(info)).toBe(true)
    expect(checkSignatures(info, [])).toBe("all")
    const plain = { ...info, ca: undefined }
    expect(checkSignatures(plain, [key])).toBe(1)
    expect(checkSignatures(plain, [])).toBe(0)
    expect(checkSignatures({ ...plain, narSize: 128 }, [key])).toBe(0)
    expect(isContentAddressed({ ...info, references: [info.path], ca: { ...info.ca!, method: "text" } })).toBe(false)
    const listing = lsFromJson(parseJson('{"version":1,"root":{"type":"regular","size":6,"narOffset":96}}'))
    const nar = narOfTree({ kind: "regular", executable: false, contents: new TextEncoder().encode("hello\n") })
    expect(listingToJson(listing)).toEqual(listingToJson(listNar(nar)))
  })

  test("keeps its quirks", () => {
    const quirky = hello
      .replace("StorePath", "X-Other: 1\nStorePath")
      .replace("Compression: none\n", "")
      .replace("References: ", "References: g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-b  g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a")
      .replace("sha256:04zwf782yjwnh3q6hz5izfd6jyip8kgw6g6yj43fiqhbyhdd0dqw", "sha256-PB2dn/hJxuN9aPpcvTQcj1oy9HxfL/XBfkctRnXXTxM=")
      .replace("NarSize: 120\n", "NarSize: 120\nDeriver: unknown-deriver\n")
    const { info, lines, quirks } = parseNarInfo(quirky, "x")
    expect(printNarInfoLines(lines)).toBe(quirky)
    expect([...quirks].sort()).toEqual([
      "compression-missing",
      "field-order",
      "hash-form",
      "references-unsorted",
      "unknown-deriver",
      "unknown-field",
    ])
    expect([info.compression, info.deriver, info.references.length]).toEqual(["bzip2", undefined, 2])
    expect(parseNarInfo(printNarInfo(info), "x").quirks.size).toBe(0)
    expect([...parseNarInfo(hello.replace("URL: ", "URL:\t"), "x").quirks]).toEqual(["other-form"])
    expect(parseNarInfo(hello.replace("Compression: none", "Compression: "), "x").info.compression).toBe("bzip2")
    expect([...parseNarInfo(`${hello}URL: x\n`, "x").quirks].sort()).toEqual(["field-order", "repeated-field"])
  })

  test("that is corrupt is refused in Nix's words", () => {
    const corrupt: [string, string][] = [
      [hello.replace("FileSize: 120", "FileSize: x"), "NAR info file 'x' is corrupt: invalid FileSize at line 5"],
      [hello.replace("NarSize: 120", "NarSize: -1"), "invalid NarSize at line 7"],
      [hello.replace("Compression: none", "Compression: rar"), "invalid Compression at line 3"],
      [hello.replace("NarHash: sha256:0", "NarHash: sha256:"), "bad hash at line 6"],
      ["x", "NAR info file 'x' is corrupt: expecting ':' at line 1"],
      [hello.slice(0, -1), "expecting '\\n' at line 10"],
      [`${hello}CA: text:sha256:00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq\n`, "extra CA at line 11"],
      [hello.replace(/^StorePath.*\n/, ""), "NAR info file 'x' is corrupt: StorePath missing"],
      [hello.replace(/NarHash.*\n/, ""), "NarHash missing"],
      [hello.replace(/URL.*\n/, ""), "URL missing"],
      [hello.replace("NarSize: 120", "NarSize: 0"), "NarSize missing or zero"],
      [hello.replace("Sig: test-1:", "Sig: :"), "signature is corrupt"],
    ]
    for (const [text, message] of corrupt) {
      expect(() => parseNarInfo(text, "x"), message).toThrow(message)
    }
    expect(() => parseNarInfo(hello.replace("/nix/store/g", "/other/g"), "x")).toThrow("is not in the Nix store")
  })
})

describe("signatures", () => {
  test("of the known key pair", () => {
    const secret = parseSecretKey("do.not.use:sGPzxuK5WvWPraytx+6sjtaff866sYlfvErE6x0hFEhy5eqe7OVZ8ZMqZ/ME/HaRdKGNGvJkyGKXYTaeA6lR3A==")
    expect(printKey(publicKeyOf(secret))).toBe("do.not.use:cuXqnuzlWfGTKmfzBPx2kXShjRryZMhil2E2ngOpUdw=")
    expect(printKey(secretKeyFromSeed("do.not.use", secret.bytes.slice(0, 32)))).toBe(printKey(secret))
  })

  test("are verified strictly", () => {
    const [key, secret] = [parsePublicKey(publicText), parseSecretKey(secretText)]
    const signature = signText(secret, "text")
    expect(verifyText("text", signature, [key])).toBe(true)
    expect(verifyText("text ", signature, [key])).toBe(false)
    expect(verifyText("text", { ...signature, keyName: "other" }, [key])).toBe(false)
    expect(verifyText("text", signature, [{ ...key, name: "other" }])).toBe(false)
    expect(() => verifyText("text", { keyName: "test-1", bytes: new Uint8Array(63) }, [key])).toThrow("signature is not valid")
    expect(printSignature(parseSignature(printSignature(signature)))).toBe(printSignature(signature))
    expect(sortSignatures([signature, { keyName: "a", bytes: signature.bytes }, signature]).map(({ keyName }) => keyName)).toEqual([
      "a",
      "test-1",
    ])
  })

  test("and keys that are wrong are refused, without showing secrets", () => {
    expect(() => parseSignature("abc")).toThrow("signature is corrupt")
    expect(() => parsePublicKey("a:")).toThrow("key is corrupt")
    expect(() => parsePublicKey(secretText)).toThrow("public key is not valid")
    expect(() => parseSecretKey(publicText)).toThrow(/^secret key is not valid$/)
    expect(() => parseSecretKey(secretText.replace("xZx0", "xZx1"))).toThrow(/^secret key is not valid$/)
  })
})

describeShared("path infos as JSON", "conformance/path-info", () => {
  test("keep their value in all versions", () => {
    for (const version of [1, 2, 3] as PathInfoVersion[]) {
      for (const kind of ["path-info", "nar-info"] as const) {
        for (const file of readdirSync(shared(`conformance/${kind}/json-${version}`))) {
          const value = json(`${kind}/json-${version}/${file}`)
          const part = file.includes("impure") ? "impure" : "pure"
          const printed =
            kind === "path-info"
              ? pathInfoToJson(pathInfoFromJson(value), version, part)
              : narInfoToJson(narInfoFromJson(value), version, part)
          const wanted = file.includes("noversion") ? { ...value, version: 1, storeDir: "/nix/store" } : value
          expect(printed, `${kind} ${version} ${file}`).toEqual(wanted)
        }
      }
    }
  })

  test("that are wrong are refused", () => {
    const value = json("path-info/json-3/pure.json")
    expect(() => pathInfoFromJson({ ...value, version: 4 })).toThrow(
      "unsupported path info JSON format version 4; supported versions are 1, 2 and 3",
    )
    const { storeDir: _, ...rest } = value
    expect(() => pathInfoFromJson(rest)).toThrow("'storeDir' field is required in path info JSON format version 2")
    expect(() => pathInfoFromJson({ ...value, narSize: -1 })).toThrow("signed integral number")
    expect(() => pathInfoFromJson([])).toThrow(FormatError)
    const { narHash: __, ...noHash } = value
    expect(() => pathInfoFromJson(noHash)).toThrow("Expected JSON object to contain key 'narHash' but it doesn't")
  })
})

describeShared("realisations", "conformance/realisation", (folder) => {
  const testKey = parseSecretKey("test-key:tU7tTvLcScf8pmz/eTV0BEtLmRsPpZfKaRcd0nCN+pysBZPHSeg61/u2oc7mIOewfuAY1V1BiX32homTaDJ2Jw==")

  test("keep their value, and are signed as Nix signs them", () => {
    for (const name of ["simple", "with-signature"]) {
      const value = json(`realisation/${name}.json`)
      const realisation = realisationFromJson(value)
      expect(realisationToJson(realisation)).toEqual(value)
      const text = realisationFingerprint(realisation)
      expect(text).toBe(readFileSync(`${folder}/${name}-fingerprint.txt`, "latin1"))
      expect(signatureToJson(signText(testKey, text))).toEqual(json(`realisation/${name}-sig.json`))
      const signed = signRealisation(realisation, testKey)
      expect(signed.value.signatures.length).toBe(realisation.value.signatures.length + 1)
      expect(checkRealisation(signed, [publicKeyOf(testKey)])).toBe(1)
      expect(checkRealisation(realisation, [publicKeyOf(testKey)])).toBe(0)
    }
    for (const name of ["unkeyed-simple", "unkeyed-with-signature"]) {
      const value = json(`realisation/${name}.json`)
      expect(unkeyedRealisationToJson(unkeyedRealisationFromJson(value))).toEqual(value)
    }
    expect(realisationToJson(realisationFromJson(json("realisation/with-signature-unstructured.json")))).toEqual(
      json("realisation/with-signature.json"),
    )
  })

  test("are named by output", () => {
    const text = "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar.drv^foo"
    expect(printDrvOutput(parseDrvOutput(text))).toBe(text)
    expect(drvOutputFromJson(drvOutputToJson(parseDrvOutput(text)))).toEqual(parseDrvOutput(text))
    expect(() => parseDrvOutput("x")).toThrow("Invalid derivation output id 'x': missing '^'")
  })
})

describeShared("results of builds", "conformance/build-result", (folder) => {
  test("keep their value", () => {
    for (const file of readdirSync(folder)) {
      const value = json(`build-result/${file}`)
      expect(buildResultToJson(buildResultFromJson(value)), file).toEqual(value)
      const keyed = { ...value, path: { drvPath: "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar.drv", outputs: ["out"] } }
      expect(keyedBuildResultToJson(keyedBuildResultFromJson(keyed))).toEqual(keyed)
      for (const status of ["Nonsense", "toString"]) {
        expect(() => buildResultFromJson({ ...value, status })).toThrow(/^unknown built result (success|failure) status '/)
      }
    }
  })
})
