// What is kept between visits, and what happens when it cannot be.
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { FIRST_TEXT, openWorkspace } from "../../app/workspace.ts"

const KEY = "thunkpad/1/workspace"
const saved = (): { text: string; history: string[] } => JSON.parse(localStorage.getItem(KEY) ?? "null")

beforeEach(() => localStorage.clear())
afterEach(() => vi.restoreAllMocks())

test("a new visitor begins with the example", () => {
  expect(openWorkspace()).toMatchObject({ text: FIRST_TEXT, history: [], kept: true, interrupted: false })
})

test("what was evaluated goes to the top of the history, once", () => {
  openWorkspace().save("a", true).save("b", true).save("a", true).save("c", false)
  expect(saved()).toEqual({ text: "c", history: ["a", "b"] })
  expect(openWorkspace()).toMatchObject({ text: "c", history: ["a", "b"] })
})

test("the history has a hundred entries at most, and no long ones", () => {
  let workspace = openWorkspace()
  for (let i = 0; i < 120; i++) workspace = workspace.save(String(i), true)
  workspace = workspace.save("x".repeat(30_000), true)
  expect(workspace.history).toHaveLength(100)
  expect(workspace.history[0]).toBe("119")
  expect(saved().text).toHaveLength(30_000)
})

test.each(["no json", "null", "[]", '{"text":1}', '{"text":"t","history":[1,"a",null]}'])("a damaged record %s is survived", (record) => {
  localStorage.setItem(KEY, record)
  const { text, history } = openWorkspace()
  expect([text, history]).toEqual(record.includes('"t"') ? ["t", ["a"]] : [FIRST_TEXT, []])
})

test("a full store gives up old entries before the text", () => {
  const write = Storage.prototype.setItem
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(function (this: Storage, key, value) {
    if (value.length > 2000) throw new DOMException("full", "QuotaExceededError")
    write.call(this, key, value)
  })
  let workspace = openWorkspace()
  for (let i = 0; i < 30; i++) workspace = workspace.save(`${i} ${"y".repeat(100)}`, true)
  expect(workspace.kept).toBe(true)
  expect(saved().text).toMatch(/^29 /)
  expect(saved().history).toHaveLength(10)
  expect(workspace.save("z".repeat(3000), false).kept).toBe(false)
})

test("where storage is denied the page works and says that nothing is kept", () => {
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
    throw new DOMException("denied", "SecurityError")
  })
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("denied", "SecurityError")
  })
  const workspace = openWorkspace()
  expect(workspace).toMatchObject({ text: FIRST_TEXT, kept: false })
  expect(workspace.save("still here", true)).toMatchObject({ text: "still here", history: ["still here"], kept: false })
})
