// The value tree over a real session: what rows show, what opening them asks, and what a screen reader is told.
import { fireEvent, screen, waitFor, within } from "@testing-library/react"
import { expect, test } from "vitest"
import { showValue } from "./ShownValue.tsx"

const button = (name: string | RegExp): HTMLElement => screen.getByRole("button", { name })
const row = async (name: string): Promise<HTMLElement> =>
  (await screen.findByRole("button", { name })).closest("[role=treeitem]") as HTMLElement
const tree = (): HTMLElement => screen.getByRole("tree", { name: "Value" })
const line = (of: HTMLElement): string => of.querySelector(".row")?.textContent ?? ""
const current = (): string => line(document.getElementById(tree().getAttribute("aria-activedescendant") ?? "") as HTMLElement)
const press = (key: string, more: object = {}): void => {
  fireEvent.keyDown(tree(), { key, ...more })
}

test("the top value is open, its thunks are not evaluated", async () => {
  await showValue("{ a = 1; b = 1 + 1; }")
  const b = await row("Evaluate b")
  expect(line(b)).toBe("▸b = «thunk»")
  expect(screen.getByText("1")).toBeTruthy()
  expect(button("Close the value").getAttribute("aria-expanded")).toBe("true")
  expect(b.getAttribute("aria-expanded")).toBe("false")
  expect([b.getAttribute("aria-level"), b.getAttribute("aria-posinset"), b.getAttribute("aria-setsize")]).toEqual(["2", "2", "2"])
})

test("opening a row evaluates it and tells how long it took; what it forced tells by what", async () => {
  const { places } = await showValue("rec { a = 1 + 1; b = a + 1; }")
  fireEvent.click(await screen.findByRole("button", { name: "Evaluate b" }))
  await screen.findByText("3")
  expect(within(await row("Actions for b")).getByTitle(/^Forced by opening it, in/)).toBeTruthy()
  const by = await screen.findByRole("button", { name: /by line 1$/ })
  expect(by.closest("[role=treeitem]")?.querySelector(".row")?.textContent).toBe("a = 2")
  fireEvent.click(by)
  expect(places).toEqual([{ file: "«string»", line: 1, column: 22 }])
})

test("a set opens and closes, and is asked for once", async () => {
  await showValue('{ s = builtins.trace "once" { x = 5; }; }')
  fireEvent.click((await screen.findAllByText("«thunk»"))[0] as HTMLElement)
  await screen.findByText("5")
  fireEvent.click(button("Close s"))
  await waitFor(() => expect(screen.queryByText("5")).toBeNull())
  expect(screen.getByText("{ x = 5; }")).toBeTruthy()
  fireEvent.click(button("Open s"))
  await screen.findByText("5")
  expect(screen.getByRole("region", { name: "Printed while evaluating" }).textContent).toBe("trace: once")
})

test("a row that is being forced says so", async () => {
  const { hold } = await showValue("{ s = { x = 1 + 1; }; }")
  await row("Evaluate s")
  const open = hold()
  fireEvent.click(button("Evaluate s"))
  await screen.findByText("«being forced»")
  expect((await row("Evaluate s")).getAttribute("aria-busy")).toBe("true")
  open()
  await screen.findByRole("button", { name: "Evaluate x" })
})

test("a row whose evaluation is stopped says so, and can be opened again", async () => {
  const { desk, hold } = await showValue("{ s = { x = 7; }; }")
  await row("Evaluate s")
  const open = hold()
  fireEvent.click(button("Evaluate s"))
  expect(desk.busy()).toBe(true)
  desk.stop()
  await screen.findByText(/stopped; open it to run it again/)
  expect(desk.busy()).toBe(false)
  open()
  fireEvent.click(button("Evaluate s"))
  await screen.findByText("7")
  expect(screen.queryByText(/stopped/)).toBeNull()
})

test("a failing attribute is one row; opening it shows the report", async () => {
  const { places } = await showValue('{ bad = throw "broken"; good = 3; }')
  fireEvent.click(await screen.findByRole("button", { name: "Evaluate bad" }))
  await screen.findByText("error: broken")
  expect(screen.queryByRole("alert")).toBeNull()
  const bad = await row("Open bad")
  fireEvent.click(button("Open bad"))
  expect((await screen.findByRole("alert")).textContent).toBe("error: broken")
  fireEvent.click(within(bad).getAllByRole("button", { name: "line 1, column 9" })[0] as HTMLElement)
  expect(places).toEqual([{ file: "«string»", line: 1, column: 9 }])
  expect(screen.getByText("3")).toBeTruthy()
})

test("of a long list only what is in sight is in the page", async () => {
  await showValue("builtins.genList (x: x) 20000")
  await screen.findByText("[ 20,000 elements ]")
  await screen.findByRole("button", { name: "Evaluate 0" })
  expect(screen.getAllByRole("treeitem").length).toBeLessThan(80)
  expect((await row("Evaluate 0")).getAttribute("aria-setsize")).toBe("20000")
})

