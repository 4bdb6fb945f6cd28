// What a link carries, as one text: a line of settings, then the files.
//
//   system=aarch64-linux&view=derivation
//   -- main.nix --
//   1 + 1
//   -- lib/a.nix -/
//   no line end at the end of this file
//
// A single file with the usual name is written without its mark. A line of a file that looks like a mark, or like one that was
// escaped, gets a backslash in front.

/** What is shared: files by their paths in the workspace, and whatever else is not as usual. */
export interface Shared {
  readonly files: Readonly<Record<string, string>>
  /** Settings, views, the entry file: names and values, in order. */
  readonly settings: Readonly<Record<string, string>>
}

/** The file that a workspace has if nothing else is said. */
export const usualFile = "main.nix"

const mark = /^-- (.+) -([-/])$/
const marked = /^\\*-- .+ -[-/]$/

/** The text of what is shared. */
export function writeEnvelope({ files, settings }: Shared): string {
  const head = new URLSearchParams(Object.entries(settings)).toString()
  const names = Object.keys(files)
  const only = names.length === 1 && names[0] === usualFile
  const parts = names.map((name) => {
    const text = files[name] as string
    const ended = text === "" || text.endsWith("\n")
    const lines = (ended ? text.slice(0, -1) : text).split("\n").map((line) => (marked.test(line) ? `\\${line}` : line))
    const body = text === "" ? "" : `${lines.join("\n")}\n`
    // A usual file without a line end at its end needs its mark to say so.
    return only && ended ? body : `-- ${name} -${ended ? "-" : "/"}\n${body}`
  })
  return `${head}\n${parts.join("")}`
}

/** Reads such a text. Throws RangeError for a path that leaves the workspace, or for one that is there twice. */
export function readEnvelope(text: string): Shared {
  const [head = "", ...lines] = text.split("\n")
  const settings = Object.fromEntries(new URLSearchParams(head))
  const files: Record<string, string> = {}
  let name = usualFile
  let ended = true
  let body: string[] = []
  let begun = false
  const close = (): void => {
    if (!begun && body.length === 0) return
    if (Object.hasOwn(files, name)) throw new RangeError(`the link has the file '${name}' twice`)
    files[name] = ended ? body.map((line) => `${line}\n`).join("") : body.join("\n")
  }
  // What follows the last line end is no line.
  if (lines[lines.length - 1] === "") lines.pop()
  for (const line of lines) {
    const found = mark.exec(line)
    if (found === null) {
      body.push(marked.test(line) ? line.slice(1) : line)
      continue
    }
    close()
    name = checkedPath(found[1] as string)
    ended = found[2] === "-"
    body = []
    begun = true
  }
  close()
  if (Object.keys(files).length === 0) files[usualFile] = ""
  return { files, settings }
}

/** A path inside the workspace, as it is. Throws RangeError for any other. */
export function checkedPath(path: string): string {
  const steps = path.split("/")
  const bad = path.length > 1000 || /[\0-\x1f\x7f]/.test(path) || steps.some((step) => step === "" || step === "." || step === "..")
  if (bad) throw new RangeError(`the link has a file with the bad path ${JSON.stringify(path)}`)
  return path
}
