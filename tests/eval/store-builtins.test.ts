// Builtins that read what is in the store: outputs of derivations, imports of `.drv` files, contexts of files read.
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Fetching } from "../../engine/cli/fetching.ts"
import { NodeHost } from "../../engine/cli/host.ts"
import { SettingsBuilder } from "../../engine/cli/settings.ts"
import { StoreFolder } from "../../engine/cli/store-folder.ts"
import { StoreHost } from "../../engine/cli/store-host.ts"
import { Attrs } from "../../engine/eval/attrs.ts"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import type { Host } from "../../engine/eval/host.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { isList, NixString, type Value } from "../../engine/eval/value.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { MemoryHost } from "./memory-host.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-store-builtins-`))
let stores = 0

beforeAll(initHashes)

afterAll(() => {
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) fs.chmodSync(`${entry.parentPath}/${entry.name}`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

/** A host with an empty store in a folder. */
function storeHost(): StoreHost {
  const plainHost = new NodeHost(folder, {}, () => undefined)
  const store = new StoreFolder(`${folder}/${stores++}`, "/nix/store", plainHost)
  const settings = new SettingsBuilder().fetching()
  const fetching = new Fetching(store, { env: {}, settings, files: plainHost, at: (path) => path, warn: () => undefined })
  return new StoreHost(folder, {}, () => undefined, { folder: store, access: "read-write", fetching, building: null })
}

const dynamic: Partial<Settings> = { features: new Set(["dynamic-derivations", "ca-derivations"]) }

/** A value as plain data, everything forced. */
function plain(evaluator: Evaluator, v: Value): unknown {
  if (v instanceof Attrs) return Object.fromEntries(v.sortedNames().map((n) => [n, plain(evaluator, evaluator.force(v.get(n) as Value))]))
  if (isList(v)) return v.map((x) => plain(evaluator, evaluator.force(x)))
  return v instanceof NixString ? v.text : v
}

function run(text: string, settings: Partial<Settings>, host: Host): unknown {
  const evaluator = new Evaluator(host, settings)
  return plain(evaluator, evaluator.evaluate(text, { kind: "string" }, "/pwd"))
}

/** Runs by closures and by the stepper; both must agree. */
function evaluate(text: string, settings: Partial<Settings> = {}, host: () => Host = () => new MemoryHost()): unknown {
  const closures = run(text, { ...settings, run: "closures" }, host())
  expect(run(text, { ...settings, run: "stepper" }, host())).toEqual(closures)
  return closures
}

/** The message of an evaluation that fails, by closures and by the stepper. */
function failure(text: string, settings: Partial<Settings> = {}, host: () => Host = () => new MemoryHost()): string {
  const messages = (["closures", "stepper"] as const).map((mode) => {
    try {
      run(text, { ...settings, run: mode }, host())
    } catch (e) {
      if (e instanceof NixError) return e.message
      throw e
    }
    throw new Error(`did not fail: ${text}`)
  })
  expect(messages[1]).toBe(messages[0])
  return messages[0] as string
}

describe("outputOf", () => {
  const drvs = `let
    producing = derivation { name = "hello.drv"; system = "x"; builder = "b"; outputHashMode = "text"; outputHashAlgo = "sha256"; __contentAddressed = true; };
    ia = derivation { name = "ia"; system = "x"; builder = "b"; outputs = [ "out" "dev" ]; };
    ca = derivation { name = "ca"; system = "x"; builder = "b"; __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
    ref = d: builtins.unsafeDiscardOutputDependency d.drvPath;
    o1 = builtins.outputOf producing.outPath "out";
    o2 = builtins.outputOf o1 "dev";
  in `

  test("gives paths and placeholders as Nix 2.34 does", () => {
    expect(
      evaluate(`${drvs} { inherit o1 o2; ia = builtins.outputOf (ref ia) "dev"; ca = builtins.outputOf (ref ca) "out"; }`, dynamic),
    ).toEqual({
      ca: "/0vmpw1dvm8qwzll19q98bnkr9yhs38y2jxv775zvhcrb2rry5lim",
      ia: "/nix/store/f332va8sk6lbznj3wmphrj30bx7fknn3-ia-dev",
      o1: "/1hkkrglr720bh3zs0hyxfg2aljh3yj6cgwbidapd2mcnmv0plj1x",
      o2: "/1yifipvpaqgcfz3i4ndc7bhj1njy2dlpi7aphr5m7izlmdmcg91g",
    })
  })

  test("its strings refer to the output: the derivation that uses them is Nix 2.34's", () => {
    expect(evaluate(`${drvs} builtins.getContext (builtins.outputOf (ref ia) "dev")`, dynamic)).toEqual({
      "/nix/store/kmg1xrxq7ghvyb138fd3wli9s35zhx9j-ia.drv": { outputs: ["dev"] },
    })
    const user = `(derivation { name = "user"; system = "x"; builder = "b"; dep = o1; dep2 = o2; p = producing; }).drvPath`
    expect(evaluate(drvs + user, dynamic)).toBe("/nix/store/kgzvhynj9vaiabsacp958q9dv95zxwdr-user.drv")
  })

  test("getContext follows an output that is known without building", () => {
    const fixed = `derivation { name = "f.drv"; system = "x"; builder = "b"; outputHashMode = "text"; outputHashAlgo = "sha256";
      outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; }`
    expect(evaluate(`builtins.outputOf (${fixed}).outPath "out"`, dynamic)).toBe("/1h0hawm0k4jpj3jfsd9pbi3lpx6k0l8m88sb1krgm7jlf9zv5k3z")
    expect(evaluate(`builtins.getContext (builtins.outputOf (${fixed}).outPath "out")`, dynamic)).toEqual({
      "/nix/store/b8n284y4wdl6l3ks1mplrhja3yn42yds-f.drv": { outputs: ["out"] },
    })
    expect(failure(`${drvs} builtins.getContext o1`, dynamic)).toMatch(
      /^cannot operate on output 'out' of the unbuilt derivation '.*-hello\.drv\.drv'$/,
    )
  })

  test("refuses what does not stand for a derivation, in Nix's words", () => {
    const d = `let d = derivation { name = "ia"; system = "x"; builder = "b"; }; ref = builtins.unsafeDiscardOutputDependency d.drvPath; in `
    const path = "/nix/store/kibm6rhpvl4s930d0cnf5csir2m4p11k-ia.drv"
    expect(failure(`${d} builtins.outputOf d.drvPath "out"`, dynamic)).toBe(
      `string '${path}' has a context which refers to a complete source and binary closure. This is not supported at this time`,
    )
    expect(failure(`${d} builtins.outputOf ref "dev"`, dynamic)).toBe(`derivation '${path}' does not have output 'dev'`)
    expect(failure(`${d} builtins.outputOf (ref + "x") "out"`, dynamic)).toBe(
      `path string '${path}x' has context with the different path '${path}'`,
    )
    expect(failure(`${d} builtins.outputOf ref 1`, dynamic)).toBe("expected a string but found an integer: 1")
    expect(failure(`${drvs} builtins.outputOf (producing.outPath + "x") "out"`, dynamic)).toMatch(
      /^string '\/(.{52})x' has context with the output 'out' from derivation '.*-hello\.drv\.drv', but the string is not the right placeholder for this derivation output\. It should be '\/\1'$/,
    )
    expect(evaluate("builtins ? outputOf")).toBe(false)
  })
})

const texts = `
  a = builtins.toFile "a" "hello";
  b = builtins.toFile "b" "uses \${a}";
  c = builtins.toFile "c" "uses \${b} not a";
  d = derivation { name = "d"; system = "x"; builder = "b"; dep = a; };
  e = derivation { name = "e"; system = "x"; builder = "b"; inherit d; outputs = [ "out" "dev" ]; };
`

describe("files of the store, as Nix 2.34 has them", () => {
  const here = (text: string): unknown => evaluate(`let ${texts} in ${text}`, {}, storeHost)

  test("readFile gives the references that occur in the text", () => {
    expect(here("map (f: builtins.getContext (builtins.readFile f)) [ a b c e.drvPath ]")).toEqual([
      {},
      { "/nix/store/vmg5na96ajnh1v932j9jdzfc3022vbh9-a": { path: true } },
      { "/nix/store/gnald2qv01c5f9x28s0w6i2c7aicd0my-b": { path: true } },
      { "/nix/store/bv6w3b9lhqnly12863x9icmm4ddhsm88-d.drv": { path: true } },
    ])
  })

  test("readFile finds what a derivation refers to where nothing but its file is there", () => {
    const path = "/nix/store/byjr77i72wd1s2bc5038v96n5pm1df9j-e.drv"
    const first = storeHost()
    run(`let ${texts} in e.drvPath`, {}, first)
    const host = (): Host => new MemoryHost({ [path]: first.readFile(path) })
    expect(evaluate(`builtins.getContext (builtins.readFile ${path})`, {}, host)).toEqual({
      "/nix/store/bv6w3b9lhqnly12863x9icmm4ddhsm88-d.drv": { path: true },
    })
  })

  test("import of a .drv file gives the derivation", () => {
    const drv = "/nix/store/byjr77i72wd1s2bc5038v96n5pm1df9j-e.drv"
    const dev = "/nix/store/26cam6z2lkif8rnzbcwkjjzqv3jwfcn1-e-dev"
    expect(here("builtins.attrNames (import e.drvPath)")).toEqual(["all", "dev", "drvPath", "name", "out", "outPath", "outputName", "type"])
    expect(
      here("let i = import e.drvPath; in [ i.outPath i.dev.outPath i.drvPath i.name i.dev.outputName (builtins.length i.all) i.type ]"),
    ).toEqual([dev, dev, drv, "e", "dev", 2, "derivation"])
    expect(here("(import e.drvPath).dev == e.dev")).toBe(true)
    expect(here("let i = import e.drvPath; in map builtins.getContext [ i.drvPath i.dev.outPath ]")).toEqual([
      { [drv]: { allOutputs: true } },
      { [drv]: { outputs: ["dev"] } },
    ])
    expect(here('(builtins.scopedImport (throw "unused") e.drvPath).outPath')).toBe(dev)
    expect(failure(`let ${texts} in import e.drvPath 1`, {}, storeHost)).toMatch(
      /^attempt to call something which is not a function but a set: \{ type = "derivation"; all = /,
    )
  })

  test("import of a .drv file that holds no derivation says what is wrong with it", () => {
    const path = "/nix/store/zk0grhrnq5y4f2rhs087wyvzb85g0li7-x.drv"
    expect(failure(`import ${path}`, {}, () => new MemoryHost({ [path]: "Derive(" }))).toBe(
      `error parsing derivation '${path}': expected string '['`,
    )
    expect(failure(`import ${path}`, {}, () => new MemoryHost({ [path]: "" }))).toBe(
      `error parsing derivation '${path}': file is empty (possible filesystem corruption)`,
    )
  })

  test("path and filterSource keep the references of what they copy", () => {
    expect(here('builtins.path { path = b; name = "copy"; }')).toBe("/nix/store/6qps04h7r83bd9ifvdw4r3q66x686nbb-copy")
    expect(here("builtins.filterSource (p: t: true) b")).toBe(
      "/nix/store/f8dyiqdn0hkwg10qmbv41y4j6z5szmc0-gnald2qv01c5f9x28s0w6i2c7aicd0my-b",
    )
    expect(here('builtins.path { path = "" + e.drvPath; name = "x"; }')).toBe("/nix/store/lyid1h7ynnkm6cxagsi7f6jwligw0v5a-x")
    expect(here('builtins.path { path = a; name = "noref"; }')).toBe("/nix/store/nnmfmdlzdrhgs7nkgnlaiissni1n90z6-noref")
    expect(here('builtins.getContext (builtins.readFile (builtins.path { path = b; name = "copy"; }))')).toEqual({
      "/nix/store/vmg5na96ajnh1v932j9jdzfc3022vbh9-a": { path: true },
    })
    expect(failure(`let ${texts} in builtins.path { path = b; name = "copy"; recursive = false; }`, {}, storeHost)).toMatch(
      /^fixed output derivation 'copy' is not allowed to refer to other store paths\./,
    )
  })
})