test("the keyboard moves, opens what is evaluated, and evaluates only with Enter", async () => {
  const { selections } = await showValue("{ a = { x = 1; }; b = 1 + 1; c = [ ]; }")
  fireEvent.click(await screen.findByRole("button", { name: "Evaluate a" }))
  await screen.findByRole("button", { name: "Close a" })
  fireEvent.click(button("Close a"))
  press("Home")
  press("ArrowDown")
  expect(current()).toContain("a = ")
  press("ArrowRight")
  await screen.findByText("1")
  press("ArrowRight")
  expect(current()).toBe("x = 1")
  press("ArrowLeft")
  expect(current()).toContain("a = ")
  press("ArrowLeft")
  await waitFor(() => expect(screen.queryByText("1")).toBeNull())
  press("ArrowDown")
  press("ArrowRight")
  expect(current()).toBe("▸b = «thunk»")
  press("Enter")
  await waitFor(() => expect(current()).toBe("b = 2"))
  press("End")
  expect(current()).toBe("c = [ ]")
  expect(selections.at(-1)).toEqual(["c"])
})

test("* opens the siblings that are evaluated, and no other", async () => {
  await showValue("let o = x: { v = x; }; in [ (o 1) (o 2) (o 3) ]")
  for (const name of ["Evaluate 0", "Evaluate 1"]) {
    fireEvent.click(await screen.findByRole("button", { name }))
    fireEvent.click(await screen.findByRole("button", { name: name.replace("Evaluate", "Close") }))
  }
  press("Home")
  press("ArrowDown")
  press("*")
  await waitFor(() => expect(screen.getAllByRole("button", { name: /^Close/ }).length).toBe(3))
  expect(button("Evaluate 2")).toBeTruthy()
})

test("a large set is filtered by a part of its names", async () => {
  await showValue('builtins.listToAttrs (builtins.genList (n: { name = "attr${toString n}"; value = n; }) 300)')
  await screen.findByText("{ 300 attributes }")
  fireEvent.change(screen.getByRole("searchbox", { name: "Filter attributes" }), { target: { value: "R29" } })
  await screen.findByText("11 matches")
  await waitFor(() => expect(screen.getAllByRole("treeitem").length).toBe(12))
  expect(screen.getByText("attr290")).toBeTruthy()
  fireEvent.change(screen.getByRole("searchbox"), { target: { value: "" } })
  await screen.findByText("attr0")
})

test("the same value met again says where it was first, and leads there", async () => {
  const { selections } = await showValue("let s = { one = 1; }; in { a = s; b = s; c = { }; d = { }; }")
  for (const name of ["a", "b", "c", "d"])
    fireEvent.click(await screen.findByRole("button", { name: new RegExp(`(Evaluate|Open) ${name}$`) }))
  const twin = await screen.findByRole("button", { name: "«repeated» a" })
  expect(twin.closest("[role=treeitem]")?.querySelector(".label")?.textContent).toBe("b = ")
  expect(screen.getAllByText(/«repeated»/)).toHaveLength(1)
  fireEvent.click(twin)
  await waitFor(() => expect(selections.at(-1)).toEqual(["a"]))
})

test("a cycle is opened row by row and never by itself", async () => {
  await showValue("let x = { self = x; }; in x")
  await screen.findByText("self")
  expect(screen.getByRole("button", { name: "«repeated» the whole value" })).toBeTruthy()
  expect(screen.getAllByRole("treeitem")).toHaveLength(2)
})

test("names that are no identifiers are quoted, texts escaped, HTML is text", async () => {
  await showValue('{ "a b" = "x\\n\\"y\\" \\${z}"; "<img src=x>" = "<script>alert(1)</script>"; }')
  expect(await screen.findByText('"a b"')).toBeTruthy()
  expect(screen.getByText('x\\n\\"y\\" \\${z}')).toBeTruthy()
  expect(document.querySelector("img, script")).toBeNull()
})

test("a function shows its formals, where it is written, and its documentation as text", async () => {
  const { places } = await showValue("{\n  /** Adds <b>one</b>.\n      Twice. */\n  f = { a, b ? 1, ... }: a;\n}")
  fireEvent.click(await screen.findByText("«thunk»").catch(() => screen.getByRole("button", { name: "Open f" })))
  await screen.findByText("{ a, b ? …, ... }: …")
  fireEvent.click(button("Open f"))
  expect((await screen.findByText(/Adds <b>one/)).textContent).toBe("Adds <b>one</b>.\nTwice.")
  const formals = screen.getByRole("list", { name: "Formals" })
  expect(
    within(formals)
      .getAllByRole("listitem")
      .map((item) => item.textContent),
  ).toEqual(["a is required", "b has a default", "… and any other attribute"])
  fireEvent.click(button("line 4, column 7"))
  expect(places).toHaveLength(1)
})

