// How long builds will take, by how long they took: this browser's own history, by name without the version.

import { type BuildRow, type BuildRows, stateOf } from "./build-row.ts"

/** How long builds took, by name: milliseconds. */
export type BuildTimes = Readonly<Record<string, number>>

/** What builds of other versions have in common: `hello` of `hello-2.12`. C++ Nix: names.cc, parseDrvName */
export function timeKey(name: string): string {
  const at = name.search(/-[^a-zA-Z]/)
  // "middle-1" and "middle-2" are often two things; a version has a dot or is long.
  return at > 0 && /^-(?:\d+\.|\d{4})/.test(name.slice(at)) ? name.slice(0, at) : name
}

/** The history with another build: the mean of it and of what was usual, so that one odd build does not count for long. */
export function withTime(times: BuildTimes, name: string, took: number): BuildTimes {
  const key = timeKey(name)
  const { [key]: before, ...others } = times
  // Last: the oldest are forgotten first.
  return { ...others, [key]: before === undefined ? took : Math.round((before + took) / 2) }
}

/** How long a build usually takes. */
export function usualTime(times: BuildTimes, { name }: Pick<BuildRow, "name">): number | undefined {
  return times[timeKey(name)]
}

/** What is left of a build with all that it needs. */
export interface Left {
  /** Milliseconds, as if all that can go on side by side does. */
  readonly time: number
  /** How many of the builds that are to come were never seen. */
  readonly unknown: number
}

/** How long until a derivation is built. */
export function leftOf(rows: BuildRows, times: BuildTimes, drvPath: string, now: number): Left {
  const known = new Map<string, number>()
  const unknown = new Set<string>()
  /** Post-order on a stack: graphs may be deep. */
  const stack: { readonly path: string; readonly leaving: boolean }[] = [{ path: drvPath, leaving: false }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const row = rows[top.path]
    if (row === undefined || known.has(top.path)) continue
    const state = stateOf(row)
    if (state === "done" || state === "failed" || row.action !== "build") {
      known.set(top.path, 0)
      continue
    }
    if (!top.leaving) {
      stack.push({ path: top.path, leaving: true })
      for (const input of row.inputs) stack.push({ path: input, leaving: false })
      continue
    }
    const usual = usualTime(times, row)
    if (usual === undefined) unknown.add(top.path)
    const gone = row.started === null || state !== "running" ? 0 : now - row.started
    const before = Math.max(0, ...row.inputs.map((input) => known.get(input) ?? 0))
    known.set(top.path, before + Math.max(0, (usual ?? 0) - gone))
  }
  return { time: known.get(drvPath) ?? 0, unknown: unknown.size }
}
