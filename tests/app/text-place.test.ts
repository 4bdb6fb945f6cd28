// Nix's positions and offsets of the editor, there and back.
import { expect, test } from "vitest"
import { placeAt, rangeOf } from "../../app/text-place.ts"

test.each([
  ["a = 1;", 0, { line: 1, column: 1 }],
  ["a = 1;\nbc = 2;", 7, { line: 2, column: 1 }],
  // Columns count bytes: é is two, 😀 four.
  ["é + x", 4, { line: 1, column: 6 }],
  ["1\n\n😀 y", 6, { line: 3, column: 6 }],
] as const)("in %j the offset %i is a position that leads back", (text, offset, place) => {
  const found = placeAt(text, offset, "f")
  expect(found).toEqual({ file: "f", ...place })
  expect(rangeOf(text, found)[0]).toBe(offset)
})
