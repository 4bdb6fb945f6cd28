// Earlier states of the workspace.
import { fireEvent, screen } from "@testing-library/react"
import { beforeEach, expect, test } from "vitest"
import { editor, openPage } from "./OpenPage.tsx"

const long = `"${"x".repeat(500)}"`

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})

test("there is nothing to pick before anything was evaluated", () => {
  openPage()
  expect(screen.queryByRole("combobox", { name: "Earlier inputs" })).toBeNull()
})

test("picking an entry gives its whole text, the same can be picked again, and it can be undone", () => {
  localStorage.setItem("thunkpad/1/workspace", JSON.stringify({ text: "now", history: ["let\n  a = 1;\nin a", "2", long] }))
  openPage()
  const list = screen.getByRole("combobox", { name: "Earlier inputs" }) as HTMLSelectElement
  expect([...list.options].map((o) => o.text)).toEqual(["History (3)", "let a = 1; in a", "2", long.slice(0, 60)])
  for (const [index, text] of [
    [0, "let\n  a = 1;\nin a"],
    [1, "2"],
    [2, long],
    [0, "let\n  a = 1;\nin a"],
  ] as const) {
    fireEvent.change(list, { target: { value: String(index) } })
    expect(editor().value).toBe(text)
  }
  fireEvent.click(screen.getAllByRole("button", { name: "Undo" }).at(-1) as HTMLElement)
  expect(editor().value).toBe(long)
})
