// Floating point numbers as the JSON library of Nix prints them: digits by Grisu2 (nearly always the shortest, but not
// quite always), laid out by its own rule. Grisu2 is Florian Loitsch's, "Printing floating-point numbers quickly and
// accurately with integers" (2010); written here with bigints, because such numbers are rare in derivations.
// C++ Nix: nlohmann::detail::to_chars

/** An unsigned 64-bit significand and a binary exponent. */
interface Scaled {
  readonly f: bigint
  readonly e: number
}

function normalize(f: bigint, e: number): Scaled {
  const shift = 64 - f.toString(2).length
  return { f: f << BigInt(shift), e: e - shift }
}

function multiply(a: Scaled, b: Scaled): Scaled {
  return { f: (a.f * b.f + (1n << 63n)) >> 64n, e: a.e + b.e + 64 }
}

/** 10^k, rounded to 64 bits. */
function powerOfTen(k: number): Scaled {
  if (k >= 0) {
    const exact = 10n ** BigInt(k)
    const shift = exact.toString(2).length - 64
    if (shift <= 0) return { f: exact << BigInt(-shift), e: shift }
    return { f: (exact + (1n << BigInt(shift - 1))) >> BigInt(shift), e: shift }
  }
  const divisor = 10n ** BigInt(-k)
  const shift = divisor.toString(2).length + 63
  const rounded = ((1n << BigInt(shift + 1)) / divisor + 1n) >> 1n
  if (rounded >> 64n === 0n) return { f: rounded, e: -shift }
  const wider = shift - 1
  return { f: ((1n << BigInt(wider + 1)) / divisor + 1n) >> 1n, e: -wider }
}

/** The decimal exponents of the library's table go from -300 in steps of 8. */
function cachedExponent(binaryExponent: number): number {
  const f = -60 - binaryExponent - 1
  const k = Math.trunc((f * 78913) / (1 << 18)) + (f > 0 ? 1 : 0)
  return -300 + 8 * Math.trunc((300 + k + 7) / 8)
}

/** Moves the last digit down while that brings the number nearer to the true one. */
function round(digits: number[], dist: bigint, delta: bigint, rest: bigint, unit: bigint): void {
  let at = rest
  while (at < dist && delta - at >= unit && (at + unit < dist || dist - at > at + unit - dist)) {
    digits[digits.length - 1] = digits[digits.length - 1]! - 1
    at += unit
  }
}

/** The digits of a positive finite number and the power of ten of the last one. */
function grisu2(value: number): { readonly digits: number[]; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const fraction = bits & ((1n << 52n) - 1n)
  const biased = Number(bits >> 52n)
  const f = biased === 0 ? fraction : fraction | (1n << 52n)
  const e = biased === 0 ? -1074 : biased - 1075
  const lowerIsCloser = fraction === 0n && biased > 1
  const plus = normalize(2n * f + 1n, e - 1)
  const minus = lowerIsCloser ? { f: 4n * f - 1n, e: e - 2 } : { f: 2n * f - 1n, e: e - 1 }
  const lower = { f: minus.f << BigInt(minus.e - plus.e), e: plus.e }

  const decimal = cachedExponent(plus.e)
  const power = powerOfTen(decimal)
  const w = multiply(normalize(f, e), power)
  const high = multiply(plus, power)
  const upTo = high.f - 1n
  let delta = upTo - (multiply(lower, power).f + 1n)
  let dist = upTo - w.f
  const shift = BigInt(-high.e)
  const one = 1n << shift

  const digits: number[] = []
  const whole = (upTo >> shift).toString()
  let p1 = upTo >> shift
  let p2 = upTo & (one - 1n)
  for (let n = whole.length - 1; n >= 0; n--) {
    const unit = 10n ** BigInt(n)
    digits.push(Number(p1 / unit))
    p1 %= unit
    const rest = (p1 << shift) + p2
    if (rest <= delta) {
      round(digits, dist, delta, rest, unit << shift)
      return { digits, exponent: n - decimal }
    }
  }
  let places = 0
  do {
    p2 *= 10n
    delta *= 10n
    dist *= 10n
    digits.push(Number(p2 >> shift))
    p2 &= one - 1n
    places++
  } while (p2 > delta)
  round(digits, dist, delta, p2, one)
  return { digits, exponent: -places - decimal }
}

/** A float as JSON text; infinities and NaN are `null`. */
export function printDouble(value: number): string {
  if (!Number.isFinite(value)) return "null"
  const sign = value < 0 || Object.is(value, -0) ? "-" : ""
  if (value === 0) return `${sign}0.0`
  const { digits, exponent } = grisu2(Math.abs(value))
  const text = digits.join("")
  const k = text.length
  const n = k + exponent
  if (k <= n && n <= 15) return `${sign}${text}${"0".repeat(n - k)}.0`
  if (n > 0 && n <= 15) return `${sign}${text.slice(0, n)}.${text.slice(n)}`
  if (n > -4 && n <= 0) return `${sign}0.${"0".repeat(-n)}${text}`
  const mantissa = k === 1 ? text : `${text[0]}.${text.slice(1)}`
  const power = Math.abs(n - 1)
    .toString()
    .padStart(2, "0")
  return `${sign}${mantissa}e${n - 1 < 0 ? "-" : "+"}${power}`
}
