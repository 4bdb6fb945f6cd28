// Panes side by side: how far borders move, by keyboard and by pointer, and that the widths are kept.
import { fireEvent, render, screen } from "@testing-library/react"
import { beforeEach, describe, expect, test } from "vitest"
import { Panes } from "../../app/Panes.tsx"
import { moveBorder, type PaneLimits, readWidths } from "../../app/pane-widths.ts"

const limits: readonly PaneLimits[] = [
  { least: 0.1, most: 0.5, closes: true },
  { least: 0.2, most: 1, closes: false },
  { least: 0.2, most: 1, closes: false },
]
const rounded = (widths: readonly number[]) => widths.map((width) => Math.round(width * 1000) / 1000)

describe("a border", () => {
  test.each([
    [0, 0.1, [0.3, 0.3, 0.4]],
    [0, 0.4, [0.4, 0.2, 0.4]],
    [0, -0.05, [0.15, 0.45, 0.4]],
    [0, -0.12, [0.1, 0.5, 0.4]],
    [0, -0.17, [0, 0.6, 0.4]],
    [1, 1, [0.2, 0.6, 0.2]],
    [1, -1, [0.2, 0.2, 0.6]],
    [2, 0.1, [0.2, 0.4, 0.4]],
  ])("behind pane %i moved by %d", (at, by, expected) => {
    expect(rounded(moveBorder([0.2, 0.4, 0.4], at, by, limits))).toEqual(expected)
  })

  test("does not pass the most of either neighbour, and what has no room stays", () => {
    expect(rounded(moveBorder([0.45, 0.35, 0.2], 0, 0.2, limits))).toEqual([0.5, 0.3, 0.2])
    expect(moveBorder([0.05, 0.1, 0.85], 0, 0.5, limits)).toEqual([0.05, 0.1, 0.85])
  })
})

test("widths that were kept are taken if they are of these panes", () => {
  const usual = [0.2, 0.8]
  expect(readWidths("[0.4,0.6]", usual)).toEqual([0.4, 0.6])
  for (const wrong of [null, "", "{}", "[1]", "[0.4,0.4]", '["a",1]', "[-1,2]", "[0.5,0.3,0.2]"])
    expect(readWidths(wrong, usual)).toBe(usual)
})

describe("Panes", () => {
  beforeEach(() => localStorage.clear())
  const panes = [
    { id: "a", border: "Width of a", usual: 0.2, least: 0.1, closes: true, content: <p>first</p> },
    { id: "b", border: "", usual: 0.8, least: 0.2, content: <p>second</p> },
  ]
  const border = () => screen.getByRole("separator", { name: "Width of a" })
  const now = () => border().getAttribute("aria-valuenow")

  test("arrows, Home, End and Enter move the border, and the next visit has it where it was", () => {
    const { unmount } = render(<Panes name="test" panes={panes} />)
    expect(now()).toBe("20")
    fireEvent.keyDown(border(), { key: "ArrowRight" })
    expect(now()).toBe("22")
    fireEvent.keyDown(border(), { key: "End" })
    expect(now()).toBe("80")
    fireEvent.keyDown(border(), { key: "Enter" })
    expect(now()).toBe("0")
    expect(screen.getByText("first").parentElement?.hasAttribute("inert")).toBe(true)
    fireEvent.keyDown(border(), { key: "Enter" })
    expect(now()).toBe("20")
    fireEvent.keyDown(border(), { key: "ArrowLeft" })
    unmount()
    render(<Panes name="test" panes={panes} />)
    expect(now()).toBe("18")
    fireEvent.doubleClick(border())
    expect(now()).toBe("20")
  })
})
