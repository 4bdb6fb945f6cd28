// The card of a derivation over the real session: its fields, its text, its graph, its closure, a comparison.
import { fireEvent, screen, waitFor, within } from "@testing-library/react"
import { strFromU8, unzipSync } from "fflate"
import { expect, test, vi } from "vitest"
import { diffParts } from "../../app/derivation/AtermView.tsx"
import { closureZip } from "../../app/derivation/download.ts"
import { nixCommand } from "../../app/derivation/nix-command.ts"
import { showValue } from "./ShownValue.tsx"

const program = `let
  dep = derivation { name = "dep"; system = "x86_64-linux"; builder = "/bin/sh"; };
in {
  main = derivation {
    name = "main"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo <b> > $out" ];
    outputs = [ "out" "dev" ];
    inherit dep;
    text = builtins.toFile "note" "written";
  };
  inherit dep;
}`

const wait = { timeout: 10_000 }

async function openCard(expr = program) {
  const shown = await showValue(expr)
  fireEvent.click(await screen.findByRole("button", { name: "Evaluate main" }))
  fireEvent.click(await screen.findByRole("button", { name: /^derivation/ }))
  await screen.findByRole("heading", { name: "main" }, wait)
  return shown
}

const region = (name: string): HTMLElement => screen.getByRole("region", { name })
const button = (name: string | RegExp): HTMLElement => screen.getByRole("button", { name })

test("a card has outputs, builder, arguments, inputs and the environment, which leads into the text", async () => {
  const { places } = await openCard()
  expect(
    within(region("Outputs"))
      .getAllByRole("button")
      .map((b) => b.textContent?.replace(/.*\/[0-9a-z]{32}-/, "")),
  ).toEqual(["main-dev", "main", "main.drv"])
  expect(region("How it is built").textContent).toContain("echo <b> > $out")
  expect(document.querySelector(".drv b:not(li > b)")).toBeNull()
  const text = within(region("Environment")).getByText("text").closest(".field-row") as HTMLElement
  fireEvent.click(within(text).getByRole("button"))
  expect(places).toEqual([{ file: "«string»", line: 8, column: 5 }])
})

test("an input opens its own card, and there is a way back", async () => {
  await openCard()
  fireEvent.click(within(region("Inputs")).getByRole("button", { name: "dep" }))
  await screen.findByRole("heading", { name: "dep" }, wait)
  expect(screen.getByText("None: it depends on nothing.")).toBeTruthy()
  fireEvent.click(button("← Back"))
  await screen.findByRole("heading", { name: "main" }, wait)
})

