// What derivations carry for their build, checks of output paths, and resolving.
import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import type { Derivation } from "../../engine/formats/derivation/derivation.ts"
import { checkInvariants, checkInvariantsAt, fillInOutputPaths } from "../../engine/formats/derivation/invariants.ts"
import { derivationFromJson, derivationToJson } from "../../engine/formats/derivation/json.ts"
import type { HashModulo } from "../../engine/formats/derivation/modulo.ts"
import {
  derivationOptions,
  optionsFromJson,
  optionsToJson,
  requiredSystemFeatures,
  resolveOptions,
} from "../../engine/formats/derivation/options.ts"
import { type ResolveOutput, resolvedFromJson, resolvedToJson, shouldResolve, tryResolve } from "../../engine/formats/derivation/resolve.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import type { JsonObject } from "../../engine/formats/json/value.ts"
import { singleDerivedPathToJson } from "../../engine/formats/store-path/derived-path.ts"
import { parseBaseName } from "../../engine/formats/store-path/store-path.ts"
import { describeShared, shared } from "../shared.ts"

const data = (path: string) => readFileSync(shared(`conformance/derivation/${path}`), "latin1")
const json = (path: string) => parseJson(data(path)) as JsonObject
const deferred = (): HashModulo => ({ kind: "deferred" })

beforeAll(initHashes)

describeShared("options of derivations", "conformance/derivation", (folder) => {
  test("are read from variables and from structured attributes", () => {
    const files = {
      all_set: "advanced-attributes",
      defaults: "advanced-attributes-defaults",
      structuredAttrs_all_set: "advanced-attributes-structured-attrs",
      structuredAttrs_defaults: "advanced-attributes-structured-attrs-defaults",
    }
    let seen = 0
    for (const kind of ["ia", "ca"]) {
      for (const file of readdirSync(`${folder}/${kind}/derivation-options`)) {
        const name = files[file.slice(0, -5) as keyof typeof files]
        const drv = parseAterm(data(`${kind}/${name}.drv`), name)
        const features = new Set(kind === "ca" ? ["ca-derivations"] : [])
        const wanted = json(`${kind}/derivation-options/${file}`)
        expect(optionsToJson(derivationOptions(drv, { features })), file).toEqual(wanted)
        expect(optionsToJson(optionsFromJson(wanted)), file).toEqual(wanted)
        seen++
      }
    }
    expect(seen).toBe(6)
  })

  test("require what the derivation requires", () => {
    const features = (path: string) => {
      const drv = parseAterm(data(path), "advanced-attributes")
      return requiredSystemFeatures(drv, derivationOptions(drv))
    }
    expect(features("ia/advanced-attributes.drv")).toEqual(["rainbow", "uid-range"])
    expect(features("ca/advanced-attributes.drv")).toEqual(["ca-derivations", "rainbow", "uid-range"])
  })
})

describe("options that are wrong", () => {
  const drv = (env: Record<string, string>, structuredAttrs?: string) => ({
    env: new Map(Object.entries(env)),
    structuredAttrs,
    inputDrvs: new Map(),
  })

  test("are refused in Nix's words", () => {
    const graph = (text: string) => () => derivationOptions(drv({ exportReferencesGraph: text }))
    expect(graph("a")).toThrow("odd number of tokens in 'exportReferencesGraph': 'a'")
    expect(graph("1a /nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-x")).toThrow("invalid file name '1a' in 'exportReferencesGraph'")
    expect(graph("a /x")).toThrow("path '/x' is not in the Nix store")
    expect(() => derivationOptions(drv({}, '{"exportReferencesGraph":{"a":1}}'))).toThrow(
      "'exportReferencesGraph' value is not an array or a string",
    )
    expect(() => derivationOptions(drv({}, '{"preferLocalBuild":"1"}'))).toThrow(
      "Expected JSON value to be of type 'boolean' but it is of type 'string': \"1\"",
    )
  })

  test("are warned about where Nix warns", () => {
    const warnings: string[] = []
    derivationOptions(drv({ passAsFile: "a" }, '{"maxSize":1,"allowedReferences":[],"exportReferencesGraph":1}'), {
      warn: (message) => warnings.push(message),
    })
    expect(warnings).toEqual([
      "'structuredAttrs' disables the effect of the top-level attribute 'allowedReferences'; use 'outputChecks' instead",
      "'structuredAttrs' disables the effect of the top-level attribute 'maxSize'; use 'outputChecks' instead",
      "'structuredAttrs' disables the effect of the top-level attribute 'passAsFile'; because all JSON is always passed via file",
      "'exportReferencesGraph' in structured attrs is not a JSON object, ignoring",
    ])
  })
})

