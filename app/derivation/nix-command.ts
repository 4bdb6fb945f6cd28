// Shell commands with which real Nix comes to the same derivation as a request does here.

import type { EvaluateRequest, Ref } from "../../engine/worker/client.ts"
import type { FileData } from "../../engine/worker/protocol.ts"
import { attrName } from "../values/quote.ts"

/** A word for `sh`. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`
}

/** The workspace's files are below this folder; others keep their paths. */
const HOME = "/workspace/"

/**
 * Commands that write the files of a request into a new folder, and instantiate the node at `ref`; the last line of what they print is
 * the `.drv`. Null if a file is no text, or is outside of the workspace; and for a repl, whose names no file has.
 */
export function nixCommand(request: EvaluateRequest, ref: Ref): string | null {
  if (request.repl !== undefined) return null
  const attr = [...(request.attrPath === undefined || request.attrPath === "" ? [] : [request.attrPath]), ...ref.map(step)].join(".")
  const flags = [
    ...(attr === "" ? [] : ["-A", shellWord(attr)]),
    "--option",
    "system",
    shellWord(request.options?.system ?? "x86_64-linux"),
    ...Object.entries(request.args ?? {}).flatMap(([name, arg]) =>
      "expr" in arg ? ["--arg", shellWord(name), shellWord(arg.expr)] : ["--argstr", shellWord(name), shellWord(arg.string)],
    ),
  ].join(" ")
  const files = Object.entries(request.files ?? {})
  if (files.some(([path, data]) => !path.startsWith(HOME) || typeof data !== "string") || request.trees !== undefined) return null
  if (request.file === undefined) {
    const one = `nix-instantiate --expr ${shellWord(request.expr ?? "")} ${flags}`
    return files.length === 0 ? one : [...folder(files), one].join("\n")
  }
  if (!request.file.startsWith(HOME)) return null
  return [...folder(files), `nix-instantiate ${shellWord(`./${request.file.slice(HOME.length)}`)} ${flags}`].join("\n")
}

function step(of: string | number): string {
  return typeof of === "number" ? String(of) : attrName(of)
}

function folder(files: readonly (readonly [string, FileData])[]): string[] {
  const lines = ['cd "$(mktemp -d)"']
  for (const [path, data] of files) {
    const name = path.slice(HOME.length)
    const parent = name.replace(/\/?[^/]*$/, "")
    if (parent !== "") lines.push(`mkdir -p ${shellWord(parent)}`)
    lines.push(`printf %s ${quoted(String(data))} > ${shellWord(name)}`)
  }
  return lines
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`
}
