// `thunkpad instantiate`: takes what nix-instantiate takes for evaluation and prints the same bytes.
// C++ Nix: src/nix/nix-instantiate/nix-instantiate.cc.

import { readFileAt, resolveSymlinks } from "../eval/access.ts"
import { Attrs } from "../eval/attrs.ts"
import { autoCall, findAlongPath } from "../eval/auto-call.ts"
import { coerceToString, interpolate } from "../eval/coerce.ts"
import { forceDeep } from "../eval/deep.ts"
import { drive } from "../eval/drive.ts"
import { NixError, stopOf } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { resolveExprPath } from "../eval/files.ts"
import { force } from "../eval/force.ts"
import { findPackages } from "../eval/package-info.ts"
import { canonPath, joinPath, parentPath } from "../eval/path.ts"
import { printAmbiguous } from "../eval/print-ambiguous.ts"
import { renderError } from "../eval/report.ts"
import { fetchPseudoUrl, findFile, isPseudoUrl } from "../eval/search-path.ts"
import { toJson } from "../eval/to-json.ts"
import { stepToXml } from "../eval/to-xml.ts"
import type { Cell } from "../eval/value.ts"
import { unreachable } from "../formats/error.ts"
import { show } from "../lang/show.ts"
import { RootPrinter } from "./gc-root.ts"
import { bytes } from "./host.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

type Output = "plain" | "raw" | "xml" | "json"

/** Milliseconds of each phase; files that are imported are parsed while evaluating. */
interface Times {
  parse: number
  evaluate: number
  print: number
}

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
  times: Times
  output: Output
  /** Whether evaluation alone may write into the store. */
  readWrite: boolean
  roots: RootPrinter
}

/** Runs the command; returns the exit status. `argv` are the arguments after the command's name. */
export async function instantiate(argv: readonly string[], session: Session): Promise<number> {
  const options = readOptions(argv, session)
  const evaluator = session.evaluator(options.evalOnly && !options.readWrite ? "read-only" : "read-write")
  const { rt } = evaluator
  const started = performance.now()
  let status = 0
  try {
    await run(options, evaluator, session)
  } catch (e) {
    if (e instanceof NixError) {
      session.err(renderError(e, rt.sources, { showTrace: rt.showTrace, color: session.color }))
      if (e.kind === "usage") session.err("Try 'nix-instantiate --help' for more information.")
    } else {
      const stop = stopOf(e)
      if (stop === undefined) throw e
      session.err(`error: ${stop.message}`)
    }
    status = 1
  } finally {
    session.close()
  }
  if (options.stats) session.err(JSON.stringify(statistics(evaluator, options.times, performance.now() - started)))
  return status
}

function statistics({ rt }: Evaluator, { parse, evaluate, print }: Times, total: number): object {
  const ms = (n: number): number => Math.round(n * 10) / 10
  const times = { parse: ms(parse), evaluate: ms(evaluate), print: ms(print), total: ms(total) }
  return { steps: rt.stepsTaken(), bytes: rt.bytes, symbols: rt.symbols.count, milliseconds: times }
}

