// `thunkpad repl`: the interactive evaluator as `nix repl` is. C++ Nix: src/nix/repl.cc, libcmd/repl.cc.

import { Attrs } from "../eval/attrs.ts"
import { autoCall, findAlongPath } from "../eval/auto-call.ts"
import { drive } from "../eval/drive.ts"
import { NixError, stopOf } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { stepEvalFile } from "../eval/files.ts"
import { force } from "../eval/force.ts"
import { joinPath } from "../eval/path.ts"
import { Repl } from "../eval/repl.ts"
import type { Installable, ReplOptions } from "../eval/repl-session.ts"
import { renderError } from "../eval/report.ts"
import { fetchPseudoUrl, findFile, isPseudoUrl } from "../eval/search-path.ts"
import type { Cell } from "../eval/value.ts"
import { parseStorePath } from "../formats/store-path/store-path.ts"
import { readBuildLog } from "./build-logs.ts"
import { addRoot } from "./gc-root.ts"
import { bytes } from "./host.ts"
import { openEditor } from "./repl-editor.ts"
import { historyFile, ReplHistory } from "./repl-history.ts"
import { pipedInput, type ReplLines } from "./repl-lines.ts"
import { renderMarkdown } from "./repl-markdown.ts"
import { TerminalLines, terminalKeys } from "./repl-terminal.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

const PROMPT = "nix-repl> "
const MORE = "        > "

/** Makes the source of lines; gets what completes a text. */
export type OpenLines = (complete: (text: string) => readonly string[]) => ReplLines

interface Options {
  /** Files, or with --file and --expr attribute paths. */
  readonly names: string[]
  readonly autoArgs: { readonly name: string; readonly value: string; readonly isString: boolean }[]
  file: string | null
  expr: string | null
}

/** Runs the command; returns the exit status. `argv` are the arguments after the command's name. */
export async function repl(argv: readonly string[], session: Session, open: OpenLines = (c) => processLines(session, c)): Promise<number> {
  const options = readOptions(argv, session)
  const { env } = session.streams
  const evaluator = session.evaluator()
  const { rt } = evaluator
  const auto = autoArgs(options, evaluator, session)
  const whole = options.file === null && options.expr === null
  const editor = env["EDITOR"]
  const raw = env["_NIX_TEST_RAW_MARKDOWN"] === "1" || !session.color
  const repl = new Repl(evaluator, {
    cwd: session.cwd,
    color: session.color,
    autoArgs: auto,
    files: whole ? options.names : [],
    print: ({ kind, text }) => session.streams.write(kind === "result" ? 1 : 2, text),
    ...replBuilds(session),
    ...(whole ? {} : { installables: () => installables(options, evaluator, session, auto) }),
    ...(raw ? {} : { markdown: renderMarkdown }),
    ...(editor ? { edit: (d) => suspended(() => openEditor(editor, d)) } : {}),
  })
  session.err(`Nix ${rt.settings.nixVersion}\nType :? for help.`)
  try {
    let isStarted = false
    await evaluator.settle(() => {
      if (isStarted) return repl.restart()
      isStarted = true
      repl.start()
    })
  } catch (e) {
    if (e instanceof NixError) session.err(renderError(e, rt.sources, { showTrace: rt.showTrace, color: session.color }))
    else {
      const stop = stopOf(e)
      if (stop === undefined) throw e
      session.err(`error: ${stop.message}`)
    }
    return 1
  }
  const lines = open((text) => repl.complete(text))
  function suspended<T>(work: () => T): T {
    return lines.suspended === undefined ? work() : lines.suspended(work)
  }
  if (lines.interrupted !== undefined) rt.poll = () => lines.interrupted?.() === true
  try {
    await loop(repl, evaluator, lines, session, env["_NIX_TEST_REPL_ECHO"] === "1")
  } finally {
    lines.close()
    session.close()
  }
  return 0
}

/** What the commands that build do, and why they cannot if that is so. */
function replBuilds(session: Session): Pick<ReplOptions, "builder" | "unable"> {
  const { building, store } = session
  if (store === null) return { unable: "no store is given: '--store FOLDER' says where it is" }
  const log = async (drvPath: string) => {
    const text = readBuildLog(store, parseStorePath(drvPath, store.storeDir))
    return text === null ? null : { text, from: store.root === "" ? "local" : store.root }
  }
  if (building === null) return { builder: { log }, unable: "no endpoint is given: '--endpoint URL' says where is built" }
  const build = async (drvPath: string, outputs: readonly string[]) => {
    const builder = await building.builder()
    const paths = await builder.realise(outputs.map((output) => ({ drvPath, output })))
    return new Map(outputs.map((output, i) => [output, paths[i] as string])) // one for each
  }
  const link = (output: string, path: string): string => {
    const name = `repl-result-${output}`
    addRoot(store, path, joinPath(session.cwd, name))
    return name
  }
  return { builder: { build, log, link } }
}

