// Which lines of two texts differ: the shortest way from one to the other (Myers, "An O(ND) Difference Algorithm", 1986), bounded.

/** A stretch of lines: of both texts, of the left one alone, or of the right one alone. */
export interface LineStretch {
  readonly kind: "same" | "left" | "right"
  readonly lines: readonly string[]
  /** Numbers of the first line in each text, from 1. */
  readonly leftAt: number
  readonly rightAt: number
}

/** More differences than that are not looked for: what is left is all different. Memory grows with its square. */
const MOST = 1000

/** The stretches of two texts in their order; all of them "same" for equal texts. */
export function lineDifference(left: string, right: string): LineStretch[] {
  const a = linesOf(left)
  const b = linesOf(right)
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const kinds = [
    ...Array<"same">(start).fill("same"),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...Array<"same">(end).fill("same"),
  ]
  return stretches(kinds, a, b)
}

function linesOf(text: string): string[] {
  if (text === "") return []
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n")
}

type Kind = LineStretch["kind"]

function middle(a: readonly string[], b: readonly string[]): Kind[] {
  // For each number of differences the furthest place on each diagonal (x - y), before that number was tried.
  const before: Int32Array[] = []
  const furthest = new Int32Array(2 * MOST + 3)
  const zero = MOST + 1
  for (let d = 0; d <= Math.min(MOST, a.length + b.length); d++) {
    before.push(furthest.slice(zero - d - 1, zero + d + 2))
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (furthest[zero + k - 1] as number) < (furthest[zero + k + 1] as number))
      let x = down ? (furthest[zero + k + 1] as number) : (furthest[zero + k - 1] as number) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest[zero + k] = x
      if (x >= a.length && x - k >= b.length) return walkBack(before, a.length, b.length)
    }
  }
  return [...Array<"left">(a.length).fill("left"), ...Array<"right">(b.length).fill("right")]
}

/** The way from the end to the beginning, turned around. */
function walkBack(before: readonly Int32Array[], aLength: number, bLength: number): Kind[] {
  const kinds: Kind[] = []
  let x = aLength
  let y = bLength
  for (let d = before.length - 1; d >= 0; d--) {
    // Index 0 is diagonal -d - 1.
    const places = before[d] as Int32Array
    const at = (k: number): number => places[k + d + 1] as number
    const k = x - y
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1))
    const fromX = d === 0 ? 0 : down ? at(k + 1) : at(k - 1)
    const fromY = d === 0 ? 0 : fromX - (down ? k + 1 : k - 1)
    while (x > fromX && y > fromY) {
      kinds.push("same")
      x--
      y--
    }
    if (d > 0) kinds.push(down ? "right" : "left")
    x = fromX
    y = fromY
  }
  return kinds.reverse()
}

/** Lines one after the other, where lines that were replaced come before those in their place. */
function stretches(kinds: readonly Kind[], a: readonly string[], b: readonly string[]): LineStretch[] {
  const found: LineStretch[] = []
  let x = 0
  let y = 0
  for (let i = 0; i < kinds.length; ) {
    const isSame = kinds[i] === "same"
    let left = 0
    let right = 0
    for (; i < kinds.length && (kinds[i] === "same") === isSame; i++) {
      if (kinds[i] !== "right") left++
      if (kinds[i] !== "left") right++
    }
    if (isSame) found.push({ kind: "same", lines: a.slice(x, x + left), leftAt: x + 1, rightAt: y + 1 })
    else {
      if (left > 0) found.push({ kind: "left", lines: a.slice(x, x + left), leftAt: x + 1, rightAt: y + 1 })
      if (right > 0) found.push({ kind: "right", lines: b.slice(y, y + right), leftAt: x + left + 1, rightAt: y + 1 })
    }
    x += left
    y += right
  }
  return found
}
