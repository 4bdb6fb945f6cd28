// Number literals: where Nix's 64-bit integers and strtod's range errors draw the line.
import { expect, test } from "vitest"
import { parseFloatLiteral, parseIntLiteral } from "../../engine/lang/number-literal.ts"

test.each<[string, number | bigint | null]>([
  ["0", 0],
  ["007", 7],
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", 9007199254740992n],
  ["9223372036854775807", 9223372036854775807n],
  ["000009223372036854775807", 9223372036854775807n],
  ["0000000000000000000000000012", 12],
  ["9223372036854775808", null],
  ["99999999999999999999", null],
])("the integer %s is %s", (digits, value) => {
  expect(parseIntLiteral(digits)).toBe(value)
})

/** 2^-1074 has as many decimals, and its digits are those of 5^1074. */
const smallest = `0.${String(5n ** 1074n).padStart(1074, "0")}`

test.each<[string, number | null]>([
  ["1.", 1],
  [".5e1", 5],
  ["1.7976931348623157e308", Number.MAX_VALUE],
  ["1.8e308", null],
  ["0.0e999", 0],
  ["1.0e-400", null],
  ["2.2250738585072014e-308", 2.2250738585072014e-308],
  ["1.0e-310", null],
  ["4.9e-324", null],
])("the float %s is %s", (literal, value) => {
  expect(parseFloatLiteral(literal)).toBe(value)
})

test("a denormal number that is exact is no underflow", () => {
  expect(parseFloatLiteral(smallest)).toBe(Number.MIN_VALUE)
  expect(parseFloatLiteral(`${smallest}1`)).toBe(null)
})
