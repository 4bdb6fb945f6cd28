// The reference: constructs of the language and builtins are found together, and their examples run.
import { fireEvent, screen, within } from "@testing-library/react"
import { expect, test } from "vitest"
import { openPage } from "./OpenPage.tsx"

test("constructs and builtins are searched together, the entry of that very name first, and an example runs", async () => {
  const bench = openPage()
  bench.setPane("reference")
  const list = within(await screen.findByRole("list", { name: "Entries" }))
  await list.findByRole("button", { name: "elemAt" })
  expect(list.getByRole("heading", { name: "Language" })).toBeDefined()
  const search = screen.getByRole("searchbox", { name: "Search the reference" })
  fireEvent.change(search, { target: { value: "with" } })
  expect(list.getAllByRole("button")[0]?.textContent).toBe("with")
  // A table keeps its lines.
  fireEvent.change(search, { target: { value: "operators" } })
  fireEvent.click(list.getAllByRole("button")[0] as HTMLElement)
  const table = screen.getByRole("article", { name: "operators" }).querySelector(".prose pre")
  expect(table?.textContent).toMatch(/^ 1 {2}set\.name .*\n 2 {2}f x [\s\S]*left, right$/)
  expect(screen.queryByText("`")).toBeNull()
  // A sign is found too.
  fireEvent.change(search, { target: { value: "//" } })
  fireEvent.click(list.getByRole("button", { name: "update" }))
  const entry = within(screen.getByRole("article", { name: "update" }))
  expect(entry.getByRole("link", { name: "Link to this entry" }).getAttribute("href")).toBe("#doc=update")
  fireEvent.click(entry.getAllByRole("button", { name: "Try it" })[2] as HTMLElement)
  expect(bench.store.getState().workspace.files["main.nix"]).toBe("{ a = 1; } // { a = 2; } // { a = 3; }\n")
  await screen.findByText("3")
})
