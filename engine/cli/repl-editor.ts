// `:e` with an editor. C++ Nix: editor-for.cc.

import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { NixError } from "../eval/error.ts"
import type { Definition } from "../eval/repl-session.ts"

/** Opens $EDITOR at a definition and waits; true if files may have changed. A text that is in no file is a copy. */
export function openEditor(editor: string, definition: Definition): boolean {
  const { path, line, place, text } = definition
  if (path === null && place.startsWith("\xc2\xabstring\xc2\xbb")) throw new NixError("error", `'${place}' cannot be shown in an editor`, 0)
  const onDisk = path !== null && fs.existsSync(Buffer.from(path, "latin1"))
  if (onDisk) {
    run(editor, line, Buffer.from(path, "latin1").toString("utf8"))
    return true
  }
  const dir = fs.mkdtempSync(join(tmpdir(), "thunkpad-edit-"))
  try {
    const copy = join(dir, path === null ? "definition.nix" : basename(path))
    fs.writeFileSync(copy, text, { encoding: "latin1", mode: 0o400 })
    run(editor, path === null ? 0 : line, copy)
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
  return false
}

function run(editor: string, line: number, file: string): void {
  const [program, ...args] = editor.trim().split(/\s+/) as [string, ...string[]]
  if (line > 0 && /emacs|nano|vim|kak/.test(editor)) args.push(`+${line}`)
  const { error, status } = spawnSync(program, [...args, file], { stdio: "inherit" })
  if (error !== undefined) throw new NixError("error", `executing '${program}': ${error.message}`, 0)
  if (status !== 0) throw new NixError("error", `program '${program}' failed with exit code ${status}`, 0)
}
