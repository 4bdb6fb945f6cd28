// "Did you mean …?": the nearest names by edit distance. C++ Nix: libutil/suggestions.cc.

/** Edit distance of two byte strings (insertions, deletions, substitutions). */
export function levenshtein(a: string, b: string): number {
  let previous: number[] = []
  for (let j = 0; j <= b.length; j++) previous.push(j)
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const keep = (previous[j] as number) + (a[i] === b[j] ? 0 : 1)
      row.push(Math.min((previous[j + 1] as number) + 1, (row[j] as number) + 1, keep))
    }
    previous = row
  }
  return previous[b.length] as number
}

/** The names to suggest for `wanted`: distance at most 2, at most 5 of them, ordered by distance, then name. */
export function suggestions(names: readonly string[], wanted: string): string[] {
  const near: { name: string; distance: number }[] = []
  for (const name of names) {
    // The lengths alone decide for most names.
    if (Math.abs(name.length - wanted.length) > 2) continue
    const distance = levenshtein(wanted, name)
    if (distance <= 2) near.push({ name, distance })
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return near.slice(0, 5).map((n) => n.name)
}

/** `a`, or `one of a, b or c`. */
export function suggestionText(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? ""
  return `one of ${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`
}
