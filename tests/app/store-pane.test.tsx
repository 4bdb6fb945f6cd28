// The store pane over a real store: bringing in, looking, checking.
import { fireEvent, render, screen, within } from "@testing-library/react"
import { beforeEach, expect, test } from "vitest"
import { objectName, pickedFile, pickedFolder, storeFiles } from "../../app/store/picked.ts"
import { StorePane } from "../../app/store/StorePane.tsx"
import { createStoreDesk } from "../../app/store/store-desk.ts"
import { localEngine } from "./local-engine.ts"

const trees: Record<string, string> = {}
const saved: [string, number][] = []
beforeEach(() => {
  for (const name of Object.keys(trees)) delete trees[name]
  saved.length = 0
})

function open(): void {
  const desk = createStoreDesk(localEngine().store, (name, path) => {
    trees[name] = path
  })
  render(<StorePane desk={desk} trees={trees} onUnmount={() => {}} onSave={(name, bytes) => saved.push([name, bytes.length])} />)
}

function pick(label: string, files: readonly File[]): void {
  fireEvent.change(screen.getByLabelText(label), { target: { files } })
}

test("a file is brought in, appears in the workspace, and can be looked at and saved", async () => {
  open()
  await screen.findByText(/^0 objects/)
  pick("Files or archives", [new File(["hello\n"], "greeting.txt")])
  const path = await screen.findByRole("button", { name: /^\/nix\/store\/.*-greeting\.txt$/ })
  expect(trees["greeting.txt"]).toBe(path.textContent)
  fireEvent.click(path)
  const card = await screen.findByRole("article")
  fireEvent.click(await within(card).findByRole("button", { name: "greeting.txt" }))
  await within(card).findByText("hello")
  fireEvent.click(within(card).getByRole("button", { name: "Download" }))
  await expect.poll(() => saved).toEqual([["greeting.txt", 6]])
})

test("an archive that is none says why, and nothing of it is kept", async () => {
  open()
  pick("Files or archives", [new File(["no archive"], "bad.tar")])
  expect((await screen.findByRole("alert")).textContent).toMatch(/\S/)
  await screen.findByText(/^0 objects/)
})

test("everything is checked on request", async () => {
  open()
  pick("Files or archives", [new File(["x"], "x")])
  await screen.findByRole("button", { name: /^\/nix\/store\/.*-x$/ })
  fireEvent.click(screen.getByRole("button", { name: "Check everything" }))
  await screen.findByText("Everything is as it should be.")
})

test("names of objects are those that a store allows", () => {
  expect(objectName("my file (1).txt")).toBe("my-file--1-.txt")
  expect(objectName("..")).toBe("source")
  expect(pickedFile(new File([], "nixpkgs-25.05.tar.xz"))).toMatchObject({ name: "nixpkgs-25.05", source: { kind: "archive" } })
  expect(pickedFile(new File([], "a.nix"))).toMatchObject({ name: "a.nix", source: { kind: "files" } })
})

test("a folder's files keep their paths below it", () => {
  const file = new File(["1"], "a.nix")
  Object.defineProperty(file, "webkitRelativePath", { value: "project/lib/a.nix" })
  expect(pickedFolder([file])).toMatchObject({ name: "project", source: { kind: "files", files: [{ path: "lib/a.nix" }] } })
  expect(pickedFolder([])).toBeNull()
})

test("derivations keep the names they have in a store", () => {
  const name = "0hm2f1psjpcwg8fijsmr4wwxrx59s092-bar.drv"
  expect(storeFiles([new File([], name)])[0]?.path).toBe(name)
  const file = new File([], "f")
  Object.defineProperty(file, "webkitRelativePath", { value: `closure/${name.replace(".drv", "")}/lib/f` })
  expect(storeFiles([file])[0]?.path).toBe(`${name.replace(".drv", "")}/lib/f`)
})
