// Explanations over the real session: every value of the twelve lessons is among the steps, the steps lead where their inputs are from,
// and the proof sheet agrees under sh.
import { spawnSync } from "node:child_process"
import { fireEvent, screen, waitFor, within } from "@testing-library/react"
import { expect, test } from "vitest"
import { markedBytes } from "../../app/derivation/marked-bytes.ts"
import { proofSheet } from "../../app/derivation/proof-sheet.ts"
import { parseView, printView } from "../../app/values/view-name.ts"
import type { Ref } from "../../engine/worker/client.ts"
import type { ExplanationView } from "../../engine/worker/derivation-protocol.ts"
import { localEngine } from "./local-engine.ts"
import { showValue } from "./ShownValue.tsx"

const wait = { timeout: 10_000 }

const sh = `sh = name: script: extra: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // extra);`
const content = "f3f3c4763037e059b4d834eaf68595bbc02ba19f6d2a500dce06d124e2cd99bb"
const fixed = (mirror: string) =>
  `(sh "src.txt" "fetch https://${mirror}.example/src.txt > $out" { outputHash = "${content}"; outputHashAlgo = "sha256"; outputHashMode = "flat"; })`

/** An expression that makes paths, what to explain of it, and values that have to be there: as results, or inside of the bytes. */
interface Case {
  readonly lesson: string
  readonly nix: string
  /** The node that is explained ([] by default), or what is asked beyond it, `^modulo` of its inputs. */
  readonly ref?: Ref
  readonly values: readonly string[]
  readonly absent?: readonly string[]
}

