// Floats as C prints them: `%g` and `%f`.

import { printFixed, printFloat } from "../../lang/float-text.ts"

/** `%g`: six significant digits. NaN prints as x86 makes it (`inf - inf` has the sign bit set): "-nan". */
export function printG(x: number, nan = "-nan"): string {
  return Number.isNaN(x) ? nan : printFloat(x)
}

/** `%f`: six decimals, every digit of the integer part exact (C++ Nix: std::to_string of toString). */
export function formatFixed(x: number, nan = "-nan"): string {
  if (Number.isNaN(x)) return nan
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf"
  // From 1e21 on JavaScript's toFixed gives up; such numbers are integers.
  if (Math.abs(x) >= 1e21) return `${BigInt(x)}.000000`
  const text = printFixed(x, 6)
  return Object.is(x, -0) ? `-${text}` : text
}
