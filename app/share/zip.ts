// A workspace as a zip file, and back.

import { strFromU8, strToU8, unzipSync, zipSync } from "fflate"
import { pathProblem } from "../workspace/workspace.ts"

const LARGEST = 16 * 2 ** 20

/** The bytes of a zip file with these files. */
export function writeZip(files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const entries = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)]))
  return new Uint8Array(zipSync(entries, { level: 9 }))
}

/** The texts in a zip file; a folder that all of them are in is left away. Throws an error with a sentence for people. */
export function readZip(bytes: Uint8Array): { readonly files: Record<string, string>; readonly skipped: readonly string[] } {
  let size = 0
  const skipped: string[] = []
  const filter = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
    if (name.endsWith("/")) return false
    size += originalSize
    if (size > LARGEST) throw new Error("The zip file is too large for a workspace.")
    if (pathProblem(name) === null) return true
    skipped.push(name)
    return false
  }
  let entries: Record<string, Uint8Array>
  try {
    entries = unzipSync(bytes, { filter })
  } catch (e) {
    if (e instanceof Error && e.message.startsWith("The zip")) throw e
    throw new Error("This is no zip file, or it is damaged.", { cause: e })
  }
  const names = Object.keys(entries)
  const top = names[0]?.includes("/") ? `${names[0].split("/", 1)[0]}/` : ""
  const common = top !== "" && names.every((name) => name.startsWith(top)) ? top : ""
  const files: Record<string, string> = {}
  for (const [name, data] of Object.entries(entries)) {
    const text = textOf(data)
    if (text === null) skipped.push(name)
    else files[name.slice(common.length)] = text
  }
  if (Object.keys(files).length === 0) throw new Error("There are no texts in this zip file.")
  return { files, skipped }
}

function textOf(data: Uint8Array): string | null {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(data)
    return strFromU8(data)
  } catch {
    return null
  }
}
