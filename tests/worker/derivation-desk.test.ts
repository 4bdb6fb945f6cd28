// Derivations as the page gets them: cards, explanations, closures, comparisons, pasted files.
import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"
import type { Answer } from "../../engine/worker/derivation-protocol.ts"
import { localEngine } from "../app/local-engine.ts"

const nix = `let
  dep = derivation { name = "dep"; system = "x86_64-linux"; builder = "/bin/sh"; };
  text = builtins.toFile "note" "written";
in {
  main = derivation {
    name = "main"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo é > $out" ];
    outputs = [ "out" "dev" ];
    inherit dep text;
    src = ./src;
  };
  fixed = derivation {
    name = "foo"; system = "x86_64-linux"; builder = "/bin/sh";
    outputHash = "sha256-Q3QXOoy+iN4VK2CflvRulYvPZXYgF0dO7FoF7CvWFTA="; outputHashMode = "recursive";
  };
  bad = derivation { name = "bad"; };
}`
const request = { expr: nix, files: { "/src/a": "contents" } }

function answered<T>(answer: Answer<T>): T {
  if ("problem" in answer) throw new Error(answer.problem.message)
  return answer.value
}

async function opened(expr = nix) {
  const engine = localEngine()
  const { run } = await engine.evaluate({ ...request, expr })
  return { engine, run, desk: engine.derivations }
}

test("the card of a derivation has its fields, its outputs, and the places of its attributes", async () => {
  const { desk, run } = await opened()
  const card = answered(await desk.derivation(run, ["main"]))
  expect(card.drvPath).toMatch(/^\/nix\/store\/[0-9a-z]{32}-main\.drv$/)
  expect(card).toMatchObject({ name: "main", system: "x86_64-linux", builder: "/bin/sh", args: ["-c", "echo é > $out"] })
  expect(card.outputs.map(({ name, kind, promise }) => [name, kind, promise])).toEqual([
    ["dev", "input-addressed", null],
    ["out", "input-addressed", null],
  ])
  expect(card.inputs.map(({ name, outputs }) => [name, outputs])).toEqual([["dep", ["out"]]])
  expect(card.sources.map((path) => path.replace(/.*-/, "")).sort()).toEqual(["note", "src"])
  const line = nix.split("\n").findIndex((l) => l.includes("src = "))
  expect(card.env.find(({ name }) => name === "src")?.at).toEqual({ file: "«string»", line: line + 1, column: 5 })
  expect(JSON.parse(card.json)).toMatchObject({ name: "main" })
  // By its path it is the same.
  expect(answered(await desk.derivation(run, card.drvPath))).toEqual(card)
})

test("the text of a derivation has four states, and the last is what is hashed", async () => {
  const { desk, run } = await opened()
  const { aterm, outputs, drvPath } = answered(await desk.derivation(run, ["main"]))
  const out = outputs[1]?.path ?? ""
  expect(aterm.raw).toContain(`("out","${out}","","")`)
  expect(aterm.masked).toContain('("out","","","")')
  expect(aterm.masked).not.toContain(out)
  expect(aterm.masked).toContain("-dep.drv")
  expect(aterm.replaced).not.toContain("-dep.drv")
  expect(aterm.pretty).toContain(`(name "out", path "${out}", hashAlgo "", hash "")`)
  const explained = answered(await desk.explain(run, `${drvPath}^out`))
  expect(explained.steps.find(({ id }) => id === "masked-modulo")?.bytes).toBe(aterm.replaced)
})

test("a fixed output shows what is promised", async () => {
  const { desk, run } = await opened()
  const { outputs, aterm } = answered(await desk.derivation(run, ["fixed"]))
  expect(outputs).toEqual([
    {
      name: "out",
      kind: "fixed",
      path: "/nix/store/17wgs52s7kcamcyin4ja58njkf91ipq8-foo",
      promise: "fixed:r:sha256:0c0msqmyq1asxi74f5r0frjwz2wmdvs9d7v05caxx25yihx1fx23",
    },
  ])
  expect(aterm.pretty).toContain('hashAlgo "r:sha256", hash "')
})

