// The value tree over a real session: what rows show, what opening them asks, and what a screen reader is told.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react"
import { useState } from "react"
import { expect, test } from "vitest"
import { EngineContext } from "../../app/engine-context.ts"
import { EngineDesk } from "../../app/engine-desk.ts"
import { ValuePane } from "../../app/values/ValuePane.tsx"
import type { Evaluated, EvaluateRequest, PlaceView } from "../../engine/worker/client.ts"
import { localEngine } from "./local-engine.ts"

interface Shown {
  readonly desk: EngineDesk
  readonly places: readonly PlaceView[]
  /** Lets the engine's answers wait until the returned function is called. */
  hold(): () => void
}

/** The pane as the page has it: which view is open is its parent's to know. */
function Pane({ request, result, places }: { request: EvaluateRequest; result: Evaluated; places: PlaceView[] }) {
  const [view, setView] = useState("tree")
  return (
    <ValuePane
      request={request}
      result={result}
      leadsTo={(file) => file === "«string»"}
      show={(place) => places.push(place)}
      view={view}
      onView={setView}
      selected={null}
      onSelect={() => {}}
    />
  )
}

/** Evaluates an expression and shows its value. */
async function show(expr: string): Promise<Shown> {
  let gate = Promise.resolve()
  const desk = new EngineDesk(localEngine(() => gate))
  const places: PlaceView[] = []
  const request = { expr }
  const result = await desk.evaluate(request)
  render(
    <EngineContext value={desk}>
      <Pane request={request} result={result} places={places} />
    </EngineContext>,
  )
  const hold = (): (() => void) => {
    let open: () => void = () => {}
    gate = new Promise((resolve) => {
      open = resolve
    })
    return open
  }
  return { desk, places, hold }
}

const button = (name: string): HTMLElement => screen.getByRole("button", { name })
const row = async (name: string): Promise<HTMLElement> => (await screen.findByRole("button", { name })).closest("li") as HTMLElement

test("the top value is open, its thunks are not evaluated", async () => {
  await show("{ a = 1; b = 1 + 1; }")
  const b = await row("Evaluate b")
  expect(b.textContent).toBe("▸b = «thunk»")
  expect(screen.getByText("1")).toBeTruthy()
  expect(button("Close the value").getAttribute("aria-expanded")).toBe("true")
  expect(button("Evaluate b").getAttribute("aria-expanded")).toBe("false")
})

test("opening a row evaluates it; a value without children has nothing more to open", async () => {
  await show("{ b = 1 + 1; }")
  const b = await row("Evaluate b")
  fireEvent.click(button("Evaluate b"))
  await within(b).findByText("2")
  expect(within(b).queryByRole("button")).toBeNull()
})

test("a set opens and closes, and is asked for once", async () => {
  await show('{ s = builtins.trace "once" { x = 5; }; }')
  fireEvent.click((await screen.findAllByText("«thunk»"))[0] as HTMLElement)
  await screen.findByText("5")
  expect(button("Close s").getAttribute("aria-expanded")).toBe("true")
  fireEvent.click(button("Close s"))
  expect(screen.queryByText("5")).toBeNull()
  expect(screen.getByText("{ x = 5; }")).toBeTruthy()
  fireEvent.click(button("Open s"))
  await screen.findByText("5")
  expect(screen.getByRole("region", { name: "Printed while evaluating" }).textContent).toBe("trace: once")
})

test("the triangle of a row that is being opened says that it is busy", async () => {
  const { hold } = await show("{ s = { x = 1 + 1; }; }")
  await row("Evaluate s")
  const open = hold()
  fireEvent.click(button("Evaluate s"))
  expect(button("Evaluate s").getAttribute("aria-busy")).toBe("true")
  open()
  await screen.findByRole("button", { name: "Evaluate x" })
})

test("a row whose evaluation is stopped says so, and can be opened again", async () => {
  const { desk, hold } = await show("{ s = { x = 7; }; }")
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
  const { places } = await show('{ bad = throw "broken"; good = 3; }')
  const bad = await row("Evaluate bad")
  fireEvent.click(button("Evaluate bad"))
  await within(bad).findByText("error: broken")
  expect(screen.queryByRole("alert")).toBeNull()
  fireEvent.click(button("Open bad"))
  expect((await screen.findByRole("alert")).textContent).toBe("error: broken")
  fireEvent.click(within(bad).getAllByRole("button", { name: "line 1, column 9" })[0] as HTMLElement)
  expect(places).toEqual([{ file: "«string»", line: 1, column: 9 }])
  expect(screen.getByText("3")).toBeTruthy()
})

test("children come in pages of a hundred", async () => {
  await show("builtins.genList (x: x) 230")
  await screen.findByRole("button", { name: "130 more elements…" })
  expect(screen.getAllByRole("listitem", { hidden: true })).toHaveLength(102)
  fireEvent.click(button("130 more elements…"))
  fireEvent.click(await screen.findByRole("button", { name: "30 more elements…" }))
  await waitFor(() => expect(screen.getAllByRole("listitem", { hidden: true })).toHaveLength(231))
  expect(screen.queryByRole("button", { name: /more/ })).toBeNull()
})

test("names that are no identifiers are quoted, texts escaped", async () => {
  await show('{ "a b" = "x\\n\\"y\\" \\${z}"; }')
  expect(await screen.findByText('"a b"')).toBeTruthy()
  expect(screen.getByText('"x\\n\\"y\\" \\${z}"')).toBeTruthy()
})

test("a function shows its arguments and where it is defined", async () => {
  const { places } = await show("rec { f = { a, b ? 1 }: a; }")
  fireEvent.click(await screen.findByText("«thunk»"))
  await screen.findByText("{ a, b ? … }: …")
  fireEvent.click(button("line 1, column 11"))
  expect(places).toHaveLength(1)
})

test("a tab prints the whole value, and comes back to the same tree", async () => {
  await show("{ a = 1 + 1; }")
  await row("Evaluate a")
  fireEvent.click(screen.getByRole("tab", { name: "JSON" }))
  expect((await screen.findByText('{"a":2}')).tagName).toBe("PRE")
  fireEvent.click(screen.getByRole("tab", { name: "Tree" }))
  // Printing has evaluated it, and looking shows that.
  expect(await screen.findByText("2")).toBeTruthy()
})

test("a value that cannot be printed shows why in its tab", async () => {
  await show("{ f = x: x; }")
  fireEvent.click(screen.getByRole("tab", { name: "JSON" }))
  expect((await screen.findByRole("alert")).textContent).toMatch(/cannot convert a function to JSON/)
})
