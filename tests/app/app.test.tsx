// The page as a whole over a real session: typing, evaluating, stopping, and what is kept.
import { fireEvent, screen } from "@testing-library/react"
import { beforeEach, expect, test } from "vitest"
import { editor, evaluate, openPage } from "./OpenPage.tsx"

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})

const never = (): Promise<void> => new Promise(() => {})

/** The files of the workspace that is kept, and how many states its history has. */
function kept(): { files: Record<string, string>; states: number } {
  const id = localStorage.getItem("thunkpad/2/last")
  const { workspace } = JSON.parse(localStorage.getItem(`thunkpad/2/workspace/${id}`) ?? "null")
  return { files: workspace.files, states: JSON.parse(localStorage.getItem(`thunkpad/2/history/${id}`) ?? "[]").length }
}

test("a new visitor gets the example's value, later ones evaluate when they want to", async () => {
  openPage()
  await screen.findByText("42")
  evaluate("1 + 1")
  await screen.findByText("2")
})

test("whoever comes back finds text and history, and nothing runs", async () => {
  localStorage.setItem("thunkpad/1/workspace", JSON.stringify({ text: "1 +", history: ["1"] }))
  openPage()
  expect(editor().value).toBe("1 +")
  expect(screen.getAllByRole("status").at(-1)?.textContent).toBe("Press Evaluate to see the value.")
  expect((screen.getByRole("button", { name: "Stop" }) as HTMLButtonElement).disabled).toBe(true)
})

test("the text is saved before it is evaluated", () => {
  localStorage.setItem("thunkpad/1/workspace", JSON.stringify({ text: "1", history: ["1"] }))
  openPage(never)
  evaluate("a bomb")
  expect(kept()).toEqual({ files: { "main.nix": "a bomb" }, states: 2 })
  expect(sessionStorage.getItem("thunkpad/2/running")).toBe("1")
})

test("Stop says so, Escape does the same, and the earlier value stays", async () => {
  let gate = Promise.resolve()
  openPage(() => gate)
  evaluate("{ before = 11; }")
  await screen.findByText("11")
  gate = never()
  evaluate("endless")
  expect(screen.getByText("Evaluating…")).toBeTruthy()
  fireEvent.click(screen.getByRole("button", { name: "Stop" }))
  await screen.findByText("Stopped: the evaluation was stopped. The earlier result still opens.")
  expect(screen.getByText("11")).toBeTruthy()
  evaluate("endless")
  fireEvent.keyDown(editor(), { key: "Escape" })
  await screen.findByText(/^Stopped/)
  expect(sessionStorage.getItem("thunkpad/2/running")).toBeNull()
})

test("a value of an earlier text offers that text", async () => {
  openPage()
  evaluate("10 + 1")
  await screen.findByText("11")
  fireEvent.change(editor(), { target: { value: "10 + 2" } })
  fireEvent.click(screen.getByRole("button", { name: "this value is of an earlier text" }))
  expect(editor().value).toBe("10 + 1")
  expect(screen.queryByRole("button", { name: /earlier text/ })).toBeNull()
})

test("a position selects the text", async () => {
  openPage()
  evaluate("1 +\n  foo")
  fireEvent.click(await screen.findByRole("button", { name: "line 2, column 3" }))
  expect(document.activeElement).toBe(editor())
  expect(editor().value.slice(editor().selectionStart, editor().selectionEnd)).toBe("foo")
})

test("a tab that went away while evaluating says so until something is done", async () => {
  sessionStorage.setItem("thunkpad/2/running", "1")
  openPage()
  expect(screen.getByText(/This tab went away while it was evaluating/)).toBeTruthy()
  evaluate("1 + 1")
  await screen.findByText("2")
  expect(screen.queryByText(/went away/)).toBeNull()
})
