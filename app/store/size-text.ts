// Sizes and counts for people.

/** 1,234 bytes, 1.2 kB, 3.4 MB, 5.6 GB; units of 1,000. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`
  for (const [unit, size] of [
    ["kB", 1e3],
    ["MB", 1e6],
    ["GB", 1e9],
  ] as const) {
    if (bytes < size * 1000 || unit === "GB") return `${(bytes / size).toFixed(bytes < size * 10 ? 1 : 0)} ${unit}`
  }
  return ""
}

/** `1 object`, `12,345 objects`, `2 entries`. */
export function countText(count: number, noun: string): string {
  const nouns = noun.endsWith("ry") ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${count.toLocaleString("en")} ${count === 1 ? noun : nouns}`
}