/** Awaits work and adds what it took to a phase, however it ends. */
async function timed<T>(times: Times, phase: keyof Times, work: () => T | Promise<T>): Promise<T> {
  const started = performance.now()
  try {
    return await work()
  } finally {
    times[phase] += performance.now() - started
  }
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
    times: { parse: 0, evaluate: 0, print: 0 },
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

async function run(o: Options, evaluator: Evaluator, session: Session): Promise<void> {
  const { rt } = evaluator
  if (o.findFile) {
    for (const file of o.files) session.out(`${await evaluator.settle(() => findFile(rt, rt.settings.nixPath, file, 0))}\n`)
    return
  }
  const args = new Map<string, Cell>()
  for (const a of o.autoArgs)
    args.set(a.name, a.isString ? a.value : evaluator.cell(evaluator.load(a.value, { kind: "string" }, session.cwd)))
  const auto = Attrs.ofMap(args, null)
  if (o.stdin) await process1(o, evaluator, session, auto, session.streams.stdin(), { kind: "stdin" }, session.cwd)
  else if (o.files.length === 0 && !o.expr) o.files.push("./default.nix")
  for (const file of o.files) {
    if (o.expr) {
      await process1(o, evaluator, session, auto, file, { kind: "string" }, session.cwd)
      continue
    }
    const { path, text } = await evaluator.settle(() => {
      const path = resolveExprPath(rt, fileArgument(evaluator, session, file))
      return { path, text: readFileAt(rt, resolveSymlinks(rt, path, "full")) }
    })
    await process1(o, evaluator, session, auto, text, { kind: "file", path }, parentPath(path))
  }
}

/** A file argument: `<search/path>`, the address of an archive, or a path (C++ Nix: lookupFileArg). */
function fileArgument(evaluator: Evaluator, session: Session, file: string): string {
  if (isPseudoUrl(file)) return fetchPseudoUrl(evaluator.rt, file)
  if (file.startsWith("<") && file.endsWith(">") && file.length > 2)
    return findFile(evaluator.rt, evaluator.rt.settings.nixPath, file.slice(1, -1), 0)
  return file.startsWith("/") ? canonPath(file) : joinPath(session.cwd, file)
}

type OriginOf = Parameters<Evaluator["parse"]>[1]

async function process1(
  o: Options,
  evaluator: Evaluator,
  session: Session,
  auto: Attrs,
  text: string,
  origin: OriginOf,
  base: string,
): Promise<void> {
  const { times } = o
  const expr = await timed(times, "parse", () => evaluator.bind(evaluator.parse(text, origin, base), evaluator.scope))
  if (o.parseOnly) {
    await timed(times, "print", () => session.out(`${show(expr)}\n`))
    return
  }
  const root = evaluator.rootCell(expr)
  await timed(times, "evaluate", () => evaluator.settle(() => evaluator.force(root)))
  for (const path of o.attrPaths) {
    const cell = await timed(times, "evaluate", () => evaluator.settle(() => found(evaluator, auto, path, root)))
    // Printing evaluates what it comes to.
    await timed(times, "print", async () => {
      if (o.evalOnly) session.out(await evaluator.settle(() => printed(o, evaluator, auto, cell)))
      else await printPackages(o, evaluator, session, auto, cell)
    })
  }
}

/** The cell at an attribute path, evaluated. */
function found({ rt }: Evaluator, auto: Attrs, path: string, root: Cell): Cell {
  const { cell } = findAlongPath(rt, path, auto, root)
  force(rt, cell, 0)
  return cell
}

/** A value as --eval prints it. */
function printed(o: Options, { rt }: Evaluator, auto: Attrs, cell: Cell): string {
  const result = auto.size === 0 ? cell : autoCall(rt, auto, force(rt, cell, 0))
  switch (o.output) {
    case "raw":
      return coerceToString(rt, result, 0, "while generating the nix-instantiate output", interpolate).text
    case "xml":
      return drive(rt, stepToXml(rt, result, { strict: o.strict, location: o.location })).text
    case "json":
      return `${toJson(rt, result, { strict: o.strict, copy: true }).text}\n`
    case "plain":
      if (o.strict) forceDeep(rt, result)
      return `${printAmbiguous(rt, result)}\n`
    default:
      return unreachable(o.output)
  }
}

/** Prints the `.drv` of each derivation in the value, `!OUTPUT` behind it if another output than `out` is meant. */
async function printPackages(o: Options, evaluator: Evaluator, session: Session, auto: Attrs, cell: Cell): Promise<void> {
  const { rt } = evaluator
  for (const info of await evaluator.settle(() => findPackages(rt, cell, auto))) {
    const { drvPath, output } = await evaluator.settle(() => ({ drvPath: info.drvPath(rt), output: info.outputName(rt) }))
    if (output === "") throw new NixError("error", `derivation '${drvPath}' lacks an 'outputName' attribute`, 0)
    session.out(`${o.roots.print(drvPath)}${output === "out" ? "" : `!${output}`}\n`)
  }
}
