// Tabs by mouse, by keyboard, and for a screen reader.
import { fireEvent, render, screen } from "@testing-library/react"
import { useState } from "react"
import { beforeEach, expect, test } from "vitest"
import { Tabs } from "../../app/Tabs.tsx"

const TABS = [
  { id: "one", label: "One" },
  { id: "two", label: "Two" },
  { id: "three", label: "Three" },
] as const

function Three() {
  const [current, setCurrent] = useState<"one" | "two" | "three">("one")
  return (
    <Tabs tabs={TABS} current={current} label="Numbers" onPick={setCurrent}>
      <p>panel of {current}</p>
    </Tabs>
  )
}

beforeEach(() => {
  render(<Three />)
})

const tab = (name: string): HTMLElement => screen.getByRole("tab", { name })

test("one tab is selected, and its panel is named after it", () => {
  expect(screen.getByRole("tablist", { name: "Numbers" })).toBeTruthy()
  expect(TABS.map(({ label }) => tab(label).getAttribute("aria-selected"))).toEqual(["true", "false", "false"])
  expect(screen.getByRole("tabpanel", { name: "One" }).textContent).toBe("panel of one")
  expect(tab("One").getAttribute("aria-controls")).toBe(screen.getByRole("tabpanel").id)
})

test("a click picks a tab", () => {
  fireEvent.click(tab("Three"))
  expect(screen.getByRole("tabpanel", { name: "Three" }).textContent).toBe("panel of three")
})

test("only the selected tab is reached by Tab, the others by arrows, round the ends", () => {
  expect(TABS.map(({ label }) => tab(label).tabIndex)).toEqual([0, -1, -1])
  tab("One").focus()
  fireEvent.keyDown(tab("One"), { key: "ArrowLeft" })
  expect(document.activeElement).toBe(tab("Three"))
  expect(screen.getByRole("tabpanel", { name: "Three" })).toBeTruthy()
  fireEvent.keyDown(tab("Three"), { key: "ArrowRight" })
  expect(document.activeElement).toBe(tab("One"))
  fireEvent.keyDown(tab("One"), { key: "End" })
  expect(document.activeElement).toBe(tab("Three"))
  fireEvent.keyDown(tab("Three"), { key: "Home" })
  expect(document.activeElement).toBe(tab("One"))
  expect(TABS.map(({ label }) => tab(label).tabIndex)).toEqual([0, -1, -1])
})
