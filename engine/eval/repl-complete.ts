// Completion of a line in the repl: commands, variables, attributes (the set before the dot is evaluated)
// and files. C++ Nix: repl.cc completePrefix, which knows no commands and no `~`.

import { readDirAt, resolveSymlinks } from "./access.ts"
import { NixError, Pending, Stopped } from "./error.ts"
import { forceAttrs } from "./force.ts"
import { joinPath } from "./path.ts"
import { commandNames } from "./repl-help.ts"
import { incomplete } from "./repl-input.ts"
import type { ReplSession } from "./repl-session.ts"

/** Where the word begins that is completed at the end of a text. */
export function wordStart(text: string): number {
  return Math.max(...[..." \n\r\t(){}[]"].map((c) => text.lastIndexOf(c))) + 1
}

/** The words that can stand for the last one of `text` (bytes), sorted. What fails gives none. */
export function completions(session: ReplSession, text: string): string[] {
  const word = text.slice(wordStart(text))
  if (text.startsWith(":") && word === text) return commandNames().filter((name) => name.startsWith(word))
  try {
    return words(session, word).sort((a, b) => (a < b ? -1 : 1))
  } catch (e) {
    if (e instanceof NixError || e instanceof Pending || e instanceof Stopped || e === incomplete) return []
    throw e
  }
}

function words(session: ReplSession, word: string): string[] {
  const slash = word.lastIndexOf("/")
  if (slash >= 0) return files(session, word.slice(0, slash), word.slice(slash + 1))
  const dot = word.lastIndexOf(".")
  if (dot < 0) return [...session.bindings.names()].filter((name) => name.startsWith(word))
  const left = word.slice(0, dot)
  const begin = word.slice(dot + 1)
  const frame = "while evaluating an attrset for the purpose of completion"
  const set = forceAttrs(session.evaluator.rt, session.cell(left), 0, frame)
  return set
    .names()
    .filter((name) => name.startsWith(begin))
    .map((name) => `${left}.${name}`)
}

function files(session: ReplSession, dir: string, begin: string): string[] {
  const { rt } = session.evaluator
  const home = rt.host.getEnv("HOME")
  const from = dir === "" ? "/" : dir === "~" || dir.startsWith("~/") ? home + dir.slice(1) : dir
  const path = resolveSymlinks(rt, joinPath(session.options.cwd, from), "full")
  const found = [...readDirAt(rt, path).keys()].filter((name) => !name.startsWith(".") && name.startsWith(begin))
  return found.map((name) => `${dir}/${name}`)
}
