// Which words of two texts differ: a longest common subsequence, in which paths that have moved are equal.

import type { MovedPaths } from "./moved.ts"

/** Words on the left that were replaced by words on the right, at one place. Either may be empty. */
export interface WordChange {
  readonly left: readonly string[]
  readonly right: readonly string[]
}

/** Beyond this many comparisons the middle of two lists counts as replaced as a whole. */
const maxCells = 250_000

/** The places where two lists of words differ, in order. */
export function diffWords(left: readonly string[], right: readonly string[], moved: MovedPaths): WordChange[] {
  const same = (i: number, j: number): boolean => moved.sameText(left[i] as string, right[j] as string)
  let start = 0
  let leftEnd = left.length
  let rightEnd = right.length
  while (start < leftEnd && start < rightEnd && same(start, start)) start++
  while (leftEnd > start && rightEnd > start && same(leftEnd - 1, rightEnd - 1)) {
    leftEnd--
    rightEnd--
  }
  const n = leftEnd - start
  const m = rightEnd - start
  if (n === 0 && m === 0) return []
  if (n === 0 || m === 0 || n * m > maxCells) return [{ left: left.slice(start, leftEnd), right: right.slice(start, rightEnd) }]
  // best[i][j]: how many words of left[i…] and right[j…] can be kept.
  const width = m + 1
  const best = new Uint32Array((n + 1) * width)
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      best[i * width + j] = same(start + i, start + j)
        ? best[(i + 1) * width + j + 1]! + 1
        : Math.max(best[(i + 1) * width + j]!, best[i * width + j + 1]!)
  const changes: WordChange[] = []
  let removed: string[] = []
  let added: string[] = []
  const close = (): void => {
    if (removed.length > 0 || added.length > 0) changes.push({ left: removed, right: added })
    removed = []
    added = []
  }
  let i = 0
  let j = 0
  while (i < n || j < m) {
    if (i < n && j < m && same(start + i, start + j)) {
      close()
      i++
      j++
    } else if (j === m || (i < n && best[(i + 1) * width + j]! >= best[i * width + j + 1]!)) removed.push(left[start + i++] as string)
    else added.push(right[start + j++] as string)
  }
  close()
  return changes
}
