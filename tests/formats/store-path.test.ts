// Store paths and what is made of them: names, computing, placeholders, content addresses, derived paths, contexts.
import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { FormatError } from "../../engine/formats/error.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashBytes, parseHash, printHash } from "../../engine/formats/hash/hash.ts"
import { makeFixedOutputPath, makeSourcePath, makeTextPath } from "../../engine/formats/store-path/compute.ts"
import {
  contentAddressFromJson,
  contentAddressToJson,
  parseAddressPrefix,
  parseContentAddress,
  parseMethod,
  parseMethodAlgo,
  printAddressPrefix,
  printContentAddress,
} from "../../engine/formats/store-path/content-address.ts"
import {
  basePath,
  derivedPathFromJson,
  derivedPathToJson,
  opaque,
  parseDerivedPath,
  parseDerivedPathLegacy,
  parseSingleDerivedPath,
  parseSingleDerivedPathLegacy,
  printDerivedPath,
  printDerivedPathLegacy,
  singleDerivedPathFromJson,
  singleDerivedPathToJson,
} from "../../engine/formats/store-path/derived-path.ts"
import { nameFault } from "../../engine/formats/store-path/name.ts"
import {
  extendedOutputsSpecFromJson,
  extendedOutputsSpecToJson,
  outputNames,
  outputsSpecFromJson,
  outputsSpecToJson,
  parseExtendedOutputsSpec,
  parseOutputsSpec,
  printExtendedOutputsSpec,
  printOutputsSpec,
  specContains,
  specIsSubset,
  specUnion,
} from "../../engine/formats/store-path/outputs-spec.ts"
import { downstreamPlaceholder, outputPlaceholder, upstreamPlaceholder } from "../../engine/formats/store-path/placeholder.ts"
import {
  drvNameOfPath,
  hashPart,
  isStorePath,
  namePart,
  parseBaseName,
  parseStorePath,
  parseStorePathStrictly,
  printStorePath,
  splitStorePath,
} from "../../engine/formats/store-path/store-path.ts"
import { parseContextElement, printContextElement, showContextElement } from "../../engine/formats/store-path/string-context.ts"
import { describeShared, shared } from "../shared.ts"

const json = (path: string) => JSON.parse(readFileSync(shared(`conformance/${path}`), "utf8"))
const hash = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q"
const drv = parseBaseName(`${hash}-foo.drv`)
const noFeatures = new Set<string>()

beforeAll(initHashes)

describeShared("Nix's vectors of store path names", "conformance/unit-vectors/store-path-names.json", () => {
  const data = () => json("unit-vectors/store-path-names.json")

  test("good names are taken, bad ones refused", () => {
    for (const name of data().goodNames) {
      expect(nameFault(name), name).toBeUndefined()
      const path = parseStorePath(`/nix/store/${hash}-${name}`)
      expect(printStorePath(path)).toBe(`/nix/store/${hash}-${name}`)
      expect(parseStorePathStrictly(`/nix/store/${hash}-${name}`)).toBe(path)
    }
    for (const name of data().badNames) {
      expect(nameFault(name), name).toBeDefined()
      expect(isStorePath(`/nix/store/${hash}-${name}`), name).toBe(false)
    }
  })

  test("clumsy paths are taken by the lenient reader only", () => {
    for (const text of data().onlyNonCanonical) {
      expect(parseStorePath(text)).toBe(`${hash}-foo`)
      expect(() => parseStorePathStrictly(text), text).toThrow(FormatError)
    }
    for (const text of data().neither) {
      expect(() => parseStorePath(text), text).toThrow(FormatError)
      expect(() => parseStorePathStrictly(text), text).toThrow(FormatError)
    }
  })
})

