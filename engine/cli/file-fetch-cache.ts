// What was fetched before, in a JSON file: `{ KEY: { "time": SECONDS, "attrs": { … } } }`. It is read when it is first asked and
// replaced as a whole; what is no JSON counts as empty, since nothing depends on it.

import * as fs from "node:fs"
import * as path from "node:path"
import type { CachedFetch, FetchCache } from "../fetch/fetch-cache.ts"
import { attempt } from "./tree-writer.ts"

/** More entries than this are not kept: the oldest go. */
const maxEntries = 2000

export class FileFetchCache implements FetchCache {
  readonly #file: string
  #entries: Map<string, CachedFetch> | undefined

  /** `file` as Node takes it. */
  constructor(file: string) {
    this.#file = file
  }

  #load(): Map<string, CachedFetch> {
    if (this.#entries !== undefined) return this.#entries
    const text = fs.existsSync(this.#file) ? attempt(`reading '${this.#file}'`, () => fs.readFileSync(this.#file, "utf8")) : ""
    this.#entries = new Map(readEntries(text))
    return this.#entries
  }

  async get(key: string): Promise<CachedFetch | null> {
    return this.#load().get(key) ?? null
  }

  async put(key: string, entry: CachedFetch): Promise<void> {
    // Others may have written meanwhile.
    this.#entries = undefined
    const entries = this.#load()
    entries.set(key, entry)
    const kept = [...entries].sort(([, a], [, b]) => b.time - a.time).slice(0, maxEntries)
    attempt(`writing '${this.#file}'`, () => {
      fs.mkdirSync(path.dirname(this.#file), { recursive: true })
      const temporary = `${this.#file}.${process.pid}`
      fs.writeFileSync(temporary, `${JSON.stringify(Object.fromEntries(kept), null, 1)}\n`, { mode: 0o600 })
      fs.renameSync(temporary, this.#file)
    })
  }
}

/** The entries of a text that have the right shape. */
function readEntries(text: string): [string, CachedFetch][] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return []
  }
  if (typeof json !== "object" || json === null) return []
  return Object.entries(json).filter((pair): pair is [string, CachedFetch] => {
    const entry: unknown = pair[1]
    if (typeof entry !== "object" || entry === null) return false
    const { time, attrs } = entry as { readonly time?: unknown; readonly attrs?: unknown }
    return typeof time === "number" && typeof attrs === "object" && attrs !== null
  })
}