const hello = `(sh "hello" "echo hello > $out" { })`
const cases: readonly Case[] = [
  {
    lesson: "1 and 2, anatomy and fold",
    nix: `builtins.toFile "hello.txt" "hello world"`,
    values: [
      "text:sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9:/nix/store:hello.txt",
      "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
      "49490769e514bbd00f6ecfc457bab1fe28aeb9a9",
      "m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9",
    ],
  },
  { lesson: "1, only the name", nix: `builtins.toFile "hallo.txt" "hello world"`, values: ["1qfni4186b5smsyysr1ihhbadppb2ysb"] },
  {
    lesson: "3, references",
    nix: `builtins.toFile "index.txt" "see \${builtins.toFile "hello.txt" "hello world"}"`,
    values: ["irbwcj64dw79y79cdxr0w1vvbfyjs9xg", "text:/nix/store/m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9-hello.txt:sha256:"],
  },
  {
    lesson: "3, context discarded",
    nix: `builtins.toFile "index.txt" (builtins.unsafeDiscardStringContext "see \${builtins.toFile "hello.txt" "hello world"}")`,
    values: ["gbpk9nqfr40wp2xpynk6vmrnf5xysc3h"],
  },
  {
    lesson: "4, archive",
    nix: `builtins.path { path = ./myfile; name = "myfile"; }`,
    values: ["xv2iccirbrvklck36f1g7vldn5v58vck", "source:sha256:2bfef67d", "nix-archive-1"],
  },
  {
    lesson: "4, flat",
    nix: `builtins.path { path = ./myfile; name = "myfile"; recursive = false; }`,
    values: ["0xzdpzx91242n4824bxxdmvaki3b2f8r", `fixed:out:sha256:${content}:`, "output:out:sha256:423e6fde"],
  },
  {
    lesson: "5, a first derivation",
    nix: hello,
    values: ["fvchbymk0m4jvldpb9m5hy0bjy2lf30k", "r3f9l9f32qpzwmdgizjpbwn3ff2n6ny7", "42fb7608"],
  },
  {
    lesson: "6, a comment in the script",
    nix: `(sh "hello" "echo hello > $out # a comment" { })`,
    values: ["djh11krn2fk2wss8498f4l41f9mxy9j2", "dcdwiw3hq1jhsjkb9kwphbf7jxmnkdya"],
  },
  {
    lesson: "7, mirror a",
    nix: fixed("mirror-a"),
    values: ["fgnz9rlf", "n9fgprgbg01v5zlkk07mmpday3104hiw", `fixed:out:sha256:${content}:`],
  },
  { lesson: "7, mirror b", nix: fixed("mirror-b"), values: ["7i5qkrhs", "n9fgprgbg01v5zlkk07mmpday3104hiw"] },
  {
    lesson: "8, recursive sha256",
    nix: `(sh "myfile" "x" { outputHash = "2bfef67de873c54551d884fdab3055d84d573e654efa79db3c0d7b98883f9ee3"; outputHashAlgo = "sha256"; outputHashMode = "recursive"; })`,
    values: ["source:sha256:2bfef67d", "xv2iccirbrvklck36f1g7vldn5v58vck"],
  },
  {
    lesson: "8, recursive sha1",
    nix: `(sh "myfile" "x" { outputHash = "f572d396fae9206628714fb2ce00f72e94f2258f"; outputHashAlgo = "sha1"; outputHashMode = "recursive"; })`,
    values: ["zg68v4kzpaah65jawymzq0q62znicbpr", "fixed:out:r:sha1:f572d396fae9206628714fb2ce00f72e94f2258f:"],
  },
  {
    lesson: "9, a dependency becomes a hash",
    nix: `(sh "greeter" "cat \${${hello}} > $out" { })`,
    values: ["8ad9n3i6ix5vjrfaa19qb5kc4y0l9q4v", "3dv2375l", "325ff400"],
  },
  {
    lesson: "10, via mirror a",
    nix: `(sh "app" "cp \${${fixed("mirror-a")}} $out" { })`,
    values: ["8khzs1r3", "3i4j1z08i612787mrhklasj6q2f500sj", "a8b5227b"],
  },
  {
    lesson: "10, via mirror b",
    nix: `(sh "app" "cp \${${fixed("mirror-b")}} $out" { })`,
    values: ["kzigl4ls", "3i4j1z08i612787mrhklasj6q2f500sj"],
  },
  {
    lesson: "10, both mirrors: equal hashes are one",
    nix: `(sh "both" "cat \${${fixed("mirror-a")}} \${${fixed("mirror-b")}} > $out" { })`,
    values: ["i0agqkdgm16plswmnmc2r4pq9rg2ravq"],
  },
  {
    lesson: "11, several outputs",
    nix: `derivation { name = "zlib"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo lib > $out; echo dev > $dev" ]; outputs = [ "out" "dev" ]; }`,
    values: ["7w2395s6fhygb6gggcmdpchf4vj19msg-zlib", "output:out:sha256:", "output:dev:sha256:", ":/nix/store:zlib-dev"],
  },
  {
    lesson: "12, context discarded",
    nix: `(sh "greeter" (builtins.unsafeDiscardStringContext "cat \${${hello}} > $out") { })`,
    values: ["yrw9h0qmk483drq49fwr4jxsczsq71a0"],
    absent: ["hello.drv"],
  },
  {
    lesson: "bonus, structured attributes",
    nix: `derivation { name = "structured"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "exit 0" ]; __structuredAttrs = true; a = [ 1 true null { x = "y"; } ]; b = 2; }`,
    values: ["q2p8ay0np17192d0f9sz6i28m5c7bakk", "__json"],
  },
]

async function explained(nix: string, ref: Ref = []): Promise<ExplanationView> {
  const engine = localEngine()
  const { run, view } = await engine.evaluate({ expr: `let ${sh} in ${nix}`, files: { "/myfile": "mycontent\n" } })
  const card = view.kind === "attrs" ? await engine.derivations.derivation(run, ref) : null
  const text = view.kind === "string" ? view.text : ""
  const path = card === null ? text : "value" in card ? `${card.value.drvPath}^*` : ""
  const answer = await engine.derivations.explain(run, path)
  if ("problem" in answer) throw new Error(answer.problem.message)
  return answer.value
}

