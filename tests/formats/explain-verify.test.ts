// A derivation or narinfo without its source: verified, or the step that does not fit. And the command that says so.

import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { derivation } from "../../engine/cli/derivation.ts"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import { Explainer } from "../../engine/formats/explain/explainer.ts"
import { explanationToJson } from "../../engine/formats/explain/json.ts"
import { shellDigest, shellFold, shellNarDigest, shellNix32 } from "../../engine/formats/explain/shell.ts"
import { type Verdict, verifyDerivation, verifyNarInfo } from "../../engine/formats/explain/verify.ts"
import { parseBase16, printBase16 } from "../../engine/formats/hash/base16.ts"
import { digest, hexDigest, initHashes } from "../../engine/formats/hash/digest.ts"
import { compressHash } from "../../engine/formats/hash/hash.ts"
import { printNix32 } from "../../engine/formats/hash/nix32.ts"
import { printJson } from "../../engine/formats/json/write.ts"
import { narOfTree } from "../../engine/formats/nar/tree.ts"
import { parseNarInfo } from "../../engine/formats/narinfo/nar-info.ts"
import { signPathInfo } from "../../engine/formats/narinfo/path-info.ts"
import { publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { drvNameOfPath, parseBaseName, parseStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { runCommand } from "../setup/command.ts"
import { describeShared } from "../shared.ts"

let folder = ""

const nix = `
  let
    sh = name: script: extra: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // extra);
    hello = sh "hello" "echo hello > $out" { };
    src = sh "src.txt" "fetch" {
      outputHash = "f3f3c4763037e059b4d834eaf68595bbc02ba19f6d2a500dce06d124e2cd99bb"; outputHashAlgo = "sha256";
    };
    text = builtins.toFile "index.txt" "see \${builtins.toFile "hello.txt" "hello world"}";
  in sh "greeter" "cat \${hello} \${src} \${text} \${./tree} > $out" { outputs = [ "out" "dev" ]; }
`

beforeAll(async () => {
  await initHashes()
  folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-verify-`))
  fs.mkdirSync(`${folder}/tree/sub`, { recursive: true })
  fs.writeFileSync(
    `${folder}/tree/sub/data`,
    Uint8Array.from({ length: 3000 }, (_, i) => i & 255),
  )
  fs.writeFileSync(`${folder}/tree/empty`, "")
  fs.writeFileSync(`${folder}/tree/it's`, "quoted\n", { mode: 0o755 })
  fs.symlinkSync("sub/data", `${folder}/tree/.link`)
  fs.writeFileSync(`${folder}/default.nix`, nix)
  const ran = await runCommand(instantiate, ["--store", `${folder}/store`, "default.nix"], { cwd: folder })
  expect(ran).toMatchObject({ status: 0 })
  root = parseBaseName(ran.out.trim().replace(/.*\//, ""))
})

afterAll(() => {
  for (const name of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (name.isDirectory()) fs.chmodSync(`${name.parentPath}/${name.name}`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

let root: StorePath
const objects = (): string => `${folder}/store/nix/store`
const text = (path: StorePath): string => fs.readFileSync(`${objects()}/${path}`, "latin1")
const named = (end: string): StorePath =>
  parseBaseName(
    fs
      .readdirSync(objects())
      .filter((name) => name.endsWith(end))
      .join(),
  )

/** With the store's derivations to be had, or those that `has` allows. */
function explainer(has: (path: StorePath) => boolean = () => true): Explainer {
  return new Explainer({ read: (path) => (has(path) ? parseAterm(text(path), drvNameOfPath(path)) : undefined) })
}

function sh(script: string): string {
  const ran = spawnSync("sh", { input: Buffer.from(script, "latin1"), encoding: "latin1" })
  expect(ran.stderr).toBe("")
  return ran.stdout.replace(/\n$/, "")
}

function statuses(verdict: Verdict): Record<string, string> {
  return Object.fromEntries(verdict.checks.map(({ what, status, step }) => [what, step === undefined ? status : `${status} at ${step}`]))
}

describe("a derivation alone", () => {
  test("is verified with its inputs, and its steps repeat", () => {
    const verdict = verifyDerivation(explainer(), root, text(root))
    expect(verdict.checks.filter(({ status }) => status !== "verified")).toEqual([])
    expect(verdict.status).toBe("verified")
    for (const step of verdict.explanation.steps) expect(sh(step.shell), step.id).toBe(step.result)
  })

  test("is unknown without its inputs, but its own path is verified", () => {
    const verdict = verifyDerivation(
      explainer(() => false),
      root,
      text(root),
    )
    expect(verdict.status).toBe("unknown")
    expect(statuses(verdict)).toEqual({
      "text of the derivation": "verified",
      "paths of the outputs": "unknown",
      "path of the derivation": "verified",
    })
  })

  test("needs no inputs if its output is fixed", () => {
    const src = named("-src.txt.drv")
    expect(
      verifyDerivation(
        explainer(() => false),
        src,
        text(src),
      ).status,
    ).toBe("verified")
  })

  test("with another argument has neither its paths nor its own", () => {
    const hello = named("-hello.drv")
    const verdict = verifyDerivation(explainer(), hello, text(hello).replace("echo hello", "echo hallo"))
    expect(verdict.status).toBe("wrong")
    expect(statuses(verdict)).toEqual({
      "text of the derivation": "verified",
      "path of output 'out'": "wrong at path:out",
      "variable 'out'": "wrong at path:out",
      "path of the derivation": "wrong at path:drvPath",
    })
  })

  test("with another variable named like its output is wrong there and in its own path only", () => {
    const hello = named("-hello.drv")
    const verdict = verifyDerivation(explainer(), hello, text(hello).replace(/\("out","[^"]*"\)/, '("out","/elsewhere")'))
    expect(statuses(verdict)).toMatchObject({
      "path of output 'out'": "verified",
      "variable 'out'": "wrong at path:out",
      "path of the derivation": "wrong at path:drvPath",
    })
  })

  test("with another path of a fixed output is named with the right path", () => {
    const src = named("-src.txt.drv")
    const wrong = text(src).replaceAll(/[0-9a-z]{32}-src.txt"/g, `${"0".repeat(32)}-src.txt"`)
    const verdict = verifyDerivation(explainer(), src, wrong)
    expect(verdict.status).toBe("wrong")
    const [, right] = /"([^"]*-src.txt)"/.exec(text(src))!
    expect(verdict.checks.find(({ step }) => step !== undefined)).toMatchObject({ what: "path of output 'out'", computed: right })
  })

  test("in another order is not as Nix writes it; nonsense is an error", () => {
    const hello = named("-hello.drv")
    const swapped = text(hello).replace(/(\("builder","[^"]*"\)),(\("name","[^"]*"\))/, "$2,$1")
    expect(swapped).not.toBe(text(hello))
    expect(statuses(verifyDerivation(explainer(), hello, swapped))["text of the derivation"]).toBe("wrong")
    for (const nonsense of ["", "Derive(", "Derive([],[],[],", text(hello).slice(0, 99)]) {
      expect(verifyDerivation(explainer(), hello, nonsense).status).toBe("wrong")
    }
  })
})

describe("a narinfo", () => {
  const nar = () => narOfTree({ kind: "regular", executable: false, contents: new TextEncoder().encode("mycontent\n") })
  const hash = () => printNix32(digest("sha256", nar()))
  const narinfo = (path: string, more: string) =>
    parseNarInfo(
      `StorePath: /nix/store/${path}\nURL: nar/x.nar\nCompression: none\nNarHash: sha256:${hash()}\nNarSize: 128\nReferences: \n${more}`,
      "test",
    ).info

  test("is verified by its content address and its archive", () => {
    const info = narinfo("xv2iccirbrvklck36f1g7vldn5v58vck-myfile", `CA: fixed:r:sha256:${hash()}\n`)
    const verdict = verifyNarInfo(explainer(), info, { nar: nar() })
    expect(statuses(verdict)).toEqual({
      "path by its content address": "verified",
      "content address by the archive's hash": "verified",
      "hash of the archive": "verified",
      "size of the archive": "verified",
    })
    for (const step of verdict.explanation.steps) expect(sh(step.shell), step.id).toBe(step.result)
  })

  test("with another name does not fit", () => {
    const info = narinfo("xv2iccirbrvklck36f1g7vldn5v58vck-other", `CA: fixed:r:sha256:${hash()}\n`)
    const verdict = verifyNarInfo(explainer(), info, { nar: nar().slice(1) })
    expect(verdict.status).toBe("wrong")
    expect(statuses(verdict)).toMatchObject({ "path by its content address": "wrong at path:path", "hash of the archive": "wrong" })
  })

  test("is verified by its deriver if that is to be had", () => {
    const hello = named("-hello.drv")
    const [, out] = /"\/nix\/store\/([^"]*-hello)"/.exec(text(hello))!
    const info = narinfo(out!, `Deriver: ${hello}\n`)
    expect(verifyNarInfo(explainer(), info).status).toBe("verified")
    expect(
      verifyNarInfo(
        explainer(() => false),
        info,
      ).status,
    ).toBe("unknown")
    expect(verifyNarInfo(explainer(), narinfo(out!.replace("hello", "hallo"), `Deriver: ${hello}\n`)).status).toBe("wrong")
    expect(verifyNarInfo(explainer(), narinfo(out!, "")).status).toBe("unknown")
  })
})

describe("a signed narinfo", () => {
  const signed = () => {
    const hello = named("-hello.drv")
    const [, out] = /"\/nix\/store\/([^"]*-hello)"/.exec(text(hello))!
    const lines = `StorePath: /nix/store/${out}\nURL: x.nar\nCompression: none\nNarHash: sha256:${"0".repeat(52)}\nNarSize: 128\n`
    const { info } = parseNarInfo(`${lines}References: ${out}\nDeriver: ${hello}\n`, "test")
    return signPathInfo(info, secretKeyFromSeed("key-1", new Uint8Array(32)))
  }
  const keys = [publicKeyOf(secretKeyFromSeed("key-1", new Uint8Array(32)))]

  test("is verified by its key, and another size or reference is noticed", () => {
    expect(verifyNarInfo(explainer(), signed(), { keys }).status).toBe("verified")
    expect(statuses(verifyNarInfo(explainer(), { ...signed(), narSize: 129 }, { keys }))["signature by 'key-1'"]).toBe("wrong")
    expect(statuses(verifyNarInfo(explainer(), { ...signed(), references: [] }, { keys }))["signature by 'key-1'"]).toBe("wrong")
  })

  test("is unknown without the key", () => {
    expect(statuses(verifyNarInfo(explainer(), signed()))["signature by 'key-1'"]).toBe("unknown")
    const short = { ...signed(), signatures: [{ keyName: "key-1", bytes: new Uint8Array(3) }] }
    expect(verifyNarInfo(explainer(), short, { keys }).status).toBe("wrong")
  })
})

describeShared("derivations of another implementation in another store", "conformance/guix", (data) => {
  test("are verified, and every step repeats", () => {
    const storeDir = "/gnu/store"
    const read = (path: StorePath) => parseAterm(fs.readFileSync(`${data}/${path}`, "latin1"), drvNameOfPath(path), storeDir)
    const guix = new Explainer({ read, storeDir })
    const files = fs.readdirSync(data).filter((name) => name.endsWith(".drv"))
    expect(files.length).toBe(6)
    for (const file of files) {
      const verdict = verifyDerivation(guix, parseBaseName(file), fs.readFileSync(`${data}/${file}`, "latin1"))
      expect(verdict.checks.filter(({ status }) => status !== "verified")).toEqual([])
      for (const step of verdict.explanation.steps) expect(sh(step.shell), step.id).toBe(step.result)
    }
  })
})

describeShared("derivations written by Nix", "conformance/oracle-2.34/derivations", (data) => {
  test("are verified, or lack an input; none is wrong", () => {
    const index = JSON.parse(fs.readFileSync(`${data}/index.json`, "utf8")) as Record<string, { readonly drvPath?: string }>
    const files = new Map<StorePath, string>()
    for (const [name, { drvPath }] of Object.entries(index)) {
      if (drvPath !== undefined) files.set(parseStorePath(drvPath), fs.readFileSync(`${data}/drv/${name}.drv`, "latin1"))
    }
    const read = (path: StorePath) => (files.has(path) ? parseAterm(files.get(path)!, drvNameOfPath(path)) : undefined)
    const verdicts = [...files].map(([path, aterm]) => {
      const { status, checks } = verifyDerivation(new Explainer({ read }), path, aterm)
      return { path, status, checks: checks.filter((check) => check.status !== "verified") }
    })
    expect(verdicts.filter(({ status }) => status === "wrong")).toEqual([])
    for (const { checks } of verdicts) for (const { why } of checks) expect(why).toMatch(/is needed, but it is not there$/)
    expect(verdicts.filter(({ status }) => status === "verified").length).toBeGreaterThan(40)
  })
})

describe("shell commands", () => {
  test("hash any bytes, short or long, as text, by number or in Base64", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    const long = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 255)
    for (const bytes of ["", 'it\'s 100% \\n "quoted" $HOME `x`\n\n', "\xc3\xa9\t", "\xff", all, long, "x".repeat(200_000)]) {
      for (const algo of ["md5", "sha1", "sha256", "sha512"] as const) {
        expect(sh(shellDigest(algo, bytes))).toBe(hexDigest(algo, bytes))
      }
    }
  })

  test("fold and write digests of any size", () => {
    for (const algo of ["md5", "sha1", "sha256", "sha512"] as const) {
      const bytes = digest(algo, "x")
      expect(sh(shellFold(printBase16(bytes), 20)).slice(0, 40)).toBe(printBase16(compressHash(bytes, 20)))
      expect(sh(shellNix32(printBase16(bytes)))).toBe(printNix32(bytes))
    }
    expect(sh(shellNix32("00".repeat(19)))).toBe(printNix32(parseBase16("00".repeat(19))))
  })

  test("write the archive of a tree", () => {
    const ran = spawnSync("nix-store", ["--dump", `${folder}/tree`])
    const source = named("-tree")
    const wanted = fs.readFileSync(`${folder}/store/nix/var/thunkpad/registration`, "latin1").split("\n")
    const narHash = wanted[wanted.indexOf(`/nix/store/${source}`) + 1]
    expect(sh(shellNarDigest("sha256", `${folder}/tree`))).toBe(narHash)
    if (ran.status === 0) expect(hexDigest("sha256", ran.stdout)).toBe(narHash)
  })
})

describe("thunkpad derivation explain", () => {
  const explain = (...argv: string[]) => runCommand(derivation, ["explain", "--store", `${folder}/store`, ...argv], { cwd: folder })

  test("explains everything in a store, with commands that work", async () => {
    const paths = fs.readdirSync(objects()).map((name) => `/nix/store/${name}`)
    expect(paths.length).toBe(6)
    const ran = await explain("--json", ...paths)
    expect(ran.status).toBe(0)
    const all = JSON.parse(ran.out)
    for (const path of paths) {
      expect(all[path].status, path).toBe("verified")
      expect(all[path].steps.at(-1).result).toBe(path)
      for (const step of all[path].steps) expect(sh(Buffer.from(step.shell).toString("latin1")), step.id).toBe(step.result)
    }
  })

  test("explains one output, and prints for people", async () => {
    const ran = await explain(`/nix/store/${root}^dev`)
    expect(ran.status).toBe(0)
    expect(ran.out).toContain("fingerprint:dev: hash of the fingerprint")
    expect(ran.out).not.toContain("fingerprint:drvPath")
    expect(ran.out).toContain(`stands for ${named("-hello.drv")}`)
  })

  test("evaluates a file, whose places it shows", async () => {
    const ran = await explain("-f", "default.nix")
    expect(ran.err).toBe("")
    expect(ran.out).toMatch(new RegExp(`^/nix/store/${root}: verified`))
    const line = nix.split("\n").findIndex((l) => l.includes("outputs = "))
    const column = nix.split("\n")[line]!.indexOf("outputs = ")
    expect(ran.out).toContain(`(attribute 'outputs' at ${folder}/default.nix:${line + 1}:${column + 1})`)
    const one = await explain(
      "--expr",
      '{ a ? "x" }: { b.c = derivation { name = a; system = ":"; builder = ":"; }; }',
      "-A",
      "b.c",
      "--json",
    )
    expect(Object.values(JSON.parse(one.out))).toMatchObject([{ status: "verified" }])
  })

  test("explains every store path that an evaluation makes: sources, filtered ones, texts, outputs of inputs", async () => {
    fs.mkdirSync(`${folder}/sources`)
    fs.writeFileSync(`${folder}/sources/kept`, "kept\n")
    fs.writeFileSync(`${folder}/sources/dropped`, "dropped\n")
    const sources = `rec {
      whole = "\${./sources}";
      filtered = builtins.path { name = "filtered"; path = ./sources; filter = path: type: baseNameOf path != "dropped"; };
      flat = builtins.path { path = ./sources/kept; recursive = false; };
      text = builtins.toFile "text" "see \${flat}";
      inner = derivation { name = "inner"; system = ":"; builder = ":"; inherit whole filtered; };
      outer = derivation { name = "outer"; system = ":"; builder = ":"; inherit inner text; };
    }`
    fs.writeFileSync(`${folder}/made.nix`, sources)
    const names = ["whole", "filtered", "flat", "text", "inner"]
    const list = `let s = import ${folder}/made.nix; in map (n: "\${s.\${n}}") [ ${names.map((n) => `"${n}"`).join(" ")} ]`
    const listed = await runCommand(instantiate, ["--eval", "--json", "--strict", "-E", list], { cwd: folder })
    const paths: string[] = JSON.parse(listed.out)
    const ran = await explain("--json", "-f", "made.nix", "-A", "outer", ...paths)
    expect(ran.err).toBe("")
    const all = JSON.parse(ran.out)
    for (const [i, path] of paths.entries()) {
      const last = all[path].steps.at(-1)
      // Of a derivation all outputs and its own path are explained.
      const results = all[path].steps.map((s: { result: string }) => s.result)
      expect(names[i] === "inner" ? results : [last.result], names[i]).toContain(path)
      for (const step of all[path].steps) expect(sh(Buffer.from(step.shell).toString("latin1")), step.id).toBe(step.result)
    }
    expect(all[paths[0]!].steps[0].inputs[0].from).toEqual({ kind: "file", path: `${folder}/sources` })
    const other = await explain("-f", "made.nix", "-A", "outer", `/nix/store/${"0".repeat(32)}-other`)
    expect(other.status).toBe(1)
    expect(other.err).toContain("the evaluation did not make")
  })

  test("says what is wrong of a file, with status 1", async () => {
    const hello = named("-hello.drv")
    fs.writeFileSync(`${folder}/${hello}`, text(hello).replace("echo hello", "echo hallo"))
    const ran = await explain(hello)
    expect(ran.status).toBe(1)
    expect(ran.out).toContain(`${hello}: wrong\n`)
    expect(ran.out).toContain("wrong: path of output 'out'")
    expect(ran.out).toContain("(step path:out)")
  })
})

test("an explanation is JSON whatever its bytes", () => {
  const made = explainer().text("x", "\xff\0", [])
  expect(JSON.parse(printJson(explanationToJson(made))).steps[0].bytes).toEqual({ base64: "/wA=" })
})
