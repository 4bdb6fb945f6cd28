// The widths of panes that stand side by side, in parts of all of them: a border moves, and what it takes from one side it gives to the other.

/** How narrow and how wide a pane may be, in parts of the whole; `closes` if it may also be gone altogether. */
export interface PaneLimits {
  readonly least: number
  readonly most: number
  readonly closes: boolean
}

/** The widths after the border behind a pane has moved by a part of the whole, as far as both neighbours let it. */
export function moveBorder(widths: readonly number[], at: number, by: number, limits: readonly PaneLimits[]): readonly number[] {
  const [left, right] = [widths[at], widths[at + 1]]
  const [ofLeft, ofRight] = [limits[at], limits[at + 1]]
  if (left === undefined || right === undefined || ofLeft === undefined || ofRight === undefined) return widths
  const both = left + right
  const wanted = Math.min(Math.max(left + by, both - ofRight.most), both - ofRight.least)
  // What is less than half of the least is meant to be closed.
  const width = ofLeft.closes && wanted < ofLeft.least / 2 ? 0 : Math.min(Math.max(wanted, ofLeft.least), ofLeft.most)
  // A whole that is too narrow for both keeps them as they are.
  if (both - width < ofRight.least - 1e-9) return widths
  return widths.map((old, i) => (i === at ? width : i === at + 1 ? both - width : old))
}

/** Widths from what was kept; the given ones where that is missing, damaged or of other panes. */
export function readWidths(kept: string | null, usual: readonly number[]): readonly number[] {
  try {
    const found: unknown = JSON.parse(kept ?? "null")
    if (!Array.isArray(found) || found.length !== usual.length) return usual
    const widths = found.filter((width): width is number => typeof width === "number" && width >= 0 && width <= 1)
    const sum = widths.reduce((all, width) => all + width, 0)
    return widths.length === usual.length && Math.abs(sum - 1) < 0.01 ? widths : usual
  } catch {
    return usual
  }
}
