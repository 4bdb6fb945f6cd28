// Floats as C++ streams print them by default: `%g` with six significant digits.

/** `%g` (C++ Nix: `str << v.fpoint()`). Not for NaN's sign: that is the caller's to know. */
export function printFloat(x: number): string {
  if (Number.isNaN(x)) return "nan"
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf"
  if (x === 0) return Object.is(x, -0) ? "-0" : "0"
  const [digits = "", exponentText = "0"] = x.toExponential(5).split("e")
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 6) {
    const size = Math.abs(exponent)
    return `${trimZeros(digits)}e${exponent < 0 ? "-" : "+"}${size < 10 ? "0" : ""}${size}`
  }
  return trimZeros(x.toFixed(5 - exponent))
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text
}
