// Errors as a user reads them.
import { fireEvent, render, screen } from "@testing-library/react"
import { expect, test } from "vitest"
import { ProblemReport } from "../../app/values/ProblemReport.tsx"
import { ResultContext } from "../../app/values/result-context.ts"
import type { PlaceView, ProblemView } from "../../engine/worker/client.ts"
import { localEngine } from "./local-engine.ts"

/** Shows the error of an expression; returns the places that were clicked. */
async function show(expr: string, options = {}): Promise<PlaceView[]> {
  const { view, run } = await localEngine().evaluate({ expr, options, files: { "/lib.nix": 'throw "in the library"' } })
  if (view.kind !== "failed") throw new Error(`${expr} is no error`)
  return report(view.problem, run)
}

function report(problem: ProblemView, run = 1): PlaceView[] {
  const places: PlaceView[] = []
  render(
    <ResultContext
      value={{
        run,
        main: "«string»",
        leadsTo: (file) => file === "«string»",
        pathOf: () => "",
        kept: null,
        addLog: () => {},
        show: (place) => places.push(place),
      }}
    >
      <ProblemReport problem={problem} />
    </ResultContext>,
  )
  return places
}

test("the message is announced, Nix's report stands below it", async () => {
  await show("let a = 1; in\na + b")
  expect(screen.getByRole("alert").textContent).toBe("error: undefined variable 'b'")
  expect(screen.getByText(/at «string»:2:5:/).textContent).toContain("     2| a + b\n")
})

test("a position leads into the text", async () => {
  const places = await show("let a = 1; in\na + b")
  fireEvent.click(screen.getByRole("button", { name: "line 2, column 5" }))
  expect(places).toEqual([{ file: "«string»", line: 2, column: 5 }])
})

test("an error without a position of its own has that of the nearest frame", async () => {
  await show('\n  throw "no"')
  expect(screen.getAllByRole("button", { name: "line 2, column 3" }).length).toBeGreaterThan(0)
})

test("a place in another file is told, but leads nowhere", async () => {
  await show("import /lib.nix")
  expect(screen.getAllByText("/lib.nix, line 1, column 1").length).toBeGreaterThan(0)
  expect(screen.queryByRole("button", { name: "line 1, column 1" })).not.toBeNull()
})

test("a long trace shows its innermost frames", async () => {
  await show('let f = n: if n == 0 then throw "deep" else 1 + f (n - 1); in f 80')
  const frames = screen.getAllByRole("listitem", { hidden: true })
  expect(frames).toHaveLength(50)
  expect(frames.at(-1)?.textContent).toMatch(/^while calling the 'throw' builtin/)
  expect(screen.getByText("Trace (81)")).toBeTruthy()
})

test("what only has a message shows it once", async () => {
  await show("let f = x: f x; in f 1", { maxSteps: 1000, maxCallDepth: 1e9 })
  expect(screen.getAllByText(/^error: evaluation took more than 1000 steps$/)).toHaveLength(1)
})

test("the report can be scrolled by keyboard", async () => {
  await show("a")
  expect(screen.getByText(/at «string»/).getAttribute("tabindex")).toBe("0")
})

test("a long report is folded, and can be copied as Nix prints it", async () => {
  await show('let f = n: if n == 0 then throw "deep" else 1 + f (n - 1); in f 9', { showTrace: true })
  const folded = screen.getByText(/^As Nix prints it \(\d+ lines\)$/).closest("details") as HTMLDetailsElement
  expect(folded.open).toBe(false)
  expect(folded.querySelector("pre")?.textContent).toContain("… while calling the 'throw' builtin")
  let copied = ""
  Object.defineProperty(navigator, "clipboard", {
    configurable: true,
    value: {
      async writeText(text: string) {
        copied = text
      },
    },
  })
  fireEvent.click(screen.getByRole("button", { name: "Copy" }))
  await screen.findByText("Copied")
  expect(copied).toBe(folded.querySelector("pre")?.textContent)
})