describe("store paths", () => {
  test("are refused in Nix's words", () => {
    expect(() => parseStorePath("")).toThrow("empty path is not a valid store path")
    expect(() => parseStorePath("/foo")).toThrow('path "/foo" is not in the Nix store')
    expect(() => parseBaseName("abc")).toThrow("'abc' is too short to be a valid store path")
    expect(() => parseBaseName(`${hash}x-foo`)).toThrow(
      `'${hash}x-foo' can't name a store path because the hash part is not followed by a '-'`,
    )
    const bad = hash.replace("g1w", "g1u")
    expect(() => parseBaseName(`${bad}-foo`)).toThrow(`store path '${bad}-foo' contains illegal base-32 character 'u'`)
    expect(() => parseBaseName(`${hash}-a b`)).toThrow(
      `path '${hash}-a b' is not a valid store path: name 'a b' contains illegal character ' '`,
    )
    expect(() => makeTextPath("a b", "x")).toThrow(
      "path 'dm85kbl5cy82j2dzvy1874s14y3salv3-a b' is not a valid store path: name 'a b' contains illegal character ' '",
    )
    expect(() => makeTextPath("", "x")).toThrow(
      "path '9r1mh2rc3s3i33vpdw86kqqyvy9i1y4w-' is not a valid store path: name must not be empty",
    )
    expect(nameFault("a".repeat(211))).toBeUndefined()
    expect(nameFault("a".repeat(212))).toMatch(/must be no longer than 211 characters$/)
    expect(nameFault("..-a")).toBe("name '..-a' is not valid: first dash-separated component must not be '..'")
    expect(nameFault(".")).toBe("name '.' is not valid")
  })

  test("have parts", () => {
    expect(hashPart(drv)).toBe(hash)
    expect(namePart(drv)).toBe("foo.drv")
    expect(drvNameOfPath(drv)).toBe("foo")
    expect(() => drvNameOfPath(parseBaseName(`${hash}-foo`))).toThrow(`store path '${hash}-foo' is not a valid derivation path`)
    expect(splitStorePath(`/nix/store/${hash}-foo/bin/sh`)).toEqual({ path: `${hash}-foo`, rest: "/bin/sh" })
    expect(splitStorePath(`/nix/store/${hash}-foo`)).toEqual({ path: `${hash}-foo`, rest: "" })
    expect(parseStorePath(`/gnu/store/${hash}-foo`, "/gnu/store")).toBe(`${hash}-foo`)
  })
})

describe("known paths (shared/spec/known-answers.md)", () => {
  test("of texts and their references", () => {
    const first = makeTextPath("foo", "bar")
    expect(first).toBe("vxjiwkjkn7x4079qvh1jkl5pn05j2aw0-foo")
    const second = makeTextPath("foo", `bar${printStorePath(first)}`, [first])
    expect(second).toBe("i7liwr52956m86kxp7dgbcwsk56r27v6-foo")
    expect(makeTextPath("foo", `bar${printStorePath(second)}`, [second])).toBe("yw8k7ixk1zvb113p4y0bl3ahjxd5h9sr-foo")
    expect(makeTextPath("baz", printStorePath(first), [first])).toBe("5xd714cbfnkz02h2vbsj4fm03x3f15nf-baz")
  })

  test("of fixed content", () => {
    const path = (method: "flat" | "nar", text: string) => makeFixedOutputPath("foo", { method, hash: parseHash(text) })
    expect(path("nar", "sha256-Q3QXOoy+iN4VK2CflvRulYvPZXYgF0dO7FoF7CvWFTA=")).toBe("17wgs52s7kcamcyin4ja58njkf91ipq8-foo")
    expect(path("nar", "sha1-VUCRC+16gU5lcrLYHlPSUyx0Y/Q=")).toBe("p5sammmhpa84ama7ymkbgwwzrilva24x-foo")
    expect(path("nar", "md5-07BzhNET7exJ6qYjitX/AA==")).toBe("gmmxgpy1jrzs86r5y05wy6wiy2m15xgi-foo")
    expect(path("flat", "sha256-Q3QXOoy+iN4VK2CflvRulYvPZXYgF0dO7FoF7CvWFTA=")).toBe("q4pkwkxdib797fhk22p0k3g1q32jmxvf-foo")
  })

  test("of references that the method has no place for are refused", () => {
    const address = (method: "flat" | "nar" | "text" | "git", algo: "sha256" | "md5") => ({ method, hash: hashBytes(algo, "x") })
    const self = { others: [], self: true }
    expect(() => makeFixedOutputPath("foo", address("flat", "sha256"), self)).toThrow(
      "fixed output derivation 'foo' is not allowed to refer to other store paths.\nYou may need to use the 'unsafeDiscardReferences'",
    )
    expect(() => makeFixedOutputPath("foo", address("nar", "md5"), { others: [drv], self: false })).toThrow(FormatError)
    expect(() => makeFixedOutputPath("foo", address("text", "sha256"), self)).toThrow("self-reference not allowed with text hashing")
    expect(() => makeFixedOutputPath("foo", address("git", "md5"))).toThrow(
      "Git file ingestion must use SHA-1 or SHA-256 hash, but instead using: md5",
    )
    expect(makeFixedOutputPath("foo", address("nar", "sha256"), self)).not.toBe(makeSourcePath("foo", hashBytes("sha256", "x")))
  })
})

