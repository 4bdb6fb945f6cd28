// Integer and float literals to values.

const largestInt = "9223372036854775807"

/** The value of `[0-9]+`: a number while it is a safe integer, else a bigint; null beyond 2^63 - 1. */
export function parseIntLiteral(digits: string): number | bigint | null {
  if (digits.length <= 15) return Number(digits)
  const plain = digits.replace(/^0+/, "")
  if (plain.length > 19 || (plain.length === 19 && plain > largestInt)) return null
  const value = Number(plain)
  return Number.isSafeInteger(value) ? value : BigInt(plain)
}

const smallestNormal = 2.2250738585072014e-308

/** The value of a float literal; null where strtod reports a range error (C++ Nix: lexer.l FLOAT). */
export function parseFloatLiteral(literal: string): number | null {
  const value = Number(literal)
  if (value === Number.POSITIVE_INFINITY) return null
  if (value < smallestNormal && !isExact(literal, value)) return null
  return value
}

/** Whether a literal below the normal numbers is exactly `value` (glibc reports no underflow then). */
function isExact(literal: string, value: number): boolean {
  const [mantissa = "", exponentText = "0"] = literal.toLowerCase().split("e")
  const [whole = "", fraction = ""] = mantissa.split(".")
  const digits = (whole + fraction).replace(/^0+/, "")
  if (digits === "") return true
  if (value === 0) return false
  const scale = fraction.length - Number(exponentText)
  // A number with fewer decimals than 1074 less its zeros cannot be a multiple of 2^-1074 below 2^-1022.
  if (scale > 5000 || scale < 0) return false
  const units = BigInt(value / Number.MIN_VALUE)
  return BigInt(digits) << 1074n === units * 10n ** BigInt(scale)
}
