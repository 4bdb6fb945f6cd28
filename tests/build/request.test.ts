// Derivations as build requests, word by word: Snix's known answers (snix_build.rs), and what it leaves out.
import { beforeAll, expect, test } from "vitest"
import { derivationRequest } from "../../engine/build/derivation-request.ts"
import { type Derivation, inputOutputs } from "../../engine/formats/derivation/derivation.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseHash } from "../../engine/formats/hash/hash.ts"
import { outputPlaceholder } from "../../engine/formats/store-path/placeholder.ts"
import { hashPart, parseBaseName, printStorePath } from "../../engine/formats/store-path/store-path.ts"
import type { StoredPath } from "../../engine/store/path-info-store.ts"
import { fakePath } from "../store/memory-store.ts"

beforeAll(initHashes)

const out = parseBaseName("00000000000000000000000000000000-made")
const lib = parseBaseName("11111111111111111111111111111111-made-lib")

function drvOf(more: Partial<Derivation> = {}): Derivation {
  return {
    name: "made",
    outputs: new Map([["out", { kind: "inputAddressed", path: out }]]),
    inputSrcs: new Set(),
    inputDrvs: new Map(),
    system: "x86_64-linux",
    builder: "/bin/sh",
    args: ["-c", "true"],
    env: new Map(),
    structuredAttrs: undefined,
    ...more,
  }
}