describeShared("placeholders", "conformance/unit-vectors/downstream-placeholder.json", () => {
  test("of outputs of content-addressed and of unknown derivations", () => {
    const [known, unknown] = json("unit-vectors/downstream-placeholder.json")
    expect(upstreamPlaceholder(parseBaseName(known.drvPath), known.output)).toBe(known.render)
    const inner = { kind: "built", drvPath: opaque(parseBaseName(unknown.base.drvPath)), output: unknown.base.output } as const
    expect(downstreamPlaceholder({ kind: "built", drvPath: inner, output: unknown.output })).toBe(unknown.render)
  })

  test("of own outputs", () => {
    expect(outputPlaceholder("out")).toBe("/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9")
  })
})

describeShared("content addresses", "conformance/content-address", (folder) => {
  test("in JSON keep their value", () => {
    for (const file of readdirSync(folder)) {
      const value = json(`content-address/${file}`)
      expect(contentAddressToJson(contentAddressFromJson(value))).toEqual(value)
    }
    expect(() => contentAddressFromJson({ method: "nar" })).toThrow(FormatError)
    expect(() => contentAddressFromJson({ method: "foo", hash: "" })).toThrow(
      "Unknown file ingestion method 'foo', expect `flat`, `nar`, or `git`",
    )
    expect(() => parseMethod("git", noFeatures)).toThrow("experimental Nix feature 'git-hashing' is disabled")
  })

  test("as text keep their value", () => {
    const digits = "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"
    for (const prefix of ["text:sha256", "fixed:sha256", "fixed:r:sha256", "fixed:git:sha256"]) {
      const address = parseContentAddress(`${prefix}:${digits}`)
      expect(printContentAddress(address)).toBe(`${prefix}:${digits}`)
      expect(printHash(address.hash, "nix32")).toBe(`sha256:${digits}`)
      const { method, algo } = parseAddressPrefix(prefix)
      expect(printAddressPrefix(method, algo)).toBe(prefix)
    }
    expect(parseMethodAlgo("r:sha256")).toEqual({ method: "nar", algo: "sha256" })
    expect(parseMethodAlgo("md5")).toEqual({ method: "flat", algo: "md5" })
    expect(parseMethodAlgo("text:sha256")).toEqual({ method: "text", algo: "sha256" })
    expect(() => parseContentAddress("foo")).toThrow("not a content address because it is not in the form '<prefix>:<rest>': foo")
    expect(() => parseContentAddress("foo:sha256:x")).toThrow("content address prefix 'foo' is unrecognized")
    expect(() => parseContentAddress("fixed:r:sha256")).toThrow("content address hash must be in form '<algo>:<hash>', but found: sha256")
    expect(() => parseContentAddress("fixed:r:sha256:abc")).toThrow("hash 'abc' has wrong length for hash algorithm 'sha256'")
  })
})

