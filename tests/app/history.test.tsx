// Earlier inputs.
import { fireEvent, render, screen } from "@testing-library/react"
import { expect, test } from "vitest"
import { History } from "../../app/History.tsx"

test("there is nothing to pick before anything was evaluated", () => {
  const { container } = render(<History entries={[]} onPick={() => {}} />)
  expect(container.textContent).toBe("")
})

test("picking an entry gives its whole text, and the same can be picked again", () => {
  const picked: string[] = []
  render(<History entries={["let\n  a = 1;\nin a", "2"]} onPick={(text) => picked.push(text)} />)
  const list = screen.getByRole("combobox", { name: "Earlier inputs" }) as HTMLSelectElement
  expect([...list.options].map((o) => o.text)).toEqual(["History (2)", "let a = 1; in a", "2"])
  fireEvent.change(list, { target: { value: "0" } })
  fireEvent.change(list, { target: { value: "1" } })
  fireEvent.change(list, { target: { value: "0" } })
  expect(picked).toEqual(["let\n  a = 1;\nin a", "2", "let\n  a = 1;\nin a"])
})

test("a long entry is cut in the list, not when it is picked", () => {
  const picked: string[] = []
  render(<History entries={["x".repeat(500)]} onPick={(text) => picked.push(text)} />)
  const list = screen.getByRole("combobox") as HTMLSelectElement
  expect(list.options[1]?.text.length).toBe(60)
  fireEvent.change(list, { target: { value: "0" } })
  expect(picked[0]?.length).toBe(500)
})
