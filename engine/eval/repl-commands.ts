// The commands of the repl, by name. C++ Nix: repl.cc processLine.

import { SelectExpr } from "../lang/expr.ts"
import { readFileAt, resolveSymlinks } from "./access.ts"
import { Attrs } from "./attrs.ts"
import { findAlongPath } from "./auto-call.ts"
import { dynamicNameFrame } from "./closure/attrs.ts"
import { childCell } from "./closure/child.ts"
import { type PathText, stepCoerceToPath } from "./coerce.ts"
import { drive } from "./drive.ts"
import { NixError } from "./error.ts"
import { forceAttrs, forcePlainString } from "./force.ts"
import { posBytes } from "./print-place.ts"
import { build, log, shell } from "./repl-build.ts"
import { docOfAttribute, docOfValue } from "./repl-doc.ts"
import { helpText } from "./repl-help.ts"
import type { Definition, ReplSession } from "./repl-session.ts"
import { showType } from "./show-type.ts"
import { type Cell, Lambda, NixPath, textOf } from "./value.ts"

/** Runs a command with its argument; "quit" ends the repl. */
export type Command = (session: ReplSession, arg: string, name: string) => "quit" | undefined

const help: Command = (session) => {
  session.print("result", helpText())
}

const add: Command = (session, arg) => {
  session.evaluate(arg)
  session.addAttrs(session.cell(arg))
}

const load: Command = (session, arg) => {
  session.resetFiles()
  session.load(arg)
}

const loadFlake: Command = (_session, arg) => {
  if (arg === "")
    throw new NixError("error", "cannot use ':load-flake' without a path specified. (Use '.' for the current working directory.)", 0)
  throw new NixError("not-yet", `cannot load '${arg}': flakes are not supported yet`, 0)
}

const lastLoaded: Command = (session) => {
  const set = session.bindings.lastLoaded
  if (set === null) throw new NixError("error", "nothing has been loaded yet", 0)
  for (const name of set.symbolNames(session.evaluator.rt.symbols)) session.print("result", `${name}\n`)
}

const reload: Command = (session) => {
  session.resetFiles()
  session.reload()
}

const type: Command = (session, arg) => {
  session.print("result", `${showType(session.evaluate(arg))}\n`)
}

const print: Command = (session, arg) => {
  const text = textOf(session.evaluate(arg))
  if (text === undefined) session.printCell(session.cell(arg), Number.POSITIVE_INFINITY)
  else session.print("result", `${text}\n`)
}

const traceEnable: Command = (session, arg, name) => {
  const { rt } = session.evaluator
  const on = arg === "" ? !rt.showTrace : arg === "true"
  if (!on && arg !== "" && arg !== "false") throw new NixError("error", `unexpected argument '${arg}' to ${name}`, 0)
  rt.showTrace = on
  session.print("result", on ? "showing error traces\n" : "not showing error traces\n")
}

/** `:doc`: what the value says, else the comment at the attribute's definition. */
const doc: Command = (session, arg) => {
  const { evaluator, options } = session
  let attribute: { readonly name: string; readonly pos: number } | null = null
  const expr = session.parse(arg)
  if (expr.kind === "select") attribute = attributeOf(session, arg, expr)
  const text =
    docOfValue(evaluator.rt, session.evaluate(arg)) ??
    (attribute === null || attribute.pos === 0 ? null : docOfAttribute(evaluator, attribute.name, attribute.pos))
  if (text === null) throw new NixError("error", "value does not have documentation", 0)
  session.print("result", `${trim(options.markdown === undefined ? text : options.markdown(text))}\n`)
}