describeShared("derived paths", "conformance/derived-path", (folder) => {
  test("in JSON and as text keep their value", () => {
    for (const file of readdirSync(folder)) {
      const value = json(`derived-path/${file}`)
      if (file.startsWith("single")) {
        const path = singleDerivedPathFromJson(value)
        expect(singleDerivedPathToJson(path)).toEqual(value)
        expect(parseSingleDerivedPath(printDerivedPath(path))).toEqual(path)
        expect(basePath(path)).toBe(drv)
      } else {
        const path = derivedPathFromJson(value)
        expect(derivedPathToJson(path)).toEqual(value)
        expect(parseDerivedPath(printDerivedPath(path))).toEqual(path)
      }
      if (file.includes("built_built")) {
        const read = () =>
          file.startsWith("single") ? singleDerivedPathFromJson(value, noFeatures) : derivedPathFromJson(value, noFeatures)
        expect(read).toThrow(`experimental Nix feature 'dynamic-derivations' is disabled (building output 'bar' of '${drv}')`)
      }
    }
  })

  test("have an old form", () => {
    const text = `/nix/store/${drv}!bar,baz`
    const path = parseDerivedPathLegacy(text)
    expect(printDerivedPathLegacy(path)).toBe(text)
    expect(printDerivedPath(path)).toBe(`/nix/store/${drv}^bar,baz`)
    expect(printDerivedPathLegacy(parseSingleDerivedPathLegacy(`/nix/store/${drv}!bar`))).toBe(`/nix/store/${drv}!bar`)
    expect(() => parseDerivedPath(`/nix/store/${drv}^`)).toThrow("name must not be empty")
  })
})

describeShared("outputs specs", "conformance/outputs-spec", () => {
  test("in JSON keep their value", () => {
    for (const name of ["all", "name", "names"]) {
      const value = json(`outputs-spec/${name}.json`)
      expect(outputsSpecToJson(outputsSpecFromJson(value))).toEqual(value)
    }
    for (const name of ["all", "def", "name", "names"]) {
      const value = json(`outputs-spec/extended/${name}.json`)
      expect(extendedOutputsSpecToJson(extendedOutputsSpecFromJson(value))).toEqual(value)
    }
  })

  test("bad ones are refused", () => {
    for (const text of json("unit-vectors/outputs-spec.json").badSpecs) expect(() => parseOutputsSpec(text), text).toThrow(FormatError)
  })

  test("are sets", () => {
    const [all, one, two] = [parseOutputsSpec("*"), parseOutputsSpec("out"), parseOutputsSpec("out,bin,out")]
    expect(printOutputsSpec(two)).toBe("bin,out")
    expect([specContains(all, "x"), specContains(two, "bin"), specContains(one, "bin")]).toEqual([true, true, false])
    expect([specIsSubset(one, two), specIsSubset(two, one), specIsSubset(two, all), specIsSubset(all, two)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(specUnion(one, outputNames(["bin"]))).toEqual(two)
    expect(specUnion(one, all)).toEqual(all)
  })

  test("extend other text", () => {
    expect(parseExtendedOutputsSpec("foo")).toEqual({ before: "foo", spec: { kind: "default" } })
    const { before, spec } = parseExtendedOutputsSpec("foo^bar^*")
    expect([before, printExtendedOutputsSpec(spec)]).toEqual(["foo^bar", "^*"])
    expect(() => parseExtendedOutputsSpec("foo^&")).toThrow("invalid extended outputs specifier 'foo^&'")
  })
})

describeShared("string context elements", "conformance/unit-vectors/string-context-elem.json", () => {
  test("keep their value; bad ones are refused", () => {
    const { valid, invalid } = json("unit-vectors/string-context-elem.json")
    for (const { s, opaque: path, drvDeep, built, needsXp } of valid) {
      const element = parseContextElement(s)
      expect(printContextElement(element)).toBe(s)
      if (path !== undefined) expect(element).toEqual(opaque(path))
      if (drvDeep !== undefined) expect(element).toEqual({ kind: "drvDeep", drvPath: drvDeep })
      if (built !== undefined) expect(element).toEqual(singleDerivedPathFromJson(built))
      if (needsXp !== undefined) expect(() => parseContextElement(s, noFeatures)).toThrow(needsXp)
    }
    for (const s of invalid) expect(() => parseContextElement(s), s).toThrow(FormatError)
    expect(() => parseContextElement("!x")).toThrow(
      "Bad String Context element: String content element beginning with '!' should have a second '!': !x",
    )
    expect(showContextElement(parseContextElement(`=${drv}`))).toBe(`/nix/store/${drv} (deep)`)
    expect(showContextElement(parseContextElement(`!out!${drv}`))).toBe(`/nix/store/${drv}^out`)
  })
})