function input(name: string, references: readonly string[] = []): StoredPath {
  return {
    path: fakePath(name),
    storeDir: "/nix/store",
    node: { kind: "symlink", target: name },
    narHash: parseHash("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    narSize: 120,
    references: references.map((reference) => fakePath(reference)).sort(),
    deriver: undefined,
    registrationTime: 0,
    ultimate: false,
    signatures: [],
    ca: undefined,
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
const environment = (request: ReturnType<typeof derivationRequest>): Record<string, string> =>
  Object.fromEntries(request.environmentVars.map(({ key, value }) => [key, textOf(value)]))
const filesOf = (request: ReturnType<typeof derivationRequest>): Record<string, string> =>
  Object.fromEntries(request.additionalFiles.map(({ path, contents }) => [path, textOf(contents)]))

test("what every build gets, and what the derivation says itself", () => {
  const request = derivationRequest(
    drvOf({
      env: new Map([
        ["HOME", "/here"],
        ["TMPDIR", "/there"],
        ["a", "b"],
      ]),
    }),
    [],
  )
  expect(request).toMatchObject({
    commandArgs: ["/bin/sh", "-c", "true"],
    workingDir: "build",
    scratchPaths: ["build", "nix/store"],
    inputsDir: "nix/store",
    outputs: [`nix/store/${out}`],
    constraints: { system: "x86_64-linux", networkAccess: false, provideBinSh: true },
    refscanNeedles: [hashPart(out)],
  })
  expect(environment(request)).toEqual({
    HOME: "/here",
    NIX_BUILD_CORES: "0",
    NIX_BUILD_TOP: "/build",
    NIX_LOG_FD: "2",
    NIX_STORE: "/nix/store",
    PATH: "/path-not-set",
    PWD: "/build",
    TEMP: "/build",
    TEMPDIR: "/build",
    TERM: "xterm-256color",
    TMP: "/build",
    // As in Nix, these cannot be set.
    TMPDIR: "/build",
    a: "b",
  })
})

test("variables as files: Snix's names of them", () => {
  const env = new Map([
    ["passAsFile", "bar baz"],
    ["bar", "what bar is"],
    ["baz", "what baz is"],
  ])
  const request = derivationRequest(drvOf({ env }), [])
  const bar = "build/.attr-1fcgpy7vc4ammr7s17j2xq88scswkgz23dqzc04g8sx5vcp2pppw"
  const baz = "build/.attr-15l04iksj1280dvhbzdq9ai3wlf8ac2188m9qv0gn81k9nba19ds"
  expect(filesOf(request)).toEqual({ [bar]: "what bar is", [baz]: "what baz is" })
  expect(environment(request)).toMatchObject({ passAsFile: "bar baz", barPath: `/${bar}`, bazPath: `/${baz}` })
  expect(environment(request)).not.toHaveProperty("bar")
})

test("outputs in the order of their paths, placeholders replaced everywhere, inputs by name", () => {
  const outputs = new Map([
    ["lib", { kind: "inputAddressed", path: lib } as const],
    ["out", { kind: "inputAddressed", path: out } as const],
  ])
  const env = new Map([
    ["passAsFile", "text"],
    ["text", outputPlaceholder("lib")],
    ["self", `<${outputPlaceholder("out")}>`],
  ])
  const inputs = [input("b"), input("a", ["b"])]
  const drv = drvOf({ outputs, env, args: [outputPlaceholder("out"), outputPlaceholder("none")] })
  const request = derivationRequest(drv, inputs)
  expect(request.outputs).toEqual([`nix/store/${out}`, `nix/store/${lib}`])
  expect(request.commandArgs.slice(1)).toEqual([printStorePath(out), outputPlaceholder("none")])
  expect(environment(request)["self"]).toBe(`<${printStorePath(out)}>`)
  expect(Object.values(filesOf(request))).toEqual([printStorePath(lib)])
  const names = inputs.map(({ path }) => path).sort()
  expect(request.inputs.map(({ entry }) => textOf(entry.value!.name))).toEqual(names)
  expect(request.refscanNeedles).toEqual([hashPart(lib), hashPart(out), ...names.map(hashPart)])
})

test("only what has a promised hash may use the network", () => {
  const address = { method: "flat", hash: parseHash("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") } as const
  const request = derivationRequest(drvOf({ outputs: new Map([["out", { kind: "caFixed", address }]]) }), [])
  expect(request.constraints?.networkAccess).toBe(true)
  expect(environment(request)["NIX_OUTPUT_CHECKED"]).toBe("1")
})

test("structured attributes are two files, with the paths of outputs and with closures", () => {
  const closure = [input("b"), input("a", ["b"])]
  const structuredAttrs = `{"exportReferencesGraph":{"graph":["${printStorePath(fakePath("a"))}"]},"list":[1,"it's"],"nested":{"x":{"y":1}},"set":{"a":"b c"},"yes":true}`
  const request = derivationRequest(drvOf({ structuredAttrs }), closure)
  const files = filesOf(request)
  expect(environment(request)).toMatchObject({ NIX_ATTRS_JSON_FILE: "/build/.attrs.json", NIX_ATTRS_SH_FILE: "/build/.attrs.sh" })
  expect(files["build/.attrs.sh"]).toBe(
    [
      `declare -a list=(1 'it'\\''s' )`,
      `declare -A outputs=(['out']='${printStorePath(out)}' )`,
      `declare -A set=(['a']='b c' )`,
      "declare yes=1",
      "",
    ].join("\n"),
  )
  const json = JSON.parse(files["build/.attrs.json"]!)
  expect(json).toMatchObject({ outputs: { out: printStorePath(out) }, nested: { x: { y: 1 } }, list: [1, "it's"] })
  expect(json.graph.map(({ path, closureSize }: { path: string; closureSize: number }) => [path, closureSize])).toEqual(
    closure.map(({ path, references }) => [printStorePath(path), 120 * (1 + references.length)]).sort(),
  )
})

test("a closure as a file, and what cannot be a request", () => {
  const env = new Map([["exportReferencesGraph", `graph ${printStorePath(fakePath("a"))}`]])
  const [a, b] = [input("a", ["b"]), input("b")]
  const text = filesOf(derivationRequest(drvOf({ env }), [a, b]))["build/graph"]!
  const block = ({ path, references }: StoredPath): string =>
    `${[printStorePath(path), "", references.length, ...references.map((reference) => printStorePath(reference))].join("\n")}\n`
  expect(text).toBe(
    [a, b]
      .sort((x, y) => (x.path < y.path ? -1 : 1))
      .map(block)
      .join(""),
  )
  expect(() => derivationRequest(drvOf({ env }), [b])).toThrow("because it is not in the input closure of the derivation")
  expect(() => derivationRequest(drvOf({ builder: "builtin:other" }), [])).toThrow("is not supported")
  const floating = new Map([["out", { kind: "caFloating", method: "nar", algo: "sha256" } as const]])
  expect(() =>
    derivationRequest(drvOf({ outputs: floating, inputDrvs: new Map([[fakePath("x.drv"), inputOutputs(["out"])]]) }), []),
  ).toThrow("is not known before it is built")
})
