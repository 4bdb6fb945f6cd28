// What is kept between visits, and what happens when it cannot be.
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { firstText } from "../../app/workspace/first.ts"
import { Shelf } from "../../app/workspace/shelf.ts"
import { createWorkspace, type Workspace } from "../../app/workspace/workspace.ts"

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})
afterEach(() => vi.restoreAllMocks())

const workspace = (text: string): Workspace => createWorkspace({ id: "w", name: "W", files: { "main.nix": text } })
const saved = (of: Workspace, changed = 1) => ({ workspace: of, tabs: ["main.nix"], active: "main.nix", changed })

test("a new visitor begins with the example", () => {
  const { saved: found, isNew } = new Shelf().last()
  expect(isNew).toBe(true)
  expect(found.workspace.files).toEqual({ "main.nix": firstText })
})

test("a workspace comes back as it was left, in the tab that had it", () => {
  const shelf = new Shelf()
  const two = createWorkspace({
    id: "two",
    files: { "main.nix": "import ./lib/a.nix", "lib/a.nix": "1" },
    settings: { system: "i686-linux" },
  })
  shelf.save({ workspace: two, tabs: ["main.nix", "lib/a.nix"], active: "lib/a.nix", changed: 5 })
  expect(new Shelf().last()).toEqual({
    saved: { workspace: two, tabs: ["main.nix", "lib/a.nix"], active: "lib/a.nix", changed: 5 },
    isNew: false,
  })
  // Another tab opens another one; this tab stays with its own.
  const current = sessionStorage.getItem("thunkpad/2/current") as string
  shelf.save(saved(workspace("1"), 9))
  sessionStorage.setItem("thunkpad/2/current", current)
  expect(new Shelf().last().saved.workspace.id).toBe("two")
  expect(new Shelf().list().map((entry) => entry.workspace.id)).toEqual(["w", "two"])
})

test("what was evaluated goes to the top of the history, once", () => {
  const shelf = new Shelf()
  for (const text of ["a", "b", "a"]) shelf.remember(workspace(text), 1)
  expect(shelf.history("w").map(({ files }) => files["main.nix"])).toEqual(["a", "b"])
})

test("the history has a hundred entries at most, and no long ones", () => {
  const shelf = new Shelf()
  for (let i = 0; i < 120; i++) shelf.remember(workspace(String(i)), i)
  shelf.remember(workspace("x".repeat(60_000)), 121)
  expect(shelf.history("w")).toHaveLength(100)
  expect(shelf.history("w")[0]?.files).toEqual({ "main.nix": "119" })
})

test("the text and the history of the first version are taken over", () => {
  localStorage.setItem("thunkpad/1/workspace", JSON.stringify({ text: "now", history: ["newest", "older"] }))
  const shelf = new Shelf()
  const { saved: found, isNew } = shelf.last()
  expect([isNew, found.workspace.files]).toEqual([false, { "main.nix": "now" }])
  expect(shelf.history(found.workspace.id).map(({ files }) => files["main.nix"])).toEqual(["newest", "older"])
  expect(localStorage.getItem("thunkpad/1/workspace")).toBeNull()
})

test.each(["no json", "null", "[]", '{"text":1}', '{"text":"t","history":[1,"a",null]}'])(
  "a damaged old record %s is survived",
  (record) => {
    localStorage.setItem("thunkpad/1/workspace", record)
    const shelf = new Shelf()
    const { saved: found } = shelf.last()
    const history = shelf.history(found.workspace.id).map(({ files }) => files["main.nix"])
    expect([found.workspace.files["main.nix"], history]).toEqual(record.includes('"t"') ? ["t", ["a"]] : [firstText, []])
  },
)

test.each(["no json", "null", "[]", '{"workspace":{"id":"w","files":{"../x":"1"}}}', '{"workspace":{"id":"w","files":{}}}'])(
  "a damaged record %s is none",
  (record) => {
    localStorage.setItem("thunkpad/2/workspace/w", record)
    expect(new Shelf().list()).toEqual([])
  },
)

test("a full store gives up old entries before the text", () => {
  const shelf = new Shelf()
  for (let i = 0; i < 30; i++) shelf.remember(workspace(`${i} ${"y".repeat(100)}`), i)
  const write = Storage.prototype.setItem
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(function (this: Storage, key, value) {
    const used = Object.keys(this).reduce((sum, name) => sum + (name === key ? 0 : (this.getItem(name)?.length ?? 0)), 0)
    if (used + value.length > 4000) throw new DOMException("full", "QuotaExceededError")
    write.call(this, key, value)
  })
  const text = "z".repeat(2500)
  shelf.save(saved(workspace(text)))
  expect(shelf.kept).toBe(true)
  expect(new Shelf().open("w")?.workspace.files).toEqual({ "main.nix": text })
  expect(shelf.history("w")).toHaveLength(3)
  shelf.save(saved(workspace("z".repeat(5000))))
  expect(shelf.kept).toBe(false)
})

test("where storage is denied the page works and says that nothing is kept", () => {
  const denied = () => {
    throw new DOMException("denied", "SecurityError")
  }
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(denied)
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(denied)
  const shelf = new Shelf()
  expect(shelf.kept).toBe(false)
  expect(shelf.last().saved.workspace.files).toEqual({ "main.nix": firstText })
  shelf.save(saved(workspace("still here")))
  shelf.remember(workspace("still here"), 1)
  expect(shelf.kept).toBe(false)
  expect(shelf.last().saved.workspace.files).toEqual({ "main.nix": "still here" })
  expect(shelf.history("w")).toHaveLength(1)
})
