// The page as a whole over a real session: typing, evaluating, stopping, and what is kept.
import { act, fireEvent, screen } from "@testing-library/react"
import { beforeEach, expect, test, vi } from "vitest"
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

test("a file that one comes back to is as it was left, not where something was revealed in it", async () => {
  const bench = openPage()
  evaluate("{ a = 1; b = 2; }")
  act(() => void bench.create("other.nix", "1"))
  act(() => bench.openSpan("main.nix", { start: 2, end: 3 }))
  expect(editor().selectionStart).toBe(2)
  act(() => bench.openFile("other.nix"))
  act(() => bench.openFile("main.nix"))
  expect(bench.store.getState().reveal).toBe(null)
  // The same place once more is one more wish.
  act(() => bench.openSpan("main.nix", { start: 2, end: 3 }))
  editor().setSelectionRange(0, 0)
  act(() => bench.openSpan("main.nix", { start: 2, end: 3 }))
  expect(editor().selectionStart).toBe(2)
})

test("what only says that something was done goes by itself; what can be acted on or went wrong stays", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  try {
    const bench = openPage()
    act(() => {
      bench.notify("It is done.")
      bench.notify("It was deleted.", { action: { label: "Undo", run: () => {} } })
      bench.notify("It went wrong.", { urgent: true })
    })
    act(() => vi.advanceTimersByTime(5000))
    expect(bench.store.getState().notices).toHaveLength(3)
    act(() => vi.advanceTimersByTime(6000))
    expect(bench.store.getState().notices.map(({ text }) => text)).toEqual(["It was deleted.", "It went wrong."])
  } finally {
    vi.useRealTimers()
  }
})

test("the title has the name that a workspace was given", () => {
  document.title = "Thunkpad"
  const bench = openPage()
  expect(document.title).toBe("Thunkpad")
  act(() => bench.rename("Sums"))
  expect(document.title).toBe("Sums · Thunkpad")
})

test("Alt with a digit goes to the panes as they stand, and back to the editor", async () => {
  const bench = openPage()
  for (const [digit, side] of [
    ["2", "problems"],
    ["5", "builds"],
    ["6", "reference"],
    ["1", "result"],
  ] as const) {
    fireEvent.keyDown(document.body, { key: digit, code: `Digit${digit}`, altKey: true })
    expect(bench.store.getState().side).toBe(side)
  }
  fireEvent.keyDown(document.body, { key: "0", code: "Digit0", altKey: true })
  await expect.poll(() => document.activeElement).toBe(editor())
})

test("what is typed for a dialog that is not there yet is the dialog's, not the text's", async () => {
  openPage()
  editor().focus()
  fireEvent.keyDown(editor(), { key: "k", ctrlKey: true })
  // A key that is taken does nothing else.
  for (const key of "lesson 3") expect(fireEvent.keyDown(editor(), { key })).toBe(false)
  const field = (await screen.findByPlaceholderText("What do you want to do?")) as HTMLInputElement
  expect(field.value).toBe("lesson 3")
  expect(screen.getByText(/^Lesson 3\./)).toBeTruthy()
  expect(screen.queryByText(/^Lesson 4\./)).toBeNull()
  fireEvent.keyDown(field, { key: "Escape" })
  await expect.poll(() => screen.queryByPlaceholderText("What do you want to do?")).toBeNull()
  fireEvent.keyDown(editor(), { key: "k", ctrlKey: true })
  expect(((await screen.findByPlaceholderText("What do you want to do?")) as HTMLInputElement).value).toBe("")
})

test("Shift+Alt+F formats, whatever character the keyboard makes of it", async () => {
  openPage()
  fireEvent.change(editor(), { target: { value: "{a=1;}" } })
  fireEvent.keyDown(editor(), { key: "Ï", code: "KeyF", altKey: true, shiftKey: true })
  await expect.poll(() => editor().value).toBe("{ a = 1; }\n")
})