test("the text has four states, and what differs from the file is marked", async () => {
  await openCard()
  fireEvent.click(button("ATerm"))
  expect(document.querySelector(".drv pre")?.textContent).toMatch(/^Derive\(\n {2}outputs = \[/)
  fireEvent.click(button("Raw"))
  expect(document.querySelectorAll(".drv mark")).toHaveLength(0)
  fireEvent.click(button("Masked"))
  expect([...document.querySelectorAll(".drv mark")].map((m) => m.textContent)).toEqual(["∅", "∅", "∅", "∅"])
  fireEvent.click(button("Inputs replaced"))
  const marks = [...document.querySelectorAll(".drv mark")].map((m) => m.textContent)
  expect(marks.filter((m) => /^[0-9a-f]{64}$/.test(m ?? ""))).toHaveLength(1)
})

test("parts of a text that differ are found before and behind the inputs, however many those are", () => {
  const changed = (text: string, raw: string) => diffParts(text, raw).flatMap((part) => (part.changed ? [part.text] : []))
  expect(changed('("out","")[("h")]["x"]', '("out","/p")[("a"),("b")]["x"]')).toEqual(["", "h"])
  expect(changed('"a\\"b"', '"a\\"c"')).toEqual(['a\\"b'])
  expect(
    diffParts('("a","b")', '("a","c")')
      .map(({ text }) => text)
      .join(""),
  ).toBe('("a","b")')
})

test("JSON is that of nix derivation show", async () => {
  await openCard()
  fireEvent.click(button("JSON"))
  const text = document.querySelector(".drv .printed pre")?.textContent ?? ""
  expect(JSON.parse(text)).toMatchObject({ name: "main", system: "x86_64-linux" })
})

test("the graph has a button for every node, and the arrow keys go along the lines", async () => {
  const { views } = await openCard()
  fireEvent.click(button("Graph"))
  const graph = await screen.findByRole("group", { name: "Dependencies" }, wait)
  const names = within(graph)
    .getAllByRole("button")
    .map((node) => node.getAttribute("aria-label"))
  expect(names.sort()).toEqual(["dep", "main", "source note"])
  const main = within(graph).getByRole("button", { name: "main" })
  main.focus()
  fireEvent.keyDown(main, { key: "ArrowRight" })
  const next = document.activeElement as HTMLElement
  expect(["dep", "source note"]).toContain(next.getAttribute("aria-label"))
  fireEvent.keyDown(next, { key: "ArrowLeft" })
  expect(document.activeElement).toBe(main)
  fireEvent.click(within(graph).getByRole("button", { name: "dep" }))
  await waitFor(() => expect(views.at(-1)).toMatch(/^drv:.*-dep\.drv$/))
})

test("one finger moves the graph, two zoom it about the one that rests; a click after that opens nothing", async () => {
  const { views } = await openCard()
  fireEvent.click(button("Graph"))
  const graph = await screen.findByRole("group", { name: "Dependencies" }, wait)
  const eye = (): number[] => (graph.firstElementChild?.getAttribute("transform") ?? "").match(/-?[\d.]+/g)?.map(Number) ?? []
  await waitFor(() => expect(eye()[0]).toBeGreaterThan(0))
  const [x = 0, y = 0, scale = 1] = eye()
  const finger = (pointerId: number, clientX: number, clientY: number) => ({ pointerId, clientX, clientY })
  fireEvent.pointerDown(graph, finger(1, 100, 100))
  fireEvent.pointerMove(graph, finger(1, 102, 101))
  expect(eye()).toEqual([x, y, scale])
  fireEvent.pointerMove(graph, finger(1, 130, 90))
  expect(eye()).toEqual([x + 30, y - 10, scale])
  fireEvent.pointerDown(graph, finger(2, 130, 190))
  fireEvent.pointerMove(graph, finger(2, 130, 290))
  expect(eye()[2]).toBe(2 * scale)
  fireEvent.pointerUp(graph, finger(2, 130, 290))
  fireEvent.pointerUp(graph, finger(1, 130, 90))
  const opened = views.length
  fireEvent.click(within(graph).getByRole("button", { name: "dep" }))
  expect(views).toHaveLength(opened)
  fireEvent.pointerDown(graph, finger(1, 0, 0))
  fireEvent.pointerUp(graph, finger(1, 0, 0))
  fireEvent.click(within(graph).getByRole("button", { name: "dep" }))
  expect(views).toHaveLength(opened + 1)
})

test("the closure is searched by name", async () => {
  await openCard()
  fireEvent.click(button("Closure"))
  const list = await screen.findByRole("region", { name: "Closure" }, wait)
  expect(
    within(list)
      .getAllByRole("button")
      .map((b) => b.textContent),
  ).toEqual(["main", "dep", "note"])
  fireEvent.change(screen.getByRole("searchbox", { name: "Search the closure" }), { target: { value: "NOT" } })
  await waitFor(() =>
    expect(
      within(region("Closure"))
        .getAllByRole("button")
        .map((b) => b.textContent),
    ).toEqual(["note"]),
  )
})

test("a comparison with an earlier result tells the cause, and not what follows from it", async () => {
  const { evaluate } = await openCard()
  await evaluate(program.replace('name = "dep"; system = "x86_64-linux"', 'name = "dep"; system = "aarch64-linux"'))
  await screen.findByRole("heading", { name: "main" }, wait)
  fireEvent.click(button("Compare"))
  const select = screen.getByRole("combobox", { name: /Compare with/ })
  const earlier = within(select).getByRole("option", { name: /^main .*earlier result$/ })
  fireEvent.change(select, { target: { value: earlier.getAttribute("value") } })
  const cause = await screen.findByRole("region", { name: "Cause in dep" }, wait)
  expect(within(cause).getByRole("heading", { name: "system" })).toBeTruthy()
  expect(cause.textContent).toContain("− x86_64-linux+ aarch64-linux")
  expect(screen.getByText(/^1 cause; 1 more derivation differs only because of that$/)).toBeTruthy()
})

test("the closure as a zip has every file under its name, as importing takes it", async () => {
  const { desk } = await openCard()
  const card = await desk.derivations.derivation(1, ["main"])
  if (!("value" in card)) throw new Error("no card")
  const files = unzipSync(await closureZip(desk, 1, card.value.drvPath))
  const names = Object.keys(files).map((name) => name.replace(/^[0-9a-z]{32}-/, ""))
  expect(names.sort()).toEqual(["dep.drv", "main.drv", "note"])
  const main = card.value.drvPath.replace(/^.*\//, "")
  expect(strFromU8(files[main] as Uint8Array)).toBe(card.value.aterm.raw)
})

test("the command for real Nix writes the files, and asks for the node", () => {
  expect(nixCommand({ expr: "{ a = 'x'; }" }, ["a b", 0])).toBe(
    "nix-instantiate --expr '{ a = '\\''x'\\''; }' -A '\"a b\".0' --option system x86_64-linux",
  )
  const files = { "/workspace/main.nix": "import ./lib/a.nix", "/workspace/lib/a.nix": "1\n" }
  expect(nixCommand({ file: "/workspace/main.nix", files, options: { system: "aarch64-linux" } }, [])).toBe(
    [
      'cd "$(mktemp -d)"',
      "printf %s 'import ./lib/a.nix' > main.nix",
      "mkdir -p lib",
      "printf %s '1\n' > lib/a.nix",
      "nix-instantiate ./main.nix --option system aarch64-linux",
    ].join("\n"),
  )
  expect(nixCommand({ file: "/workspace/main.nix", files: { "/workspace/x": new Uint8Array(1) } }, [])).toBeNull()
})

test("the command is copied with the path that it gives", async () => {
  const written = vi.fn(async (_text: string) => {})
  vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: written } })
  await openCard()
  fireEvent.click(button("Copy command for Nix"))
  await screen.findByText("Copied.")
  expect(written.mock.calls[0]?.[0]).toMatch(
    /^nix-instantiate --expr '.*' -A main --option system x86_64-linux\n# \/nix\/store\/\S*-main\.drv\n$/s,
  )
  vi.unstubAllGlobals()
})

test("what is no derivation says so", async () => {
  await showValue("{ a = 1; }", { view: "drv", selected: ["a"] })
  expect((await screen.findByRole("alert", {}, wait)).textContent).toBe("error: this value is no derivation")
})