test.each(cases.map((c) => [c.lesson, c] as const))(
  "lesson %s: its values are among the steps",
  async (_lesson, { nix, ref, values, absent }) => {
    const { steps } = await explained(nix, ref)
    const all = steps.map(({ bytes, result }) => `${bytes}\n${result}`).join("\n")
    for (const value of values) expect(all).toContain(value)
    for (const value of absent ?? []) expect(all).not.toContain(value)
  },
)

test.each([cases[0], cases[2], cases[4], cases[8], cases[12], cases[16]].map((c) => [c?.lesson, c] as const))(
  "the proof sheet of lesson %s agrees under sh, and a wrong one does not",
  async (_lesson, c) => {
    const { steps } = await explained(c?.nix ?? "")
    const ran = spawnSync("sh", { input: proofSheet("lesson", steps), encoding: "utf8" })
    expect(`${ran.stdout.split("\n").at(-2)}${ran.stderr}`).toBe(`all ${steps.length} steps agree`)
    expect(ran.status).toBe(0)
    const wrong = steps.map((step, i) => (i === 1 ? { ...step, result: `${step.result.slice(0, -1)}!` } : step))
    const failed = spawnSync("sh", { input: proofSheet("lesson", wrong), encoding: "utf8" })
    expect(failed.status).toBe(1)
    expect(failed.stdout).toContain(`WRONG ${wrong[1]?.id}`)
  },
)

test("a proof sheet with a title full of line breaks and quotes runs nothing of it", async () => {
  const { steps } = await explained(`builtins.toFile "a" "STEP\\nSTEP_\\n'; echo hacked #"`)
  const ran = spawnSync("sh", { input: proofSheet("x\necho hacked\r\n'\u2028", steps), encoding: "utf8" })
  expect(ran.status).toBe(0)
  expect(ran.stdout).not.toMatch(/^hacked/m)
})

test("spans of bytes are marked in text and in escaped bytes", () => {
  const from = { kind: "given", name: "x" } as const
  const inputs = (...spans: (readonly [number, number])[]) => spans.map((span, i) => ({ name: String(i), value: "", from, span }))
  expect(markedBytes({ bytes: "aé→z", size: 7, inputs: inputs([1, 3], [6, 7]) })).toEqual([
    { text: "a", input: null },
    { text: "é", input: 0 },
    { text: "→", input: null },
    { text: "z", input: 1 },
  ])
  expect(markedBytes({ bytes: "a\\xffb\\x00", size: 4, inputs: inputs([1, 2], [0, 4]) })).toEqual([
    { text: "a", input: 1 },
    { text: "\\xff", input: 0 },
    { text: "b\\x00", input: 1 },
  ])
})

test("views have names that come back", () => {
  for (const name of ["tree", "stats", "drv", "drv:/nix/store/x.drv", "explain", "explain:/nix/store/x.drv^*#fold:out"])
    expect(printView(parseView(name))).toBe(name)
  expect(parseView("nonsense")).toEqual({ kind: "tree" })
})

