// Unions of string contexts.
import { expect, test } from "vitest"
import { type Context, Contexts, ContextUnion, unionContext } from "../../engine/eval/context.ts"

const table = new Contexts()
const elems = Array.from({ length: 40 }, (_, i) => table.opaque(`/nix/store/${"0".repeat(32)}-${i}`))

/** Repeatable numbers below 1 (a linear congruential generator). */
function* numbers(seed: number): Generator<number, never> {
  for (let n = seed; ; ) {
    n = (n * 1664525 + 1013904223) % 2 ** 32
    yield n / 2 ** 32
  }
}

test("a union of many contexts is that of one after another, however many there are", () => {
  const random = numbers(7)
  for (const count of [0, 1, 2, 3, 4, 10, 255, 256, 257, 600]) {
    for (let round = 0; round < 20; round++) {
      const union = new ContextUnion()
      let expected: Context | null = null
      for (let i = 0; i < count; i++) {
        const part = elems.filter(() => random.next().value < 0.05)
        const context = part.length === 0 ? null : part
        union.add(context)
        expected = unionContext(expected, context)
        // Asking between does no harm.
        if (i === 5) expect(union.value).toEqual(expected)
      }
      expect(union.value).toEqual(expected)
    }
  }
})

test("a context that has everything is the union itself", () => {
  const all = [...elems]
  const union = new ContextUnion()
  for (const elem of elems) union.add([elem])
  union.add(all)
  expect(union.value).toBe(all)
})
