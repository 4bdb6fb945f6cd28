// Derivations: ATerm and JSON both ways, refusals, hashes modulo, output paths, paths of the files.
import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import { printAterm } from "../../engine/formats/derivation/aterm-writer.ts"
import {
  type Derivation,
  derivationInputs,
  derivationType,
  InputCollector,
  outputPath,
} from "../../engine/formats/derivation/derivation.ts"
import { derivationPath, instantiate } from "../../engine/formats/derivation/instantiate.ts"
import { derivationFromJson, derivationToJson, outputFromJson, outputToJson } from "../../engine/formats/derivation/json.ts"
import { hashModulo, ModuloCache, maskedHashModulo, printMaskedModulo, printModulo } from "../../engine/formats/derivation/modulo.ts"
import { derivationFromOldJson, derivationToOldJson, oldJsonShape } from "../../engine/formats/derivation/old-json.ts"
import { FormatError } from "../../engine/formats/error.ts"
import { hexDigest, initHashes } from "../../engine/formats/hash/digest.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import { printJson } from "../../engine/formats/json/write.ts"
import { makeOutputPath } from "../../engine/formats/store-path/compute.ts"
import { drvNameOfPath, parseBaseName, parseStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { describeShared, shared } from "../shared.ts"

const read = (path: string) => readFileSync(path, "latin1")
const data = (path: string) => read(shared(`conformance/derivation/${path}`))
const json = (path: string) => parseJson(data(path))
/** The files of a folder, by base name, as derivations. */
function drvsOf(folder: string, storeDir?: string): Map<StorePath, Derivation> {
  const drvs = new Map<StorePath, Derivation>()
  for (const file of readdirSync(folder)) {
    if (!file.endsWith(".drv")) continue
    const path = parseBaseName(file)
    drvs.set(path, parseAterm(read(`${folder}/${file}`), drvNameOfPath(path), storeDir))
  }
  return drvs
}

const inputsKnown = (drv: Derivation, all: ReadonlyMap<StorePath, Derivation>) => [...drv.inputDrvs.keys()].every((path) => all.has(path))

beforeAll(initHashes)

describeShared("Nix's derivations", "conformance/derivation", (folder) => {
  test("as ATerm and as JSON are the same, and keep every byte", () => {
    const names = ["simple-derivation", "dyn-dep-derivation"]
    for (const kind of ["ia", "ca", "hash-modulo"]) {
      for (const file of readdirSync(`${folder}/${kind}`)) {
        if (file.endsWith(".drv") && !file.includes("-modulo")) names.push(`${kind}/${file.slice(0, -4)}`)
      }
    }
    expect(names.length).toBeGreaterThan(14)
    for (const name of names) {
      const value = json(`${name}.json`)
      const fromJson = derivationFromJson(value)
      const fromAterm = parseAterm(data(`${name}.drv`), fromJson.name)
      expect(derivationToJson(fromAterm), name).toEqual(value)
      expect(printAterm(fromJson), name).toBe(data(`${name}.drv`))
      expect(printAterm(fromAterm), name).toBe(data(`${name}.drv`))
    }
    expect(derivationToJson(derivationFromJson(json("ca/self-contained.json")))).toEqual(json("ca/self-contained.json"))
  })

  test("of real packages keep their value (their hashes were made equal, so their inputs are out of order)", () => {
    for (const file of ["hello.drv", "firefox.drv"]) {
      const drv = parseAterm(data(file), "x")
      const printed = printAterm(drv)
      expect(printed.length).toBe(data(file).length)
      expect(parseAterm(printed, "x")).toEqual(drv)
      expect(printed.slice(printed.indexOf("],["))).toContain(data(file).slice(data(file).indexOf('],["')))
    }
  })

  test("that are wrong are refused", () => {
    const refusal = (file: string) => () => parseAterm(data(file), file.slice(0, -4))
    expect(refusal("bad-version.drv")).toThrow("Unknown derivation ATerm format version 'invalid-version'")
    expect(refusal("bad-old-version-dyn-deps.drv")).toThrow("expected string '['")
    expect(refusal("bad-ca-fixed-path.drv")).toThrow("which does not match its content address")
  })

  test("need their features", () => {
    const without = (feature: string) =>
      new Set(["ca-derivations", "dynamic-derivations", "impure-derivations"].filter((name) => name !== feature))
    const outputs: [string, string | undefined][] = [
      ["caFixedFlat", undefined],
      ["caFixedNAR", undefined],
      ["caFixedText", "dynamic-derivations"],
      ["caFloating", "ca-derivations"],
      ["deferred", undefined],
      ["impure", "impure-derivations"],
      ["inputAddressed", undefined],
    ]
    for (const [name, feature] of outputs) {
      const value = json(`output-${name}.json`)
      expect(outputToJson(outputFromJson(value)), name).toEqual(value)
      if (feature === undefined) expect(outputToJson(outputFromJson(value, new Set()))).toEqual(value)
      else expect(() => outputFromJson(value, without(feature))).toThrow(`experimental Nix feature '${feature}' is disabled`)
    }
    expect(() => parseAterm(data("dyn-dep-derivation.drv"), "dyn-dep-derivation", undefined, without("dynamic-derivations"))).toThrow(
      "experimental Nix feature 'dynamic-derivations' is disabled (derivation 'dyn-dep-derivation', ATerm format version 'xp-dyn-drv')",
    )
    expect(() => derivationFromJson(json("dyn-dep-derivation.json"), without("dynamic-derivations"))).toThrow("in JSON)")
    expect(() => parseAterm(data("ca/advanced-attributes.drv"), "advanced-attributes", undefined, without("ca-derivations"))).toThrow(
      "experimental Nix feature 'ca-derivations' is disabled; add",
    )
  })

  test("modulo their inputs", () => {
    // The files name each other by store path; which file is which follows from their contents.
    const names = ["source-first", "source-second", "intermediate-first", "intermediate-second", "parent-joined", "parent-split"]
    const drvs = new Map<StorePath, Derivation>()
    for (const name of names) {
      const text = data(`hash-modulo/${name}.drv`)
      const drv = parseAterm(text, derivationFromJson(json(`hash-modulo/${name}.json`)).name)
      drvs.set(derivationPath(drv, text), drv)
    }
    const cache = new ModuloCache((path) => drvs.get(path)!)
    const hexes = new Map<string, string>()
    for (const name of names) {
      const drv = derivationFromJson(json(`hash-modulo/${name}.json`))
      const modulo = hashModulo(drv, cache.get)
      if (name.startsWith("source")) {
        expect(modulo.kind).toBe("outputs")
        continue
      }
      expect(printMaskedModulo(drv, cache.get), name).toBe(data(`hash-modulo/${name}-modulo.drv`))
      if (name.startsWith("parent")) expect(modulo).toEqual({ kind: "deferred" })
      else expect(modulo).toEqual({ kind: "hash", hex: hexDigest("sha256", printModulo(drv, cache.get)!) })
      hexes.set(name, hexDigest("sha256", printMaskedModulo(drv, cache.get)!))
      // Their paths were filled in before there were variables for them, so they are those of an empty environment.
      const bare = { ...drv, env: new Map<string, string>() }
      for (const [output, value] of drv.outputs) {
        if (name.startsWith("parent")) expect(value.kind).toBe("deferred")
        else expect(value).toEqual({ kind: "inputAddressed", path: makeOutputPath(output, maskedHashModulo(bare, cache.get)!, drv.name) })
      }
    }
    expect(hexes.get("intermediate-first")).toBe(hexes.get("intermediate-second"))
    expect(hexes.get("parent-joined")).toBe(hexes.get("parent-split"))
  })
})

describeShared("derivations of real Nix", "conformance/oracle-2.34/derivations", (folder) => {
  type Shown = { drvPath?: string; show?: { derivations: Record<string, unknown> } }
  const index = () => parseJson(read(`${folder}/index.json`)) as unknown as Record<string, Shown>
  const bytes = new Map<StorePath, string>()
  /** All by path (some cases make the same one); the inputs of some were not recorded. */
  const drvs = () => {
    const all = new Map<StorePath, Derivation>()
    for (const [name, { drvPath }] of Object.entries(index())) {
      if (drvPath === undefined) continue
      const path = parseStorePath(drvPath)
      bytes.set(path, read(`${folder}/drv/${name}.drv`))
      all.set(path, parseAterm(bytes.get(path)!, drvNameOfPath(path)))
    }
    return all
  }

  test("keep every byte, and their paths are those recomputed", () => {
    const all = drvs()
    expect(all.size).toBe(71)
    const cache = new ModuloCache((path) => all.get(path)!)
    let known = 0
    for (const [path, drv] of all) {
      const text = printAterm(drv)
      expect(text).toBe(bytes.get(path))
      expect(derivationPath(drv, text)).toBe(path)
      if (derivationType(drv) !== "inputAddressed" || !inputsKnown(drv, all)) continue
      const hex = maskedHashModulo(drv, cache.get)!
      for (const [name, output] of drv.outputs) {
        known++
        expect(outputPath(output, drv.name, name, "/nix/store")).toBe(makeOutputPath(name, hex, drv.name))
      }
    }
    expect(known).toBe(50)
  })

  test("come out of instantiate() from what the evaluator knows", () => {
    const all = drvs()
    const cache = new ModuloCache((path) => all.get(path)!)
    const fresh = new ModuloCache((path) => all.get(path)!)
    for (const [path, drv] of all) {
      if (!inputsKnown(drv, all)) continue
      const blank = derivationType(drv) === "inputAddressed"
      const outputs = new Map([...drv.outputs].map(([name, output]) => [name, blank ? ({ kind: "deferred" } as const) : output]))
      const env = new Map([...drv.env].reverse().map(([key, value]) => [key, blank && drv.outputs.has(key) ? "" : value]))
      const made = instantiate({ ...drv, outputs, env }, fresh)
      expect(made.drvPath).toBe(path)
      expect(made.aterm).toBe(bytes.get(path))
      expect(made.modulo).toEqual(cache.get(path))
      expect(fresh.known(path)).toBe(made.modulo)
      expect(derivationToJson(made.drv)).toEqual(derivationToJson(drv))
    }
  })

  test("have the JSON that `nix derivation show` gives, and the old one", () => {
    const all = drvs()
    let shown = 0
    for (const { show } of Object.values(index())) {
      for (const [file, value] of Object.entries(show?.derivations ?? {})) {
        shown++
        const drv = all.get(parseBaseName(file))!
        expect(derivationToJson(drv)).toEqual(value)
        for (const minor of [14, 15, 18, 23, 32]) {
          const old = derivationToOldJson(drv, oldJsonShape(minor)!)
          expect(printAterm(derivationFromOldJson(parseJson(printJson(old)), drv.name))).toBe(printAterm(drv))
        }
      }
    }
    expect(shown).toBeGreaterThan(60)
  })
})

describeShared("derivations of Guix", "conformance/guix", (folder) => {
  test("are recomputed from their ATerms alone", () => {
    const storeDir = "/gnu/store"
    const all = drvsOf(folder, storeDir)
    expect(all.size).toBe(6)
    const cache = new ModuloCache((path) => all.get(path)!, storeDir)
    for (const [path, drv] of all) {
      const text = printAterm(drv, storeDir)
      expect(text).toBe(read(`${folder}/${path}`))
      expect(derivationPath(drv, text, storeDir)).toBe(path)
      if (derivationType(drv) !== "inputAddressed") continue
      const hex = hexDigest("sha256", printMaskedModulo(drv, cache.get, storeDir)!)
      for (const [name, output] of drv.outputs) {
        expect(outputPath(output, drv.name, name, storeDir)).toBe(makeOutputPath(name, hex, drv.name, storeDir))
      }
    }
  })
})

describe("ATerms", () => {
  const text = (part: { outputs?: string; drvs?: string; srcs?: string; env?: string; end?: string }) =>
    `Derive([${part.outputs ?? '("out","","","")'}],[${part.drvs ?? ""}],[${part.srcs ?? ""}],"s","b",[],[${part.env ?? ""}]${part.end ?? ")"}`
  const parse = (part: Parameters<typeof text>[0]) => parseAterm(text(part), "x")
  const path = "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-x.drv"

  test("are read as leniently as Nix reads them", () => {
    const drv = parse({ env: '("b","1")("a","2"),("b","\\"\\\\\\n\\r\\t\\x")', end: ") and more" })
    expect([...drv.env]).toEqual([
      ["b", '"\\\n\r\tx'],
      ["a", "2"],
    ])
    expect(printAterm(drv)).toBe(text({ env: '("a","2"),("b","\\"\\\\\\n\\r\\tx")' }))
    expect(parse({ env: '("__json","{\\"b\\": 1.0, \\"a\\":[ ]}")' }).structuredAttrs).toBe('{"a":[],"b":1.0}')
  })

  test("are refused as strictly as Nix refuses them", () => {
    const cases: [Parameters<typeof text>[0], string][] = [
      [{ end: "" }, "expected string ')'"],
      [{ env: '("a","b)' }, "unterminated string in derivation"],
      [{ env: '("a","b\\")' }, "unterminated string in derivation"],
      [{ drvs: `("${path}",[])` }, `inputDrvs entry for '${path}' specifies no outputs`],
      [{ drvs: `("${path}",(["out"],[]))` }, "expected string '['"],
      [{ srcs: `"/nix/store/../store/x"` }, "is too short to be a valid store path"],
      [{ srcs: `"/nix/store//${path.slice(11)}"` }, "can't name a store path"],
      [{ outputs: '("out","","sha256","impure")', srcs: '"x"' }, "path 'x' is not in the Nix store"],
      [{ outputs: `("out","${path}","sha256","impure")` }, "impure derivation output should not specify output path"],
      [{ outputs: `("out","${path}","r:sha256","")` }, "content-addressing derivation output should not specify output path"],
      [{ outputs: `("out","${path}","r:sha257","")` }, "unknown hash algorithm 'sha257'"],
      [{ outputs: `("out","${path}","sha256","abc")` }, "hash 'abc' has wrong length for hash algorithm 'sha256'"],
      [{ env: '("__json","1")' }, "cannot process __json attribute"],
      [{ env: '("__json","{")' }, "cannot process __json attribute"],
    ]
    for (const [part, message] of cases) expect(() => parse(part), message).toThrow(message)
    expect(() => parseAterm("Drv", "x")).toThrow("expected string 'rvWithVersion('")
    expect(() => parseAterm("Do", "x")).toThrow("derivation does not start with 'Derive' or 'DrvWithVersion'")
    expect(() => parseAterm("", "x")).toThrow(FormatError)
    expect(() => printAterm({ ...parse({}), env: new Map([["__json", "{}"]]) })).toThrow(
      "Cannot have an environment variable named '__json'. This key is reserved for encoding structured attrs",
    )
  })

  test("types of derivations that do not fit together are refused", () => {
    const type = (outputs: string) => () => derivationType(parse({ outputs }))
    expect(type("")).toThrow("must have at least one output")
    expect(type('("a","","",""),("b","","r:sha256","")')).toThrow("can't mix derivation output types")
    expect(type('("a","","r:sha1",""),("b","","r:sha256","")')).toThrow("all floating outputs must use the same hash algorithm")
    expect(type('("a","","r:sha256","impure"),("b","","r:sha256","impure")')()).toBe("impure")
  })

  test("inputs as a set and as two maps are the same", () => {
    const dynamic = parseAterm(
      `DrvWithVersion("xp-dyn-drv",[("out","","","")],[("${path}",(["out"],[("o",["b","a"]),("p",[])]))],["${path.replace("-x", "-y")}"],"s","b",[],[])`,
      "x",
    )
    const collector = new InputCollector()
    for (const input of derivationInputs(dynamic)) collector.add(input)
    expect(collector.inputDrvs).toEqual(dynamic.inputDrvs)
    expect(collector.inputSrcs).toEqual(dynamic.inputSrcs)
    expect(printAterm(dynamic)).toContain('(["out"],[("o",["a","b"])])')
  })

  test("a chain of 20,000 derivations is no deeper than one", () => {
    const drv = (i: number): Derivation => {
      const name = `g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-${i}`
      const input = `("/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-${i - 1}.drv",["out"])`
      return parseAterm(text({ outputs: `("out","/nix/store/${name}","","")`, drvs: i === 0 ? "" : input }), String(i))
    }
    const cache = new ModuloCache((drvPath) => drv(Number(drvNameOfPath(drvPath))))
    expect(cache.get(parseBaseName("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-20000.drv")).kind).toBe("hash")
    const self = new ModuloCache((drvPath) =>
      parseAterm(text({ outputs: `("out","${path.slice(0, -4)}","","")`, drvs: `("/nix/store/${drvPath}",["out"])` }), "x"),
    )
    expect(() => self.get(parseBaseName(path.slice(11)))).toThrow("is an input of itself")
  })
})
