// Floats as C++ streams print them by default: `%g` with six significant digits.

/** `%g` (C++ Nix: `str << v.fpoint()`). Not for NaN's sign: that is the caller's to know. */
export function printFloat(x: number): string {
  if (Number.isNaN(x)) return "nan"
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf"
  if (x === 0) return Object.is(x, -0) ? "-0" : "0"
  const [digits = "", exponentText = "0"] = exponential(x).split("e")
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 6) {
    const size = Math.abs(exponent)
    return `${trimZeros(digits)}e${exponent < 0 ? "-" : "+"}${size < 10 ? "0" : ""}${size}`
  }
  return trimZeros(printFixed(x, 5 - exponent))
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text
}

/**
 * `x` with this many decimals, as C's `%.*f`: what lies exactly between two texts goes to the even digit, where
 * JavaScript goes away from zero. For |x| < 1e21.
 */
export function printFixed(x: number, decimals: number): string {
  const text = x.toFixed(decimals)
  if (!x.toFixed(decimals + 1).endsWith("5") || !isOdd(text)) return text
  const exact = x.toFixed(100) // beyond any double that is so near to a tie
  const end = exact.indexOf(".") + 1 + decimals
  if (!/^50*$/.test(exact.slice(end))) return text
  return exact.slice(0, decimals === 0 ? end - 1 : end)
}

/** Five decimals and an exponent, ties to even likewise. */
function exponential(x: number): string {
  const text = x.toExponential(5)
  if (!isOdd(text.slice(0, text.indexOf("e"))) || !x.toExponential(6).includes("5e")) return text
  const exact = x.toExponential(100)
  const end = exact.indexOf(".") + 6
  const e = exact.indexOf("e")
  return /^50*$/.test(exact.slice(end, e)) ? exact.slice(0, end) + exact.slice(e) : text
}

function isOdd(digits: string): boolean {
  return digits.charCodeAt(digits.length - 1) % 2 === 1
}
