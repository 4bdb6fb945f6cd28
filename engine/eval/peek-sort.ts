// The stable sort of `builtins.sort`. Which elements are compared, and in which order, shows through
// comparators that trace, throw or lie, so this follows C++ Nix comparison by comparison: runs found from
// the middle, insertion sort up to 16 elements, merging with a buffer. After "PeekSort" (Munro and Wild,
// "Nearly-Optimal Mergesorts", 2018). C++ Nix: libutil/sort.hh.

import type { Cell } from "./value.ts"

/** The question the sort asks: is `a` less than `b`? One object may be used for all. */
export interface Comparison {
  a: Cell
  b: Cell
}

/** What is left to do: sort [begin, end), where [begin, leftEnd) and [rightBegin, end) are runs; or merge at `middle`. */
type Task =
  | { readonly kind: "sort"; readonly begin: number; readonly end: number; readonly leftEnd: number; readonly rightBegin: number }
  | { readonly kind: "merge"; readonly begin: number; readonly middle: number; readonly end: number }

const INSERTION = 16

/** Sorts in place. Yields each comparison and is resumed with its answer. */
export function peekSort(items: Cell[]): Generator<Comparison, void, boolean> {
  // A generator of few variables is small: comparators that sort in turn may nest a million deep.
  return items.length <= 2 ? sortFew(items) : sortMany(items)
}

function* sortFew(items: Cell[]): Generator<Comparison, void, boolean> {
  if (items.length === 2 && (yield { a: items[1] as Cell, b: items[0] as Cell })) items.reverse()
}

function* sortMany(items: Cell[]): Generator<Comparison, void, boolean> {
  const question: Comparison = { a: null, b: null }
  const ask = (a: number, b: number): Comparison => {
    question.a = items[a] as Cell
    question.b = items[b] as Cell
    return question
  }
  const tasks: Task[] = [{ kind: "sort", begin: 0, end: items.length, leftEnd: 0, rightBegin: items.length }]
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    const { begin, end } = task
    if (task.kind === "merge") {
      const left = items.slice(begin, task.middle)
      const right = items.slice(task.middle, end)
      let i = 0
      let j = 0
      let out = begin
      while (i < left.length && j < right.length) {
        question.a = right[j] as Cell
        question.b = left[i] as Cell
        items[out++] = ((yield question) ? right[j++] : left[i++]) as Cell
      }
      while (i < left.length) items[out++] = left[i++] as Cell
      while (j < right.length) items[out++] = right[j++] as Cell
      continue
    }
    const { leftEnd, rightBegin } = task
    if (leftEnd === end || rightBegin === begin) continue
    if (end - begin <= INSERTION) {
      for (let current = begin + 1; current < end; current++)
        for (let i = current; i !== begin && (yield ask(i, i - 1)); i--) swap(items, i, i - 1)
      continue
    }
    const middle = begin + Math.floor((end - begin) / 2)
    if (middle <= leftEnd) {
      tasks.push({ kind: "merge", begin, middle: leftEnd, end })
      tasks.push({ kind: "sort", begin: leftEnd, end, leftEnd: leftEnd + 1, rightBegin })
      continue
    }
    if (middle >= rightBegin) {
      tasks.push({ kind: "merge", begin, middle: rightBegin, end })
      tasks.push({ kind: "sort", begin, end: rightBegin, leftEnd, rightBegin: rightBegin - 1 })
      continue
    }
    // The run around the middle is [i, j): strictly falling, or weakly rising.
    const falling = yield ask(middle, middle - 1)
    let i = middle - 1
    while (i > leftEnd && (yield ask(i, i - 1)) === falling) i--
    let j = middle
    while (j !== rightBegin && (yield ask(j, j - 1)) === falling) j++
    if (falling) for (let a = i, b = j - 1; a < b; a++, b--) swap(items, a, b)
    if (i === begin && j === end) continue
    if (middle - i < j - middle) {
      tasks.push({ kind: "merge", begin, middle: i, end })
      tasks.push({ kind: "sort", begin: i, end, leftEnd: j, rightBegin })
      tasks.push({ kind: "sort", begin, end: i, leftEnd, rightBegin: i - 1 })
    } else {
      tasks.push({ kind: "merge", begin, middle: j, end })
      tasks.push({ kind: "sort", begin: j, end, leftEnd: j + 1, rightBegin })
      tasks.push({ kind: "sort", begin, end: j, leftEnd, rightBegin: i })
    }
  }
}

function swap(items: Cell[], i: number, j: number): void {
  const kept = items[i] as Cell
  items[i] = items[j] as Cell
  items[j] = kept
}
