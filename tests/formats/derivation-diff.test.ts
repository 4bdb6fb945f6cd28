// Why two graphs of derivations differ: real differences are told, their consequences folded.

import * as fs from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import { type Derivation, inputOutputs, outputPath } from "../../engine/formats/derivation/derivation.ts"
import type { Difference } from "../../engine/formats/derivation/diff/difference.ts"
import { compareGraphs, type GraphDifference } from "../../engine/formats/derivation/diff/graph.ts"
import { MovedPaths } from "../../engine/formats/derivation/diff/moved.ts"
import { graphDifferenceToJson, printGraphDifference } from "../../engine/formats/derivation/diff/print.ts"
import { diffWords } from "../../engine/formats/derivation/diff/words.ts"
import { instantiate } from "../../engine/formats/derivation/instantiate.ts"
import { ModuloCache } from "../../engine/formats/derivation/modulo.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashBytes } from "../../engine/formats/hash/hash.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import { printJson } from "../../engine/formats/json/write.ts"
import { makeTextPath } from "../../engine/formats/store-path/compute.ts"
import { upstreamPlaceholder } from "../../engine/formats/store-path/placeholder.ts"
import { drvNameOfPath, isDerivationPath, namePart, parseBaseName, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { Random } from "../fuzz/random.ts"
import { describeShared } from "../shared.ts"

beforeAll(initHashes)

interface Plan {
  readonly name: string
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly system?: string
  readonly builder?: string
  readonly inputs?: readonly StorePath[]
  readonly sources?: readonly StorePath[]
  readonly outputs?: readonly string[]
  /** Makes it a fixed-output derivation that promises this text. */
  readonly promise?: string
  /** Content-addressed: outputs are placeholders for others. */
  readonly floating?: boolean
}

/** Derivations made in a test, by path. */
class Graph {
  readonly drvs = new Map<StorePath, Derivation>()
  readonly texts = new Map<StorePath, string>()
  readonly #cache = new ModuloCache((path) => this.read(path))

  readonly read = (path: StorePath): Derivation => {
    const drv = this.drvs.get(path)
    if (drv === undefined) throw new Error(`no such derivation: ${path}`)
    return drv
  }

  /** Adds a derivation; its variable `inputs` mentions the outputs of its inputs. */
  add(plan: Plan): StorePath {
    const inputs = plan.inputs ?? []
    const mentioned = inputs.map((path) => this.out(path)).join(" ")
    const names = plan.outputs ?? ["out"]
    const output =
      plan.promise !== undefined
        ? ({ kind: "caFixed", address: { method: "flat", hash: hashBytes("sha256", plan.promise) } } as const)
        : plan.floating === true
          ? ({ kind: "caFloating", method: "nar", algo: "sha256" } as const)
          : ({ kind: "deferred" } as const)
    const { drvPath, drv } = instantiate(
      {
        name: plan.name,
        outputs: new Map(names.map((name) => [name, output])),
        inputSrcs: new Set(plan.sources ?? []),
        inputDrvs: new Map(inputs.map((path) => [path, inputOutputs(["out"])])),
        system: plan.system ?? "x86_64-linux",
        builder: plan.builder ?? "/bin/sh",
        args: plan.args ?? [],
        env: new Map(Object.entries({ name: plan.name, inputs: mentioned, srcs: (plan.sources ?? []).join(" "), out: "", ...plan.env })),
        structuredAttrs: undefined,
      },
      this.#cache,
    )
    this.drvs.set(drvPath, drv)
    return drvPath
  }

  /** The path of output `out` as texts mention it. */
  out(path: StorePath): string {
    const drv = this.read(path)
    const found = outputPath(drv.outputs.get("out")!, drv.name, "out", "/nix/store")
    return found === undefined ? upstreamPlaceholder(path, "out") : `/nix/store/${found}`
  }

  /** A derivation and all its inputs. */
  closure(root: StorePath): StorePath[] {
    const seen = new Set([root])
    for (const path of seen) for (const input of this.read(path).inputDrvs.keys()) seen.add(input)
    return [...seen]
  }

  text(name: string, text: string): StorePath {
    const path = makeTextPath(name, text)
    this.texts.set(path, text)
    return path
  }

  compare(left: StorePath, right: StorePath): GraphDifference {
    return compareGraphs(left, right, this.read, { sourceText: (path) => this.texts.get(path) })
  }
}

function kinds(differences: readonly Difference[]): string[] {
  return differences.map((d) => ("key" in d ? `${d.kind} ${d.key}` : "name" in d ? `${d.kind} ${d.name}` : d.kind))
}

/** Causes as text: name and what differs. */
function told(diff: GraphDifference): string[] {
  return [
    ...diff.causes.map((c) => `${drvNameOfPath(c.right)}: ${kinds(c.differences).join(", ")}`),
    ...diff.sources.map((s) => `source ${s.name} of ${s.users}`),
  ]
}

describe("small graphs", () => {
  test("equal derivations have no differences", () => {
    const g = new Graph()
    const a = g.add({ name: "a" })
    const diff = g.compare(a, a)
    expect([diff.causes, diff.sources, diff.folded]).toEqual([[], [], []])
    expect(printGraphDifference(diff)).toBe("The derivations are equal.\n")
  })

  test("a changed variable is the one cause, all above it is folded", () => {
    const g = new Graph()
    const chain = (flags: string): StorePath => {
      let path = g.add({ name: "gcc", env: { CFLAGS: flags } })
      for (const name of ["glibc", "bash", "stdenv", "hello"])
        path = g.add({ name, inputs: [path], env: { note: `see ${g.out(path)}/bin` } })
      return path
    }
    const diff = g.compare(chain("-O2 -g -pipe"), chain("-O3 -g -pipe"))
    expect(told(diff)).toEqual(["gcc: env CFLAGS"])
    expect(diff.folded.map((p) => drvNameOfPath(p.left))).toEqual(["hello", "stdenv", "bash", "glibc"])
    expect(diff.causes[0]?.blame.map((p) => drvNameOfPath(p.left))).toEqual(["hello", "stdenv", "bash", "glibc", "gcc"])
    expect(diff.causes[0]?.differences[0]).toMatchObject({ changes: [{ left: ["-O2"], right: ["-O3"] }] })
    expect(diff.causes[0]?.outputsMoved).toBe(true)
  })

  test("a derivation that differs by itself and below is told for itself only", () => {
    const g = new Graph()
    const make = (n: string): StorePath => {
      const low = g.add({ name: "low", args: ["-e", n] })
      return g.add({ name: "top", inputs: [low], env: { level: n, low: g.out(low) } })
    }
    expect(told(g.compare(make("1"), make("2")))).toEqual(["top: env level", "low: args"])
  })

  test("fields: name, system, builder, arguments, outputs", () => {
    const g = new Graph()
    const a = g.add({ name: "a-1", args: ["x", "y"], outputs: ["out", "dev"] })
    const b = g.add({ name: "a-2", args: ["x", "z"], system: "aarch64-linux", builder: "/bin/bash", outputs: ["out", "doc"] })
    expect(told(g.compare(a, b))).toEqual(["a-2: name, system, builder, args, output dev, output doc"])
  })

  test("inputs that come and go", () => {
    const g = new Graph()
    const [x, y, z] = ["x", "y", "z"].map((name) => g.add({ name })) as [StorePath, StorePath, StorePath]
    const diff = g.compare(g.add({ name: "a", inputs: [x, y] }), g.add({ name: "a", inputs: [x, z] }))
    expect(told(diff)).toEqual(["a: env inputs, input y, input z"])
    expect(diff.causes[0]?.differences[0]).toMatchObject({ changes: [{ left: [g.out(y)], right: [g.out(z)] }] })
  })

  test("another version is the same input with another name", () => {
    const g = new Graph()
    const make = (version: string): StorePath => g.add({ name: "top", inputs: [g.add({ name: `zlib-${version}`, env: { version } })] })
    const diff = g.compare(make("1.2.13"), make("1.3"))
    expect(told(diff)).toEqual(["zlib-1.3: name, env version"])
    expect(diff.folded).toHaveLength(1)
  })

  test("a source with other content is told once", () => {
    const g = new Graph()
    const make = (text: string): StorePath => {
      const source = g.text("builder.sh", text)
      const low = g.add({ name: "low", sources: [source], args: [`/nix/store/${source}`] })
      return g.add({ name: "top", inputs: [low], sources: [source] })
    }
    const diff = g.compare(make("echo 1"), make("echo 2"))
    expect(told(diff)).toEqual(["source builder.sh of 2"])
    expect(diff.folded).toHaveLength(2)
  })

  test("a written file that only mentions moved paths is a consequence", () => {
    const g = new Graph()
    const make = (flag: string): StorePath => {
      const low = g.add({ name: "low", env: { flag } })
      return g.add({ name: "top", inputs: [low], sources: [g.text("wrapper", `exec ${g.out(low)}/bin/low "$@"`)] })
    }
    expect(told(g.compare(make("1"), make("2")))).toEqual(["low: env flag"])
  })

  test("a broken promise moves outputs, another way to keep it does not", () => {
    const g = new Graph()
    const make = (url: string, promise: string): StorePath =>
      g.add({ name: "top", inputs: [g.add({ name: "src.tar.gz", env: { url, outputHash: promise }, promise })] })
    const moved = g.compare(make("u", "1"), make("u", "2"))
    expect(told(moved)).toEqual(["src.tar.gz: output out"])
    expect(moved.causes[0]?.outputsMoved).toBe(true)
    const kept = g.compare(make("u", "1"), make("v", "1"))
    expect(told(kept)).toEqual(["src.tar.gz: env url"])
    expect(kept.causes[0]?.outputsMoved).toBe(false)
  })

  test("placeholders of content-addressed outputs move like paths", () => {
    const g = new Graph()
    const make = (flag: string): StorePath => g.add({ name: "top", inputs: [g.add({ name: "low", env: { flag }, floating: true })] })
    expect(told(g.compare(make("1"), make("2")))).toEqual(["low: env flag"])
  })

  test("several inputs of one name are paired by likeness, then by use", () => {
    const g = new Graph()
    const make = (low: string, order: boolean): StorePath => {
      const base = g.add({ name: "base", env: { low } })
      const hooks = ["a", "b", "c"].map((kind) => g.add({ name: "hook", inputs: [base], env: { kind } }))
      return g.add({ name: "top", inputs: order ? hooks : hooks.reverse() })
    }
    const diff = g.compare(make("1", true), make("2", true))
    expect(told(diff)).toEqual(["base: env low"])
    expect(diff.folded).toHaveLength(4)
  })

  test("structured attributes are compared one by one", () => {
    const text = (n: number): string =>
      `Derive([("out","","r:sha256","")],[],[],"s","b",[],[("__json","{\\"name\\":\\"x\\",\\"list\\":[1,${n}],\\"same\\":true}"),("out","/x")])`
    const drvs = new Map([1, 2].map((n) => [parseBaseName(`${String(n).repeat(32)}-x.drv`), parseAterm(text(n), "x")]))
    const [left, right] = [...drvs.keys()] as [StorePath, StorePath]
    expect(told(compareGraphs(left, right, (path) => drvs.get(path)!))).toEqual(["x: attr list"])
  })
})

describe("words", () => {
  test("a random edit is found, and what it gives back is the other text", () => {
    const seed = new Random(7)
    const next = (n: number): number => seed.below(n)
    for (let round = 0; round < 200; round++) {
      const left = Array.from({ length: next(12) }, () => "abcde"[next(5)] as string)
      const right = left.flatMap((w) => (next(4) === 0 ? [] : next(4) === 0 ? [w, "x"] : [w]))
      const changes = diffWords(left, right, new MovedPaths())
      // Kept words are as many on both sides.
      const removed = changes.flatMap((c) => c.left).length
      const added = changes.flatMap((c) => c.right).length
      expect(left.length - removed).toBe(right.length - added)
      if (left.join() === right.join()) expect(changes).toEqual([])
    }
  })
})

describe("a large graph", () => {
  test("10,000 derivations that all moved because of three", { timeout: 60_000 }, () => {
    const g = new Graph()
    const make = (edited: boolean): StorePath => {
      const seed = new Random(42)
      const next = (n: number): number => seed.below(n)
      const layers: StorePath[][] = [[]]
      for (let layer = 0; layer < 100; layer++) {
        const below = layers.at(-1) as StorePath[]
        const paths = Array.from({ length: 104 }, (_, i) => {
          const inputs = below.length === 0 ? [] : [...new Set(Array.from({ length: 6 }, () => below[next(below.length)] as StorePath))]
          // All depend on the first of their layer, which depends on the first below: everything moves.
          if (below[0] !== undefined && !inputs.includes(below[0])) inputs.push(below[0])
          const env: Record<string, string> = { number: `${layer}-${i}`, flags: `-O2 ${"word ".repeat(50)}` }
          if (edited && i === 0 && layer % 40 === 0) env["flags"] = env["flags"]!.replace("-O2", "-O3")
          return g.add({ name: `p${i % 40}-${layer}`, inputs, env })
        })
        layers.push(paths)
      }
      return g.add({ name: "top", inputs: layers.at(-1) as StorePath[] })
    }
    const left = make(false)
    const right = make(true)
    const started = performance.now()
    const diff = g.compare(left, right)
    const seconds = (performance.now() - started) / 1000
    console.log(`${diff.folded.length + diff.causes.length} pairs compared in ${seconds.toFixed(2)} s`)
    const rightClosure = new Set(g.closure(right))
    expect(told(diff)).toEqual(["p0-80: env flags", "p0-40: env flags", "p0-0: env flags"])
    expect(diff.causes.map((c) => c.blame.length)).toEqual([21, 61, 101])
    const onlyLeft = g.closure(left).filter((path) => !rightClosure.has(path))
    expect(onlyLeft.length).toBeGreaterThan(10_000)
    expect(diff.folded.length).toBe(onlyLeft.length - diff.causes.length)
  })
})

describeShared("nix-diff's graphs", "conformance/nix-diff/derivations/drv", (folder) => {
  const load = (): Map<StorePath, Derivation> => {
    const read = (file: string): string => fs.readFileSync(`${folder}/${file}`, "latin1")
    return new Map(
      fs
        .readdirSync(folder)
        .filter((file) => isDerivationPath(file as StorePath))
        .map((file) => [parseBaseName(file), parseAterm(read(file), drvNameOfPath(parseBaseName(file)))]),
    )
  }

  test("what differs, and in one place each", () => {
    const drvs = load()
    const root = (hash: string): StorePath => [...drvs.keys()].find((path) => path.startsWith(hash))!
    const diff = compareGraphs(root("2bwmj0qp"), root("bg0lxf2d"), (path) => drvs.get(path)!)
    expect(told(diff)).toEqual([
      "drv: args, env derivations, env srcs, input outputs, input old, input new, source missing-file, source new-file",
      "outputs: output bin, output doc, output headers, output lib, output out, env outputs",
      "soft_from_SW: system, builder, env missingEnvVaribale, env newEnvVaribale",
      "source changed-file of 1",
    ])
    expect(diff.folded.map((p) => namePart(p.left))).toEqual(["second_derivation.drv", "third_derivation.drv"])
    const text = printGraphDifference(diff)
    expect(text).toContain(
      "  by drv \xe2\x86\x92 second_derivation \xe2\x86\x92 soft_from_SW\n  system\n    - R2D2_astrodroid\n    + C3PO\n",
    )
    expect(text.endsWith("\n4 causes; 2 more differ only because of them\n")).toBe(true)
    expect(parseJson(printJson(graphDifferenceToJson(diff)))).toMatchObject({ equal: false, left: root("2bwmj0qp") })
  })
})