async function loop(repl: Repl, evaluator: Evaluator, lines: ReplLines, session: Session, echo: boolean): Promise<void> {
  for (let prompt = PROMPT; ; ) {
    const line = await lines.next(prompt)
    if (line.kind === "end") {
      session.out("\n")
      return
    }
    if (line.kind === "cancel") repl.cancel()
    else {
      if (echo) session.out(`${prompt}${line.text}\n`)
      repl.take(line.text)
      const state = await evaluator.settle(() => repl.answer())
      if (state === "quit") return
      if (state === "more") {
        prompt = MORE
        continue
      }
    }
    prompt = PROMPT
    session.out("\n")
  }
}

/** Lines of the real process. */
function processLines(session: Session, complete: (text: string) => readonly string[]): ReplLines {
  const { stdin, stdout } = process
  if (!stdin.isTTY || !stdout.isTTY) return pipedInput(stdin)
  const history = new ReplHistory(historyFile(session.streams.env))
  return new TerminalLines({ input: stdin, output: stdout, history, complete, keys: terminalKeys() })
}

function readOptions(argv: readonly string[], session: Session): Options {
  const o: Options = { names: [], autoArgs: [], file: null, expr: null }
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    const take = (n: number): readonly string[] => {
      const rest = argv.slice(i + 1, i + 1 + n)
      if (rest.length < n) throw new UsageError(`flag '${arg}' requires ${n} argument(s), but only ${rest.length} were given`)
      i += n
      return rest.map(bytes)
    }
    switch (arg) {
      case "--expr":
        o.expr = take(1)[0] as string
        break
      case "--file":
      case "-f":
        o.file = take(1)[0] as string
        break
      case "--arg":
      case "--argstr": {
        const [name, value] = take(2) as [string, string]
        o.autoArgs.push({ name, value, isString: arg === "--argstr" })
        break
      }
      case "--impure":
        break
      case "--debugger":
        throw new UsageError("'--debugger' is not supported yet")
      default: {
        const taken = session.readFlag(argv, i)
        if (taken > 0) i += taken - 1
        else if (arg.startsWith("-") && arg !== "-") throw new UsageError(`unrecognised flag '${arg}'`)
        else o.names.push(bytes(arg))
      }
    }
  }
  if (o.file !== null && o.expr !== null) throw new UsageError("'--file' and '--expr' are exclusive")
  return o
}

/** The values of --arg and --argstr. */
function autoArgs(o: Options, evaluator: Evaluator, session: Session): Attrs {
  const args = new Map<string, Cell>()
  for (const { name, value, isString } of o.autoArgs)
    args.set(name, isString ? value : evaluator.cell(evaluator.load(value, { kind: "string" }, session.cwd)))
  return Attrs.ofMap(args, null)
}

/** The sets that --file and --expr name. C++ Nix: parseInstallables, InstallableAttrPath::toValue. */
function installables(o: Options, evaluator: Evaluator, session: Session, auto: Attrs): Installable[] {
  const { rt } = evaluator
  const root = o.file === null ? evaluator.evaluate(o.expr ?? "", { kind: "string" }, session.cwd) : fileValue(o.file, evaluator, session)
  return (o.names.length === 0 ? ["."] : o.names).map((name) => {
    const what = name === "." ? "" : name
    const { cell, pos } = findAlongPath(rt, what, auto, root)
    force(rt, cell, pos)
    return { what, cell: o.file === null ? cell : autoCall(rt, auto, cell) }
  })
}

function fileValue(file: string, evaluator: Evaluator, session: Session): Cell {
  const { rt } = evaluator
  if (file === "-") return evaluator.evaluate(session.streams.stdin(), { kind: "stdin" }, session.cwd)
  if (isPseudoUrl(file)) return drive(rt, stepEvalFile(rt, fetchPseudoUrl(rt, file)))
  const search = file.length > 2 && file.startsWith("<") && file.endsWith(">")
  const path = search ? findFile(rt, rt.settings.nixPath, file.slice(1, -1), 0) : joinPath(session.cwd, file)
  return drive(rt, stepEvalFile(rt, path))
}