test("every step of every path that was made runs in a shell and gives its result", async () => {
  const { desk, run } = await opened()
  const card = answered(await desk.derivation(run, ["main"]))
  const paths = [card.drvPath, `${card.drvPath}^*`, ...card.sources, ...card.outputs.map(({ path }) => path ?? "")]
  for (const path of paths) {
    const { steps } = answered(await desk.explain(run, path))
    expect(steps.length).toBeGreaterThan(2)
    for (const { shell, result, id } of steps) {
      const ran = spawnSync("sh", { input: shell, encoding: "utf8" })
      expect(`${ran.stdout}${ran.stderr}`, `${path} ${id}`).toBe(`${result}\n`)
    }
    if (!path.includes("^")) expect(steps.at(-1)?.result).toBe(path)
  }
})

test("a path that was not made is a clear answer, and so is a value that is no derivation", async () => {
  const { desk, run } = await opened()
  const path = `/nix/store/${"0".repeat(32)}-other`
  expect(await desk.explain(run, path)).toMatchObject({ problem: { message: `path '${path}' was not made by this evaluation` } })
  expect(await desk.explain(run, "nonsense")).toMatchObject({ problem: { message: expect.stringContaining("nonsense") } })
  expect(await desk.derivation(run, [])).toMatchObject({ problem: { message: "this value is no derivation" } })
  expect(await desk.derivation(run, ["bad"])).toMatchObject({ problem: { message: expect.stringContaining("required attribute") } })
})

test("a pasted derivation is verified, or the step that does not fit is named", async () => {
  const { desk, run } = await opened()
  const { aterm, drvPath } = answered(await desk.derivation(run, ["main"]))
  expect(answered(await desk.verify(run, aterm.raw, drvPath))).toMatchObject({ status: "verified" })
  const wrong = answered(await desk.verify(run, aterm.raw.replace("echo", "ecko"), drvPath))
  expect(wrong.status).toBe("wrong")
  expect(wrong.checks.filter(({ status }) => status === "wrong").map(({ step }) => step)).toContain("path:out")
  // Elsewhere its input is not known.
  const { desk: other, run: empty } = await opened("1")
  expect(answered(await other.verify(empty, aterm.raw, drvPath))).toMatchObject({ status: "unknown" })
  expect(await other.verify(empty, "Derive(", drvPath)).toMatchObject({ value: { status: "wrong" } })
})

test("a closure lists what is below, nearest first", async () => {
  const { desk, run } = await opened()
  const { drvPath } = answered(await desk.derivation(run, ["main"]))
  const closure = answered(await desk.closure(run, drvPath, 100))
  expect(closure.drvs.map(({ name, depth, inputs }) => [name, depth, inputs])).toEqual([
    ["main", 0, [1]],
    ["dep", 1, []],
  ])
  expect(closure.cut).toBe(false)
  expect(answered(await desk.closure(run, drvPath, 1))).toMatchObject({ cut: true, drvs: [{ name: "main", inputs: [] }] })
})

test("two runs are compared: the cause is told, what follows from it is not", async () => {
  const engine = localEngine()
  const first = await engine.evaluate(request)
  const second = await engine.evaluate({
    ...request,
    expr: nix.replace('name = "dep"; system = "x86_64-linux"', 'name = "dep"; system = "other"'),
  })
  const path = async (run: number) => answered(await engine.derivations.derivation(run, ["main"])).drvPath
  const left = [first.run, await path(first.run)] as const
  const right = [second.run, await path(second.run)] as const
  const diff = answered(await engine.derivations.compare(left, right))
  expect(diff.equal).toBe(false)
  expect(diff.text).toContain("system")
  expect(JSON.parse(diff.json).causes).toHaveLength(1)
  expect(answered(await engine.derivations.compare(left, left))).toMatchObject({ equal: true })
})