/** The name that a selection ends with, and where it is defined (0 if that is not known). */
function attributeOf(session: ReplSession, arg: string, expr: SelectExpr): { name: string; pos: number } {
  const { rt } = session.evaluator
  const { target, path, fallback, pos, start, end } = expr
  const last = path.at(-1) as (typeof path)[number]
  const name = typeof last === "string" ? last : forcePlainString(rt, childCell(rt, last, session.bindings.env), last.pos, dynamicNameFrame)
  const init = () => {
    if (path.length === 1) return target
    const shorter = new SelectExpr(target, path.slice(0, -1), fallback, pos, start, end)
    shorter.height = expr.height
    return shorter
  }
  const frame = "while evaluating an attribute set to look for documentation"
  const set = forceAttrs(rt, session.keep(`init of ${arg}`, init), 0, frame)
  return { name, pos: set.posOf(name) }
}

const edit: Command = (session, arg) => {
  const definition = definitionOf(session, arg)
  const open = session.options.edit
  if (open === undefined) session.print("result", `${definition.place}\n${definition.text.replace(/\n*$/, "\n")}`)
  else if (open(definition)) reload(session, "", "")
}

/** Where a file, a function or a package is defined. */
function definitionOf(session: ReplSession, arg: string): Definition {
  const { rt } = session.evaluator
  const v = session.evaluate(arg)
  if (v instanceof Lambda) {
    const { pos, start, end } = v.code.expr
    const place = rt.sources.place(pos)
    if (place === undefined) throw new RangeError("a function without a position")
    const { source, line } = place
    const last = source.place(end - source.base).line
    const path = source.origin.kind === "file" ? source.origin.path : null
    const first = source.place(start - source.base).line
    const text = Array.from({ length: last - first + 1 }, (_, i) => source.line(first + i) ?? "").join("\n")
    return { path, line, place: posBytes(rt.sources, pos), text }
  }
  if (v instanceof NixPath || textOf(v) !== undefined) return wholeFile(session, v, "while evaluating the filename to edit")
  return packageDefinition(session, session.cell(arg), arg)
}

function wholeFile(session: ReplSession, cell: Cell, frame: string): Definition {
  const { rt } = session.evaluator
  const { path } = drive(rt, stepCoerceToPath(rt, cell, 0, frame)) as PathText
  return { path, line: 0, place: path, text: readFileAt(rt, resolveSymlinks(rt, path, "full")) }
}

/** C++ Nix: attr-path.cc findPackageFilename. */
function packageDefinition(session: ReplSession, cell: Cell, what: string): Definition {
  const { rt } = session.evaluator
  let position: Cell
  try {
    position = findAlongPath(rt, "meta.position", Attrs.empty, cell).cell
  } catch (e) {
    if (!(e instanceof NixError)) throw e
    throw new NixError("error", `package '${what}' has no source location information`, 0)
  }
  const frame = "while evaluating the 'meta.position' attribute of a derivation"
  const { path: place } = drive(rt, stepCoerceToPath(rt, position, 0, frame)) as PathText
  const parts = /^(.*):(\d+)$/s.exec(place)
  if (parts === null) throw new NixError("parse", `cannot parse 'meta.position' attribute '${place}'`, 0)
  const path = parts[1] as string
  return { path, line: Number(parts[2]), place, text: readFileAt(rt, resolveSymlinks(rt, path, "full")) }
}

const quit: Command = () => "quit"

/** All commands by their names. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [":?", help],
  [":help", help],
  [":a", add],
  [":add", add],
  [":b", build],
  [":bl", build],
  [":e", edit],
  [":edit", edit],
  [":i", shell],
  [":l", load],
  [":load", load],
  [":lf", loadFlake],
  [":load-flake", loadFlake],
  [":ll", lastLoaded],
  [":last-loaded", lastLoaded],
  [":p", print],
  [":print", print],
  [":q", quit],
  [":quit", quit],
  [":r", reload],
  [":reload", reload],
  [":sh", shell],
  [":t", type],
  [":u", shell],
  [":doc", doc],
  [":log", log],
  [":te", traceEnable],
  [":trace-enable", traceEnable],
])

/** Cuts blanks and line ends off both ends. */
export function trim(text: string): string {
  return text.replace(/^[ \n\r\t]+|[ \n\r\t]+$/g, "")
}
