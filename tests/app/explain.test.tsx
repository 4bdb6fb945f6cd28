// Explanations over the real session: every value of the twelve lessons is among the steps, the steps lead where their inputs are from,
// and the proof sheet agrees under sh.
import { spawnSync } from "node:child_process"
import { fireEvent, screen, waitFor, within } from "@testing-library/react"
import { expect, test } from "vitest"
import { markedBytes } from "../../app/derivation/marked-bytes.ts"
import { proofSheet } from "../../app/derivation/proof-sheet.ts"
import { parseView, printView } from "../../app/values/view-name.ts"
import type { ExplanationView } from "../../engine/worker/derivation-protocol.ts"
import { hello, lessonCases, sh } from "./lesson-cases.ts"
import { localEngine } from "./local-engine.ts"
import { showValue } from "./ShownValue.tsx"

const wait = { timeout: 10_000 }

async function explained(nix: string): Promise<ExplanationView> {
  const engine = localEngine()
  const { run, view } = await engine.evaluate({ expr: `let ${sh} in ${nix}`, files: { "/myfile": "mycontent\n" } })
  const card = view.kind === "attrs" ? await engine.derivations.derivation(run, []) : null
  const text = view.kind === "string" ? view.text : ""
  const path = card === null ? text : "value" in card ? `${card.value.drvPath}^*` : ""
  const answer = await engine.derivations.explain(run, path)
  if ("problem" in answer) throw new Error(answer.problem.message)
  return answer.value
}

test.each(lessonCases.map((c) => [c.lesson, c] as const))(
  "lesson %s: its values are among the steps",
  async (_lesson, { nix, values, absent }) => {
    const { steps } = await explained(nix)
    const all = steps.map(({ bytes, result }) => `${bytes}\n${result}`).join("\n")
    for (const value of values) expect(all).toContain(value)
    for (const value of absent ?? []) expect(all).not.toContain(value)
  },
)

test.each(lessonCases.filter((_, i) => [0, 2, 4, 8, 12, 17].includes(i)).map((c) => [c.lesson, c] as const))(
  "the proof sheet of lesson %s agrees under sh, and a wrong one does not",
  async (_lesson, c) => {
    const { steps } = await explained(c.nix)
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
