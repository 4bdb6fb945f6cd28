// `thunkpad instantiate`: takes what nix-instantiate takes for evaluation and prints the same bytes.
// C++ Nix: src/nix/nix-instantiate/nix-instantiate.cc.

import { readFileAt, resolveSymlinks } from "../eval/access.ts"
import { Attrs } from "../eval/attrs.ts"
import { autoCall, findAlongPath } from "../eval/auto-call.ts"
import { coerceToString, interpolate } from "../eval/coerce.ts"
import { forceDeep } from "../eval/deep.ts"
import { drive } from "../eval/drive.ts"
import { NixError, Stopped } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { resolveExprPath } from "../eval/files.ts"
import { force } from "../eval/force.ts"
import { findPackages } from "../eval/package-info.ts"
import { canonPath, joinPath, parentPath } from "../eval/path.ts"
import { printAmbiguous } from "../eval/print-ambiguous.ts"
import { renderError } from "../eval/report.ts"
import { findFile } from "../eval/search-path.ts"
import { toJson } from "../eval/to-json.ts"
import { stepToXml } from "../eval/to-xml.ts"
import type { Cell } from "../eval/value.ts"
import { show } from "../lang/show.ts"
import { RootPrinter } from "./gc-root.ts"
import { bytes, type Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

type Output = "plain" | "raw" | "xml" | "json"

interface Options {
  readonly files: string[]
  readonly attrPaths: string[]
  readonly autoArgs: { name: string; value: string; isString: boolean }[]
  stdin: boolean
  expr: boolean
  evalOnly: boolean
  parseOnly: boolean
  findFile: boolean
  strict: boolean
  location: boolean
  stats: boolean
  output: Output
  /** Whether evaluation alone may write into the store. */
  readWrite: boolean
  roots: RootPrinter
}

/** Runs the command; returns the exit status. `argv` are the arguments after the command's name. */
export function instantiate(argv: readonly string[], session: Session): number {
  const options = readOptions(argv, session)
  const evaluator = session.evaluator(options.evalOnly && !options.readWrite ? "read-only" : "read-write")
  const { rt } = evaluator
  const started = performance.now()
  let status = 0
  try {
    run(options, evaluator, session)
  } catch (e) {
    if (e instanceof NixError) {
      session.err(renderError(e, rt.sources, { showTrace: rt.showTrace, color: session.color }))
      if (e.kind === "usage") session.err("Try 'nix-instantiate --help' for more information.")
    } else if (e instanceof Stopped) session.err(`error: ${e.message}`)
    else throw e
    status = 1
  } finally {
    session.close()
  }
  if (options.stats) session.err(JSON.stringify(statistics(evaluator, performance.now() - started)))
  return status
}

function statistics(evaluator: Evaluator, ms: number): object {
  const { rt } = evaluator
  return { steps: rt.stepsTaken(), bytes: rt.bytes, symbols: rt.symbols.count, milliseconds: Math.round(ms * 10) / 10 }
}

function readOptions(argv: readonly string[], session: Session): Options {
  const o: Options = {
    files: [],
    attrPaths: [],
    autoArgs: [],
    stdin: false,
    expr: false,
    evalOnly: false,
    parseOnly: false,
    findFile: false,
    strict: false,
    location: true,
    stats: false,
    output: "plain",
    readWrite: false,
    roots: new RootPrinter(session, null),
  }
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    const value = (n = 1): string => {
      const v = argv[i + n]
      if (v === undefined)
        throw new UsageError(
          n > 1 || arg === "--arg" || arg === "--option"
            ? `flag '${arg}' requires ${arg === "--arg" || arg === "--argstr" || arg === "--option" ? 2 : 1} argument(s), but only ${argv.length - i - 1} were given`
            : `'${arg}' requires an argument`,
        )
      return v
    }
    switch (arg) {
      case "-":
        o.stdin = true
        break
      case "--expr":
      case "-E":
        o.expr = true
        break
      case "--eval":
      case "--eval-only":
        o.evalOnly = true
        break
      case "--parse":
      case "--parse-only":
        o.parseOnly = true
        o.evalOnly = true
        break
      case "--find-file":
        o.findFile = true
        break
      case "--attr":
      case "-A":
        o.attrPaths.push(bytes(value()))
        i++
        break
      case "--raw":
      case "--xml":
      case "--json":
        o.output = arg.slice(2) as Output
        break
      case "--no-location":
        o.location = false
        break
      case "--strict":
        o.strict = true
        break
      case "--read-write-mode":
        o.readWrite = true
        break
      case "--add-root":
        o.roots = new RootPrinter(session, bytes(value()))
        i++
        break
      case "--indirect":
      case "--dry-run":
      case "--readonly-mode":
      case "--impure":
        break
      case "--stats":
        o.stats = true
        break
      case "--arg":
      case "--argstr":
        o.autoArgs.push({ name: bytes(value(1)), value: bytes(value(2)), isString: arg === "--argstr" })
        i += 2
        break
      default: {
        const taken = session.readFlag(argv, i)
        if (taken > 0) i += taken - 1
        else if (arg.startsWith("-")) throw new UsageError(`unrecognised flag '${arg}'`)
        else o.files.push(bytes(arg))
      }
    }
  }
  if (o.attrPaths.length === 0) o.attrPaths.push("")
  return o
}