test("explain shows the steps of the selected node; an input leads to its step, and that is marked", async () => {
  const { views, links } = await showValue(`let ${sh} in { a = ${hello}; }`, { view: "explain", selected: ["a"] })
  const results = await screen.findByRole("region", { name: "Results" }, wait)
  expect(results.textContent).toContain("/nix/store/fvchbymk0m4jvldpb9m5hy0bjy2lf30k-hello")
  fireEvent.click(screen.getAllByRole("button", { name: "from step masked-modulo" })[0] as HTMLElement)
  expect(views.at(-1)).toBe("explain:#masked-modulo")
  const step = document.getElementById("step-masked-modulo") as HTMLElement
  await waitFor(() => expect(step.getAttribute("aria-current")).toBe("step"))
  expect([...step.querySelectorAll("mark")].map((m) => m.textContent)).toContain("echo hello > $out")
  fireEvent.click(within(step).getByRole("button", { name: "copy a link to this step" }))
  expect(links.at(-1)).toMatch(/^explain:\/nix\/store\/r3f9l9f32qpzwmdgizjpbwn3ff2n6ny7-hello\.drv\^\*#masked-modulo$/)
})

test("an attribute in a step leads into the text, an input derivation to what stands for it", async () => {
  const { places, views } = await showValue(`let ${sh} in { a = sh "greeter" "cat \${${hello}} > $out" { }; }`, {
    view: "explain",
    selected: ["a"],
  })
  await waitFor(() => expect(document.getElementById("step-masked-modulo")).toBeTruthy(), wait)
  const now = document.getElementById("step-masked-modulo") as HTMLElement
  fireEvent.click(within(now).getAllByRole("button", { name: /^line 1/ })[0] as HTMLElement)
  expect(places[0]?.line).toBe(1)
  fireEvent.click(within(now).getByRole("button", { name: "hello" }))
  expect(views.at(-1)).toMatch(/-hello\.drv\^modulo$/)
  await waitFor(() => expect(screen.getByRole("region", { name: "Results" }).textContent).toContain("325ff400"), wait)
  fireEvent.click(screen.getByRole("button", { name: "← Back" }))
  await waitFor(() => expect(screen.getByRole("region", { name: "Results" }).textContent).toContain("8ad9n3i6"), wait)
})

test("a set asks which of its parts is to be explained", async () => {
  const { selections } = await showValue('{ a = 1; t = builtins.toFile "hello.txt" "hello world"; }', { view: "explain" })
  fireEvent.click(await screen.findByRole("button", { name: "t" }, wait))
  expect(selections.at(-1)).toEqual(["t"])
  await waitFor(
    () => expect(screen.getByRole("region", { name: "Results" }).textContent).toContain("m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9"),
    wait,
  )
})

test("a pasted .drv is verified, or the step that does not fit is named", async () => {
  const { desk } = await showValue(`let ${sh} in ${hello}`, { view: "explain" })
  await screen.findByRole("region", { name: "Results" }, wait)
  const card = await desk.derivations.derivation(1, [])
  if (!("value" in card)) throw new Error("no card")
  const { raw } = card.value.aterm
  const name = card.value.drvPath.replace(/^.*\//, "")
  const paste = (text: string): void => {
    fireEvent.change(screen.getByRole("textbox", { name: /^Store path/ }), { target: { value: text } })
    fireEvent.change(screen.getByRole("textbox", { name: "Name of the .drv file" }), { target: { value: name } })
    fireEvent.click(screen.getByRole("button", { name: "Check" }))
  }
  paste(`${raw}\n`)
  await screen.findByText(/^Verified/, {}, wait)
  paste(raw.replace("echo hello", "echo hallo"))
  await screen.findByText(/^Wrong/, {}, wait)
  expect(screen.getAllByRole("button", { name: "the step that does not fit" }).length).toBeGreaterThan(0)
})

test("a path that was not made is an error in its place", async () => {
  await showValue("1", { view: `explain:/nix/store/${"0".repeat(32)}-other` })
  expect((await screen.findByRole("alert", {}, wait)).textContent).toContain("was not made by this evaluation")
})

test("a string with a store path is explained from its menu", async () => {
  const { views } = await showValue('{ t = builtins.toFile "hello.txt" "hello world"; }')
  fireEvent.click(await screen.findByRole("button", { name: "Evaluate t" }))
  await screen.findByRole("button", { name: "refers to 1" })
  fireEvent.click(screen.getByRole("button", { name: "Actions for t" }))
  fireEvent.click(await screen.findByRole("menuitem", { name: "Explain its path" }, wait))
  expect(views.at(-1)).toBe("explain")
  await waitFor(
    () => expect(screen.getByRole("region", { name: "Results" }).textContent).toContain("m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9"),
    wait,
  )
})