test("a long string opens in a viewer with all of it", async () => {
  await showValue('{ s = builtins.concatStringsSep "" (builtins.genList (x: "0123456789") 300) + "end"; }')
  fireEvent.click(await screen.findByRole("button", { name: "Evaluate s" }))
  fireEvent.click(await screen.findByRole("button", { name: "all 3,003 bytes" }))
  const dialog = await screen.findByRole("dialog", { name: "String of 3,003 bytes" }, { timeout: 10_000 })
  await waitFor(() => expect(dialog.querySelector("pre")?.textContent).toMatch(/9end$/))
  fireEvent.click(within(dialog).getByRole("button", { name: "Close" }))
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull())
})

test("a string is tinted by what it depends on, and the viewer leads to the derivation", async () => {
  const { views } = await showValue(
    'let d = derivation { name = "dep"; system = "s"; builder = "/b"; }; in { s = "run ${d} and ${builtins.toFile "f" "x"}"; }',
  )
  fireEvent.click(await screen.findByRole("button", { name: "Evaluate s" }))
  fireEvent.click(await screen.findByRole("button", { name: "refers to 2" }))
  const tinted = [...document.querySelectorAll('.value-tree [class^="tint-"]')].map((e) => e.textContent?.replace(/.*[0-9a-z]{32}-/, ""))
  expect(tinted.sort()).toEqual(["dep", "f"])
  const dialog = await screen.findByRole("dialog", {}, { timeout: 10_000 })
  fireEvent.click(within(dialog).getByRole("button", { name: /-dep\.drv$/ }))
  await waitFor(() => expect(views.at(-1)).toMatch(/^drv:\/nix\/store\/.*-dep\.drv$/))
})

test("a node that is watched is evaluated with each result", async () => {
  const { desk, evaluate } = await showValue("{ a.b = 1 + 1; }")
  desk.kept.watch(["a", "b"])
  const watched = await screen.findByRole("region", { name: "Watched" })
  await within(watched).findByText("2")
  await evaluate("{ a.b = 20 + 20; }")
  await within(await screen.findByRole("region", { name: "Watched" })).findByText("40")
  await evaluate("{ other = 1; }")
  await screen.findByText("not in this result")
  fireEvent.click(button("Stop watching a.b"))
  await waitFor(() => expect(screen.queryByRole("region", { name: "Watched" })).toBeNull())
})

test("the node that a link selects is opened and shown", async () => {
  await showValue('{ a = { deep = [ 1 { "x y" = 42; } ]; }; z = throw "not asked"; }', { selected: ["a", "deep", 1, "x y"] })
  await screen.findByText("42")
  expect(current()).toBe('"x y" = 42')
  expect(button("Evaluate z")).toBeTruthy()
})

test("a tab prints the whole value, and comes back to the same tree", async () => {
  await showValue("{ a = 1 + 1; }")
  await row("Evaluate a")
  fireEvent.click(screen.getByRole("tab", { name: "JSON" }))
  expect((await screen.findByText('{"a":2}')).tagName).toBe("PRE")
  fireEvent.click(screen.getByRole("tab", { name: "Tree" }))
  // Printing has evaluated it, and looking shows that.
  expect(await screen.findByText("2")).toBeTruthy()
})

test("a value that cannot be printed shows why in its tab", async () => {
  await showValue("{ f = x: x; }", { view: "json" })
  expect((await screen.findByRole("alert")).textContent).toMatch(/cannot convert a function to JSON/)
})

test("an error of the whole program has its report, and its trees all the same", async () => {
  await showValue('throw "all of it"')
  expect((await screen.findByRole("alert")).textContent).toBe("error: all of it")
  fireEvent.click(screen.getByRole("tab", { name: "Parsed" }))
  await screen.findByText("call")
})

test("statistics tell what it took and where the time went", async () => {
  await showValue("let f = n: if n == 0 then 0 else f (n - 1); in f 50", { view: "stats" })
  expect((await screen.findByRole("row", { name: "Function calls 51" })).textContent).toContain("51")
  expect(await screen.findByRole("columnheader", { name: "Times run" })).toBeTruthy()
})

test("the resolved tree leads to the text, and marks what the cursor is in", async () => {
  const { places } = await showValue("let a = 1; in a + 2", { view: "resolved", cursor: { file: "«string»", line: 1, column: 15 } })
  const variable = await screen.findByRole("button", { name: /variable a/ })
  expect(variable.textContent).toContain("slot 1, this environment")
  expect(variable.className).toContain("marked")
  fireEvent.click(screen.getByRole("button", { name: /integer 1/ }))
  expect(places).toEqual([{ file: "«string»", line: 1, column: 9 }])
})

test("the trace shows what was forced, indented below what needed it", async () => {
  await showValue("let x = 1 + 1; in x + 1", { view: "trace" })
  const list = await screen.findByRole("region", { name: "Steps of the evaluation" })
  await within(list).findByText("1 + 1")
  expect(within(list).getAllByRole("listitem")).toHaveLength(2)
})

test("the end of a long list is one key away, although it was not looked at yet", async () => {
  const { selections } = await showValue("builtins.genList (x: x) 5000")
  await screen.findByRole("button", { name: "Evaluate 0" })
  press("End")
  await waitFor(() => expect(selections.at(-1)).toEqual([4999]))
})
