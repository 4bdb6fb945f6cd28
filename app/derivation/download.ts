// Files for the user.

import type { EngineDesk } from "../engine-desk.ts"

/** Hands a file to the browser's downloads. */
export function download(name: string, data: string | Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([data], { type }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** More is no file that a page should make. */
const MOST = 5000

/**
 * A zip of a derivation's closure: each `.drv`, and the sources they refer to as far as they are in the store, under their names there,
 * as importing takes them; `MISSING.txt` lists what is not there. Throws Error for more than 5,000 derivations.
 */
export async function closureZip(engine: EngineDesk, run: number, drvPath: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await engine.derivations.closure(run, drvPath, MOST)
  if ("problem" in answer) throw new Error(answer.problem.message)
  const { drvs, sources, cut } = answer.value
  if (cut) throw new Error(`the closure has more than ${MOST.toLocaleString("en")} derivations`)
  const files: Record<string, Uint8Array> = {}
  const base = (path: string): string => path.replace(/^.*\/(?=[^/]*$)/, "")
  const encoder = new TextEncoder()
  for (const { drvPath: path } of drvs) {
    const card = await engine.derivations.derivation(run, path)
    if ("problem" in card) throw new Error(card.problem.message)
    files[base(path)] = encoder.encode(card.value.aterm.raw)
  }
  // What was evaluated last is not written yet.
  await engine.store.flush().catch(() => {})
  const missing: string[] = []
  const add = async (path: string, name: string): Promise<void> => {
    for (const entry of await engine.store.entries(path)) {
      const below = `${name}/${entry.name}`
      if (entry.kind === "directory") await add(`${path}/${entry.name}`, below)
      else if (entry.kind === "file") files[below] = await engine.store.read(`${path}/${entry.name}`)
      else missing.push(`${below} (a symlink to ${entry.target})`)
    }
  }
  for (const source of sources) {
    try {
      const object = await engine.store.object(source)
      if (object === null) missing.push(source)
      else if (object.kind === "directory") await add(source, base(source))
      else if (object.kind === "file") files[base(source)] = await engine.store.read(source)
      else missing.push(`${source} (a symlink)`)
    } catch {
      missing.push(source)
    }
  }
  if (missing.length > 0) files["MISSING.txt"] = encoder.encode(`${missing.join("\n")}\n`)
  const { zipSync } = await import("fflate")
  return zipSync(files, { level: 6 }) as Uint8Array<ArrayBuffer>
}
