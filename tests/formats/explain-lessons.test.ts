// The twelve lessons on how store paths come about, value by value: evaluated, explained, and every step repeated by a shell.

import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { explainerOf, watchStore } from "../../engine/eval/explain.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import { defaultSettings } from "../../engine/eval/runtime.ts"
import type { Explainer } from "../../engine/formats/explain/explainer.ts"
import type { Explanation, Origin, Step } from "../../engine/formats/explain/step.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { defaultStoreDir, parseStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { deep } from "../eval/instantiate.ts"
import { MemoryHost } from "../eval/memory-host.ts"

let folder = ""

beforeAll(async () => {
  await initHashes()
  folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-lessons-`))
  fs.writeFileSync(`${folder}/myfile`, "mycontent\n")
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const helper = `
  let
    sh = name: script: extra: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // extra);
    fetch = mirror: sh "src.txt" "fetch https://mirror-\${mirror}.example/src.txt > $out" {
      outputHash = "f3f3c4763037e059b4d834eaf68595bbc02ba19f6d2a500dce06d124e2cd99bb"; outputHashAlgo = "sha256"; outputHashMode = "flat";
    };
    hello = sh "hello" "echo hello > $out" { };
  in
`

/** A lesson's expressions, evaluated together so that all their derivations are known. */
class Lesson {
  readonly #ev: Evaluator
  readonly explainer: Explainer

  constructor() {
    const host = new MemoryHost({ "/pwd/myfile": "mycontent\n" })
    this.#ev = new Evaluator(host, { features: new Set([...defaultSettings.features, "ca-derivations"]) })
    watchStore(this.#ev.rt)
    this.explainer = explainerOf(this.#ev.rt)
  }

  /** What an expression prints, without quotes if it is a string. */
  value(nix: string): string {
    const text = printAmbiguous(this.#ev.rt, deep(this.#ev, this.#ev.evaluate(helper + nix, { kind: "string" }, "/pwd")))
    return text.replace(/^"(.*)"$/, "$1")
  }

  /** The store path of an expression. */
  path(nix: string): StorePath {
    return parseStorePath(this.value(nix))
  }

  /** All steps of a derivation. */
  derivation(nix: string): Explanation {
    return this.explainer.derivation(this.path(`(${nix}).drvPath`))
  }

  /** The hash that stands for a derivation as an input. */
  modulo(nix: string): Explanation {
    return this.explainer.modulo(this.path(`(${nix}).drvPath`))
  }
}

function step(explanation: Explanation, id: string): Step {
  const found = explanation.steps.find((s) => s.id === id)
  if (found === undefined) throw new Error(`no step ${id} among ${explanation.steps.map((s) => s.id).join(" ")}`)
  return found
}

function result(explanation: Explanation, name: string): string {
  return step(explanation, explanation.results.get(name) ?? `(no result ${name})`).result
}

/** Runs the command of every step and compares; checks too that every span is what it says and no step needs a later one. */
function repeat(explanation: Explanation): void {
  const seen = new Set<string>()
  expect(explanation.steps.length).toBeGreaterThan(0)
  for (const s of explanation.steps) {
    const ran = spawnSync("sh", { input: Buffer.from(s.shell, "latin1"), cwd: folder, encoding: "latin1" })
    expect({ id: s.id, out: ran.stdout, err: ran.stderr }).toEqual({ id: s.id, out: `${s.result}\n`, err: "" })
    for (const { name, value, from, span } of s.inputs) {
      if (from.kind === "step") expect(seen, `${s.id} ${name}`).toContain(from.id)
      if (span !== undefined && typeof s.bytes === "string" && !/["\\\n\r\t]/.test(value)) {
        expect(s.bytes.slice(...span), `${s.id} ${name}`).toBe(value)
      }
    }
    seen.add(s.id)
  }
}

function origin(explanation: Explanation, id: string, input: string): Origin {
  const found = step(explanation, id).inputs.find(({ name }) => name === input)
  if (found === undefined) throw new Error(`step ${id} has no input ${input}`)
  return found.from
}

const store = (base: string): string => `${defaultStoreDir}/${base}`

describe("the lessons", () => {
  test("1 and 2: a store path is a folded hash of a fingerprint, written backwards", () => {
    const lesson = new Lesson()
    const made = lesson.explainer.text("hello.txt", "hello world", [])
    repeat(made)
    expect(made.steps.map((s) => s.id)).toEqual(["contents", "fingerprint:path", "fold:path", "nix32:path", "path:path"])
    expect(step(made, "fingerprint:path").bytes).toBe(
      "text:sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9:/nix/store:hello.txt",
    )
    expect(step(made, "fingerprint:path").result).toMatch(/^5f8b8c3d.*11d787$/)
    expect(step(made, "fold:path").result).toBe("49490769e514bbd00f6ecfc457bab1fe28aeb9a9")
    expect(step(made, "nix32:path").result).toBe("m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9")
    expect(result(made, "path")).toBe(lesson.value('builtins.toFile "hello.txt" "hello world"'))
    const other = lesson.explainer.text("hallo.txt", "hello world", [])
    expect(result(other, "path")).toBe(store("1qfni4186b5smsyysr1ihhbadppb2ysb-hallo.txt"))
    expect(result(other, "path")).toBe(lesson.value('builtins.toFile "hallo.txt" "hello world"'))
  })

  test("3: references are in the type of a text's fingerprint", () => {
    const lesson = new Lesson()
    const hello = 'builtins.toFile "hello.txt" "hello world"'
    const path = lesson.path(hello)
    const contents = `see ${store(path)}`
    const made = lesson.explainer.text("index.txt", contents, [path])
    repeat(made)
    expect(step(made, "fingerprint:path").bytes).toMatch(/^text:\/nix\/store\/m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9-hello.txt:sha256:/)
    expect(origin(made, "fingerprint:path", "reference")).toEqual({ kind: "reference", path })
    expect(result(made, "path")).toBe(store("irbwcj64dw79y79cdxr0w1vvbfyjs9xg-index.txt"))
    expect(result(made, "path")).toBe(lesson.value(`builtins.toFile "index.txt" "see \${${hello}}"`))
    const without = lesson.explainer.text("index.txt", contents, [])
    expect(result(without, "path")).toBe(store("gbpk9nqfr40wp2xpynk6vmrnf5xysc3h-index.txt"))
    const discarded = `builtins.toFile "index.txt" (builtins.unsafeDiscardStringContext "see \${${hello}}")`
    expect(result(without, "path")).toBe(lesson.value(discarded))
  })

  test("4: a file as an archive is a source, a flat file goes through fixed:out:", () => {
    const lesson = new Lesson()
    const contents = new TextEncoder().encode("mycontent\n")
    for (const from of [{ given: "contents" }, { file: `${folder}/myfile` }, { file: "myfile" }]) {
      const nar = lesson.explainer.tree("myfile", { kind: "regular", executable: false, contents }, from)
      repeat(nar)
      expect(step(nar, "nar").bytes.length).toBe(128)
      expect(step(nar, "nar").result).toMatch(/^2bfef67d.*883f9ee3$/)
      expect(step(nar, "fingerprint:path").bytes).toMatch(/^source:sha256:2bfef67d/)
      expect(result(nar, "path")).toBe(store("xv2iccirbrvklck36f1g7vldn5v58vck-myfile"))
      const flat = lesson.explainer.flat("myfile", contents, from)
      repeat(flat)
      expect(step(flat, "fixed-content").bytes).toMatch(/^fixed:out:sha256:f3f3c476.*99bb:$/)
      expect(step(flat, "fixed-content").result).toMatch(/^423e6fde.*7639$/)
      expect(step(flat, "fingerprint:path").bytes).toMatch(/^output:out:sha256:423e6fde/)
      expect(result(flat, "path")).toBe(store("0xzdpzx91242n4824bxxdmvaki3b2f8r-myfile"))
    }
    expect(lesson.value('builtins.path { path = ./myfile; name = "myfile"; }')).toBe(store("xv2iccirbrvklck36f1g7vldn5v58vck-myfile"))
    expect(lesson.value('builtins.path { path = ./myfile; name = "myfile"; recursive = false; }')).toBe(
      store("0xzdpzx91242n4824bxxdmvaki3b2f8r-myfile"),
    )
  })

  test("5: a derivation is hashed without its outputs, filled in, and hashed as a text", () => {
    const lesson = new Lesson()
    const made = lesson.derivation("hello")
    repeat(made)
    expect(step(made, "masked-modulo").result).toMatch(/^42fb7608.*966f$/)
    expect(origin(made, "masked-modulo", "outputs.out.path")).toEqual({ kind: "masked" })
    expect(origin(made, "masked-modulo", "env.out")).toEqual({ kind: "masked" })
    expect(origin(made, "fingerprint:out", "hash")).toEqual({ kind: "step", id: "masked-modulo" })
    expect(origin(made, "aterm", "outputs.out.path")).toEqual({ kind: "step", id: "path:out" })
    expect(origin(made, "aterm", "env.out")).toEqual({ kind: "step", id: "path:out" })
    expect(origin(made, "fingerprint:drvPath", "hash")).toEqual({ kind: "step", id: "aterm" })
    expect(result(made, "out")).toBe(store("fvchbymk0m4jvldpb9m5hy0bjy2lf30k-hello"))
    expect(result(made, "drvPath")).toBe(store("r3f9l9f32qpzwmdgizjpbwn3ff2n6ny7-hello.drv"))
    expect([...made.results.keys()]).toEqual(["out", "drvPath"])
  })

  test("5: attributes are named with their places", () => {
    const lesson = new Lesson()
    const at = (name: string) => {
      const from = origin(lesson.derivation("hello"), "masked-modulo", name)
      if (from.kind !== "attribute" || from.position === undefined) throw new Error(`${name} has no place`)
      return from.position
    }
    // The line of `sh` in the helper above; an indented string's columns count from 1.
    expect(at("system")).toMatchObject({ file: "\xc2\xabstring\xc2\xbb", line: 3, column: helper.split("\n")[2]!.indexOf("system =") + 1 })
    expect(at("args.1").column).toBe(helper.split("\n")[2]!.indexOf("args =") + 1)
  })

  test("6: what moves a hash and what does not", () => {
    const lesson = new Lesson()
    const commented = lesson.derivation('sh "hello" "echo hello > $out # a comment" { }')
    repeat(commented)
    expect(result(commented, "out")).toBe(store("djh11krn2fk2wss8498f4l41f9mxy9j2-hello"))
    expect(result(commented, "drvPath")).toBe(store("dcdwiw3hq1jhsjkb9kwphbf7jxmnkdya-hello.drv"))
    const held = [
      ["{ x = null; }", '{ x = ""; }'],
      ["{ x = true; }", "{ x = 1; }"],
      ['{ x = [ "a" "b" ]; }', '{ x = "a b"; }'],
      ["{ x = ''\n    a\n      b\n  ''; }", '{ x = "a\\n  b\\n"; }'],
      ["{ y = 1; /* before */ x = 2; }", "{ x = 2; y = 1; }"],
    ]
    for (const [a, b] of held) {
      const made = lesson.derivation(`sh "hello" "echo hello > $out" ${a}`)
      repeat(made)
      const other = lesson.derivation(`sh "hello" "echo hello > $out" ${b}`)
      expect(other.steps.map(({ bytes }) => bytes)).toEqual(made.steps.map(({ bytes }) => bytes))
    }
  })

  test("7: a fixed output is a promise by content", () => {
    const lesson = new Lesson()
    const [a, b] = ["a", "b"].map((mirror) => lesson.derivation(`fetch "${mirror}"`)) as [Explanation, Explanation]
    repeat(a)
    repeat(b)
    expect(result(a, "drvPath")).toMatch(/^\/nix\/store\/fgnz9rlf/)
    expect(result(b, "drvPath")).toMatch(/^\/nix\/store\/7i5qkrhs/)
    for (const made of [a, b]) {
      expect(result(made, "out")).toBe(store("n9fgprgbg01v5zlkk07mmpday3104hiw-src.txt"))
      expect(origin(made, "fixed-content", "hash")).toMatchObject({ kind: "attribute", name: "outputHash" })
      expect(origin(made, "aterm", "env.out")).toEqual({ kind: "step", id: "path:out" })
    }
  })

  test("8: a recursive promise with sha256 is a source path", () => {
    const lesson = new Lesson()
    const promise = (hash: string, algo: string) =>
      lesson.derivation(`sh "myfile" "" { outputHash = "${hash}"; outputHashAlgo = "${algo}"; outputHashMode = "recursive"; }`)
    const nar = lesson.explainer.tree("myfile", { kind: "regular", executable: false, contents: new TextEncoder().encode("mycontent\n") })
    const made = promise(step(nar, "nar").result, "sha256")
    repeat(made)
    expect(result(made, "out")).toBe(store("xv2iccirbrvklck36f1g7vldn5v58vck-myfile"))
    expect(step(made, "fingerprint:out").bytes).toBe(step(nar, "fingerprint:path").bytes)
    const sha1 = promise("f572d396fae9206628714fb2ce00f72e94f2258f", "sha1")
    repeat(sha1)
    expect(step(sha1, "fixed-content").bytes).toBe("fixed:out:r:sha1:f572d396fae9206628714fb2ce00f72e94f2258f:")
    expect(result(sha1, "out")).toBe(store("zg68v4kzpaah65jawymzq0q62znicbpr-myfile"))
  })

  test("9: a dependency becomes a hash, and that is not the masked one", () => {
    const lesson = new Lesson()
    const made = lesson.derivation('sh "greeter" "cat ${hello} > $out" { }')
    repeat(made)
    expect(result(made, "out")).toBe(store("8ad9n3i6ix5vjrfaa19qb5kc4y0l9q4v-greeter"))
    expect(result(made, "drvPath")).toMatch(/^\/nix\/store\/3dv2375l/)
    const drvPath = lesson.path("hello.drvPath")
    const input = step(made, "masked-modulo").inputs.find(({ name }) => name === "inputDrvs")!
    expect(input.value).toMatch(/^325ff400.*e670$/)
    expect(input.from).toEqual({ kind: "derivation", drvPaths: [drvPath] })
    expect(origin(made, "aterm", "inputDrvs")).toEqual({ kind: "reference", path: drvPath })
    const modulo = lesson.modulo("hello")
    repeat(modulo)
    expect(result(modulo, "modulo")).toBe(input.value)
    expect(step(lesson.derivation("hello"), "masked-modulo").result).not.toBe(input.value)
  })

  test("10: modulo: the mirror may change, and equal hashes become one", () => {
    const lesson = new Lesson()
    const app = (mirror: string) => lesson.derivation(`sh "app" "cp \${fetch "${mirror}"} $out" { }`)
    const [a, b] = [app("a"), app("b")]
    repeat(a)
    repeat(b)
    expect(result(a, "drvPath")).toMatch(/^\/nix\/store\/8khzs1r3/)
    expect(result(b, "drvPath")).toMatch(/^\/nix\/store\/kzigl4ls/)
    expect(result(a, "out")).toBe(store("3i4j1z08i612787mrhklasj6q2f500sj-app"))
    expect(step(b, "masked-modulo").bytes).toBe(step(a, "masked-modulo").bytes)
    const modulo = lesson.modulo('fetch "a"')
    repeat(modulo)
    expect(step(modulo, "fixed-modulo").bytes).toMatch(/^fixed:out:sha256:f3f3.*:\/nix\/store\/n9fg.*-src.txt$/)
    expect(result(modulo, "modulo")).toMatch(/^a8b5227b.*c012$/)
    const both = (x: string, y: string) => lesson.derivation(`sh "both" "cat \${fetch "${x}"} \${fetch "${y}"} > $out" { }`)
    const mixed = both("a", "b")
    repeat(mixed)
    expect(result(mixed, "out")).toBe(store("i0agqkdgm16plswmnmc2r4pq9rg2ravq-both"))
    expect(result(mixed, "out")).toBe(result(both("a", "a"), "out"))
    expect(origin(mixed, "masked-modulo", "inputDrvs")).toMatchObject({
      kind: "derivation",
      drvPaths: ['fetch "b"', 'fetch "a"'].map((nix) => lesson.path(`(${nix}).drvPath`)).sort(),
    })
  })

  test("11: several outputs share one hash", () => {
    const lesson = new Lesson()
    const zlib = (outputs: string) => lesson.derivation(`sh "zlib" "echo lib > $out; echo h > $dev" { outputs = [ ${outputs} ]; }`)
    const made = zlib('"out" "dev"')
    repeat(made)
    expect(result(made, "out")).toBe(store("lhdkrm9xmwzdvn525mzgc5sa1clsfn9g-zlib"))
    expect(result(made, "dev")).toBe(store("n0h06b4yi4942qbyp5mpfrv446344mwl-zlib-dev"))
    expect(step(made, "fingerprint:dev").bytes).toMatch(/^output:dev:sha256:[0-9a-f]{64}:\/nix\/store:zlib-dev$/)
    for (const output of ["out", "dev"])
      expect(origin(made, `fingerprint:${output}`, "hash")).toEqual({ kind: "step", id: "masked-modulo" })
    const swapped = zlib('"dev" "out"')
    expect(result(swapped, "out")).not.toBe(result(made, "out"))
    expect(lesson.value('(sh "zlib" "echo lib > $out; echo h > $dev" { outputs = [ "dev" "out" ]; }).outPath')).toBe(result(swapped, "dev"))
  })

  test("12: strings carry dependencies", () => {
    const lesson = new Lesson()
    expect(lesson.value('builtins.getContext "cat ${hello} > $out"')).toBe(
      `{ "${store("r3f9l9f32qpzwmdgizjpbwn3ff2n6ny7-hello.drv")}" = { outputs = [ "out" ]; }; }`,
    )
    const made = lesson.derivation('sh "greeter" (builtins.unsafeDiscardStringContext "cat ${hello} > $out") { }')
    repeat(made)
    expect(step(made, "masked-modulo").inputs.some(({ name }) => name === "inputDrvs")).toBe(false)
    expect(result(made, "out")).toBe(store("yrw9h0qmk483drq49fwr4jxsczsq71a0-greeter"))
  })

  test("bonus: floating outputs have placeholders, structured attributes one variable", () => {
    const lesson = new Lesson()
    const floating = lesson.derivation('sh "floating" "echo > $out" { __contentAddressed = true; }')
    repeat(floating)
    expect(result(floating, "out")).toBe("/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9")
    expect(origin(floating, "aterm", "env.out")).toEqual({ kind: "step", id: "nix32:placeholder:out" })
    const structured = lesson.derivation('sh "structured" "exit 0" { __structuredAttrs = true; a = [ 1 true null { x = "y"; } ]; b = 2; }')
    repeat(structured)
    expect(result(structured, "out")).toBe(store("q2p8ay0np17192d0f9sz6i28m5c7bakk-structured"))
    expect(origin(structured, "aterm", "env.__json")).toMatchObject({ kind: "attribute", name: "__structuredAttrs" })
  })
})