describeShared("output paths", "conformance/derivation/invariants", () => {
  const drv = (name: string) => derivationFromJson(json(`invariants/${name}.json`))
  const settings = { lookup: deferred }

  test("are filled in", () => {
    for (const name of ["filled-in-deferred-empty-env-var", "filled-in-deferred-no-env-var"]) {
      expect(derivationToJson(fillInOutputPaths(drv(`${name}-pre`), settings))).toEqual(json(`invariants/${name}-post.json`))
    }
    const right = drv("filled-in-idempotent")
    expect(fillInOutputPaths(right, settings)).toEqual(right)
    checkInvariants(right, settings)
    const waiting = drv("depends-on-drv-pre")
    expect(fillInOutputPaths(waiting, settings)).toEqual(waiting)
  })

  test("that are wrong are refused", () => {
    expect(() => fillInOutputPaths(drv("bad-path"), settings)).toThrow(
      "derivation has incorrect output '/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-wrong-name', should be '/nix/store/",
    )
    expect(() => fillInOutputPaths(drv("bad-depends-on-drv-pre"), settings)).toThrow(
      "derivation has incorrect output '/nix/store/c015dhfh5l0lp6wxyvdn7bmwhbbr6hr9-wrong-name', should be deferred",
    )
    const right = drv("filled-in-idempotent")
    // Variables named like outputs do not count in the hash, so only the variable itself is wrong.
    expect(() => checkInvariants({ ...right, env: new Map([...right.env, ["out", "/x"]]) }, settings)).toThrow(
      "derivation has incorrect environment variable 'out', should be '/nix/store/w4bk7hpyxzgy2gx8fsa8f952435pll3i-filled-in-already' but is actually '/x'",
    )
    const path = parseBaseName("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-x.drv")
    expect(() => checkInvariantsAt(right, path, settings)).toThrow(
      `derivation '/nix/store/${path}' has name 'filled-in-already' which does not match its path`,
    )
  })

  test("that were deferred only warn about a wrong variable, and correct it", () => {
    const warnings: string[] = []
    const filled = fillInOutputPaths(drv("bad-env-var"), { ...settings, warn: (message) => warnings.push(message) })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain("This will be an error in future versions of Nix")
    checkInvariants(filled, settings)
  })

  test("of derivations that talk to Nix over RPC need no variables, but must be content-addressed", () => {
    const fixed = json("output-caFixedNAR.json")
    const rpc = (outputs: JsonObject): Derivation =>
      derivationFromJson({ ...json("invariants/bad-env-var.json"), outputs, env: { requiredSystemFeatures: "builder-rpc-v0" } })
    expect(fillInOutputPaths(rpc({ out: fixed }), settings)).toEqual(rpc({ out: fixed }))
    expect(() => fillInOutputPaths(rpc({ out: {} }), settings)).toThrow(
      "derivation uses the 'builder-rpc-v0' feature, which may only be used with content-addressing derivations",
    )
  })
})

describeShared("resolving", "conformance/derivation/try-resolve", () => {
  const trace = (name: string): ResolveOutput => {
    const entries = parseJson(data(`try-resolve/${name}-buildTrace.json`)) as [{ drvPath: string; output: string }, string][]
    return (drvPath, output) => {
      const found = entries.find(([key]) => key.drvPath === singleDerivedPathToJson(drvPath) && key.output === output)
      return found && parseBaseName(found[1])
    }
  }
  const resolved = (name: string) => tryResolve(derivationFromJson(json(`try-resolve/${name}-before.json`)), trace(name))

  test("replaces outputs by paths", () => {
    for (const [name, after] of [
      ["no-inputs", "after"],
      ["with-inputs", "after"],
      ["export-ref-subpath", "resolved"],
      ["export-ref-subpath-sa", "resolved"],
    ] as const) {
      const wanted = json(`try-resolve/${name}-${after}.json`)
      expect(resolvedToJson(resolved(name)!), name).toEqual(wanted)
      expect(resolvedToJson(resolvedFromJson(wanted))).toEqual(wanted)
    }
    expect(resolved("resolution-failure")).toBeUndefined()
  })

  test("replaces them in options too", () => {
    for (const name of ["export-ref-subpath", "export-ref-subpath-sa"]) {
      const before = derivationOptions(derivationFromJson(json(`try-resolve/${name}-before.json`)))
      expect(optionsToJson(before)).toEqual(json(`try-resolve/${name}-before-options.json`))
      const after = json(`try-resolve/${name}-resolved-options.json`)
      expect(optionsToJson(resolveOptions(before, trace(name))!)).toEqual(after)
      expect(optionsToJson(derivationOptions(resolved(name)!))).toEqual(after)
      expect(resolveOptions(before, () => undefined)).toBeUndefined()
    }
  })

  test("is needed where outputs are not known", () => {
    const needs = (path: string) => shouldResolve(derivationFromJson(json(path)))
    expect(needs("try-resolve/with-inputs-before.json")).toBe(true)
    expect(needs("try-resolve/no-inputs-before.json")).toBe(false)
    expect(needs("ia/advanced-attributes.json")).toBe(false)
    expect(() => needs("dyn-dep-derivation.json")).toThrow("must have at least one output")
  })
})