function run(o: Options, evaluator: Evaluator, session: Session): void {
  const { rt } = evaluator
  if (o.findFile) {
    for (const file of o.files) session.out(`${findFile(rt, rt.settings.nixPath, file, 0)}\n`)
    return
  }
  const args = new Map<string, Cell>()
  for (const a of o.autoArgs)
    args.set(a.name, a.isString ? a.value : evaluator.cell(evaluator.load(a.value, { kind: "string" }, session.cwd)))
  const auto = Attrs.ofMap(args, null)
  if (o.stdin) process1(o, evaluator, session, auto, session.streams.stdin(), { kind: "stdin" }, session.cwd)
  else if (o.files.length === 0 && !o.expr) o.files.push("./default.nix")
  for (const file of o.files) {
    if (o.expr) {
      process1(o, evaluator, session, auto, file, { kind: "string" }, session.cwd)
      continue
    }
    const path = resolveExprPath(rt, fileArgument(evaluator, session, file))
    process1(o, evaluator, session, auto, readFileAt(rt, resolveSymlinks(rt, path, "full")), { kind: "file", path }, parentPath(path))
  }
}

/** A file argument: `<search/path>` or a path (C++ Nix: lookupFileArg). */
function fileArgument(evaluator: Evaluator, session: Session, file: string): string {
  if (file.startsWith("<") && file.endsWith(">") && file.length > 2)
    return findFile(evaluator.rt, evaluator.rt.settings.nixPath, file.slice(1, -1), 0)
  return file.startsWith("/") ? canonPath(file) : joinPath(session.cwd, file)
}

type OriginOf = Parameters<Evaluator["parse"]>[1]

function process1(o: Options, evaluator: Evaluator, session: Session, auto: Attrs, text: string, origin: OriginOf, base: string): void {
  const { rt } = evaluator
  const expr = evaluator.parse(text, origin, base)
  evaluator.bind(expr, evaluator.scope)
  if (o.parseOnly) {
    session.out(`${show(expr)}\n`)
    return
  }
  const root = evaluator.rootCell(expr)
  evaluator.force(root)
  for (const path of o.attrPaths) {
    const { cell } = findAlongPath(rt, path, auto, root)
    const value = force(rt, cell, 0)
    if (!o.evalOnly) {
      printPackages(o, evaluator, session, auto, cell)
      continue
    }
    const result = auto.size === 0 ? cell : autoCall(rt, auto, value)
    switch (o.output) {
      case "raw":
        session.out(coerceToString(rt, result, 0, "while generating the nix-instantiate output", interpolate).text)
        break
      case "xml":
        session.out(drive(rt, stepToXml(rt, result, { strict: o.strict, location: o.location })).text)
        break
      case "json":
        session.out(`${toJson(rt, result, { strict: o.strict, copy: true }).text}\n`)
        break
      case "plain":
        if (o.strict) forceDeep(rt, result)
        session.out(`${printAmbiguous(rt, result)}\n`)
    }
  }
}

/** Prints the `.drv` of each derivation in the value, `!OUTPUT` behind it if another output than `out` is meant. */
function printPackages(o: Options, { rt }: Evaluator, session: Session, auto: Attrs, cell: Cell): void {
  for (const info of findPackages(rt, cell, auto)) {
    const drvPath = info.drvPath(rt)
    const output = info.outputName(rt)
    if (output === "") throw new NixError("error", `derivation '${drvPath}' lacks an 'outputName' attribute`, 0)
    session.out(`${o.roots.print(drvPath)}${output === "out" ? "" : `!${output}`}\n`)
  }
}
