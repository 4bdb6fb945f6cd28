// Builtins that read what is in the store: outputs of derivations, imports of `.drv` files, contexts of files read.
import { beforeAll, describe, expect, test } from "vitest"
import { Attrs } from "../../engine/eval/attrs.ts"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import type { Host } from "../../engine/eval/host.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { isList, NixString, type Value } from "../../engine/eval/value.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { MemoryHost } from "./memory-host.ts"

beforeAll(initHashes)

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
