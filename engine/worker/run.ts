// One run: a request with an evaluator of its own, made from data, so that any worker can make it again.

import { readFileAt, resolveSymlinks } from "../eval/access.ts"
import { Attrs } from "../eval/attrs.ts"
import { type AutoCalls, autoCall, findAlongPath } from "../eval/auto-call.ts"
import { Evaluator } from "../eval/evaluator.ts"
import { watchStore } from "../eval/explain.ts"
import { resolveExprPath } from "../eval/files.ts"
import type { LiveMeter } from "../eval/live-meter.ts"
import { ForceObserver } from "../eval/observer.ts"
import { canonPath, parentPath } from "../eval/path.ts"
import { defaultSettings, type Settings } from "../eval/runtime.ts"
import { type Cell, isList, type Value } from "../eval/value.ts"
import { FormatError } from "../formats/error.ts"
import { parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { Expr } from "../lang/expr.ts"
import { show } from "../lang/show.ts"
import type { Builder } from "../store/builder.ts"
import { EvalIO } from "../store/eval-io.ts"
import type { Window } from "../store/eval-io-prefetch.ts"
import type { HotStore } from "../store/hot-store.ts"
import { type MountedFile, Mounts } from "../store/mount.ts"
import type { BuildSettings } from "./build-protocol.ts"
import type { EvaluateRequest, FileData, Ref } from "./protocol.ts"
import { RunRepl } from "./run-repl.ts"
import type { RunSide, TabNetwork } from "./tab-network.ts"
import { toBytes } from "./text.ts"

/** What a run works with besides its request. */
export interface RunSurroundings {
  readonly meter: LiveMeter
  readonly store: HotStore
  /** Null unless the request allows it. */
  readonly network: TabNetwork | null
  /** Absent unless the request allows it. */
  readonly builder?: Builder | undefined
  /** How much is fetched ahead; tests say. */
  readonly window?: Window
}

/** A place that a value has not: the program that has it was another one. */
export class NoSuchNode extends RangeError {
  constructor(step: string | number) {
    super(`no such child: ${step}`)
    this.name = "NoSuchNode"
  }
}

export class Run {
  readonly evaluator: Evaluator
  readonly host: EvalIO
  private readonly request: EvaluateRequest
  readonly repl: RunRepl | null
  private tree: Expr | null = null
  private file: Cell | null = null
  private top: Cell | null = null
  private args: Attrs | null = null
  private readonly calls: AutoCalls = new Map()

  /** Throws RangeError for a tree that is no store path. */
  constructor(request: EvaluateRequest, { meter, store, network, builder, window }: RunSurroundings) {
    const mounts = new Mounts(store.storeDir)
    for (const [path, tree] of Object.entries(request.trees ?? {})) mounts.tree(toBytes(path), treeOf(tree, store.storeDir))
    for (const [path, data] of Object.entries(request.files ?? {})) mounts.file(toBytes(path), fileOf(data))
    const env = Object.fromEntries(Object.entries(request.env ?? {}).map(([name, value]) => [toBytes(name), toBytes(value)]))
    this.request = request
    const side: RunSide = { warn: (message) => this.host.log(message), host: () => this.host }
    this.host = new EvalIO(store, {
      mounts,
      env,
      cwd: baseOf(request),
      now: () => Date.now() / 1000,
      ...network?.sources(request.network ?? {}, side),
      ...(builder === undefined ? {} : { builder }),
      ...(window === undefined ? {} : { window }),
    })
    this.evaluator = new Evaluator(this.host, settingsOf(request))
    this.evaluator.rt.meter = meter
    const observe = request.options?.observe ?? 0
    if (observe > 0) this.evaluator.rt.observer = new ForceObserver(observe, () => performance.now())
    if (request.options?.explain !== false) watchStore(this.evaluator.rt)
    this.repl = request.repl === undefined ? null : new RunRepl(this.evaluator, this.host, baseOf(request), request.repl.inputs)
  }

  /** Where what evaluation needs may be built. */
  get builds(): BuildSettings | undefined {
    return this.request.builds
  }

  /** The lines printed since the last call. */
  takeLog(): readonly string[] {
    const { lines } = this.host
    this.host.lines = []
    return lines
  }

  /** The syntax tree as Nix prints it. Throws NixError. */
  printTree(): string {
    return `${show(this.parsed())}\n`
  }

  /**
   * The cell at a place; what lies above it is forced, the cell itself is not. Throws NixError and Stopped for what the program
   * does, NoSuchNode for a place that is not there.
   */
  cell(ref: Ref): Cell {
    const [input, ...inside] = ref
    let cell = this.repl === null ? this.topCell() : this.repl.cell(typeof input === "number" ? input : -1)
    for (const step of this.repl === null ? ref : inside) cell = childAt(this.evaluator.force(cell), step)
    return cell
  }

  /** The syntax tree, its variables resolved. Throws NixError. */
  parsed(): Expr {
    if (this.tree !== null) return this.tree
    const { evaluator, request } = this
    const { rt } = evaluator
    let tree: Expr
    if (request.file !== undefined) {
      const path = resolveExprPath(rt, canonPath(toBytes(request.file)))
      tree = evaluator.parse(readFileAt(rt, resolveSymlinks(rt, path, "full")), { kind: "file", path }, parentPath(path))
    } else tree = evaluator.parse(toBytes(request.expr ?? ""), { kind: "string" }, baseOf(request))
    this.tree = evaluator.bind(tree, evaluator.scope)
    return this.tree
  }

  /** C++ Nix: nix-instantiate.cc processExpr. */
  private topCell(): Cell {
    if (this.top !== null) return this.top
    const { evaluator, request } = this
    const { rt } = evaluator
    this.file ??= evaluator.rootCell(this.parsed())
    if (request.attrPath === undefined && request.args === undefined) {
      this.top = this.file
      return this.top
    }
    this.args ??= this.loadArgs()
    evaluator.force(this.file)
    const { cell } = findAlongPath(rt, toBytes(request.attrPath ?? ""), this.args, this.file, this.calls)
    this.top = this.args.size === 0 ? cell : autoCall(rt, this.args, evaluator.force(cell), this.calls)
    return this.top
  }

  private loadArgs(): Attrs {
    const { evaluator, request } = this
    const args = new Map<string, Cell>()
    for (const [name, arg] of Object.entries(request.args ?? {}))
      args.set(
        toBytes(name),
        "string" in arg ? toBytes(arg.string) : evaluator.cell(evaluator.load(toBytes(arg.expr), { kind: "string" }, baseOf(request))),
      )
    return Attrs.ofMap(args, null)
  }
}

function childAt(value: Value, step: string | number): Cell {
  let child: Cell | undefined
  if (isList(value)) child = typeof step === "number" ? value[step] : undefined
  else if (value instanceof Attrs) {
    const name = typeof step === "string" ? toBytes(step) : value.sortedNames()[step]
    child = name === undefined ? undefined : value.get(name)
  }
  if (child === undefined) throw new NoSuchNode(step)
  return child
}

function baseOf(request: EvaluateRequest): string {
  return canonPath(toBytes(request.base ?? "/"))
}

function treeOf(tree: string, storeDir: string): StorePath {
  try {
    return parseStorePath(toBytes(tree), storeDir)
  } catch (e) {
    throw e instanceof FormatError ? new RangeError(e.message) : e
  }
}

function fileOf(data: FileData): MountedFile {
  if (typeof data === "string" || data instanceof Uint8Array) return toBytes(data)
  if ("program" in data) return { text: toBytes(data.program), executable: true }
  return { symlink: toBytes(data.symlink) }
}

function settingsOf(request: EvaluateRequest): Partial<Settings> {
  const o = request.options ?? {}
  return {
    features: new Set([...defaultSettings.features, ...(o.features ?? [])]),
    system: o.system ?? defaultSettings.system,
    maxCallDepth: o.maxCallDepth ?? defaultSettings.maxCallDepth,
    maxSteps: o.maxSteps ?? defaultSettings.maxSteps,
    maxSeconds: o.maxSeconds ?? defaultSettings.maxSeconds,
    maxBytes: o.maxBytes ?? defaultSettings.maxBytes,
    run: o.run ?? "auto",
    pureEval: o.pureEval ?? false,
    showTrace: o.showTrace ?? false,
    lintUrlLiterals: o.urlLiterals ?? defaultSettings.lintUrlLiterals,
    lintShortPathLiterals: o.shortPathLiterals ?? defaultSettings.lintShortPathLiterals,
    lintAbsolutePathLiterals: o.absolutePathLiterals ?? defaultSettings.lintAbsolutePathLiterals,
    nixPath: (request.nixPath ?? []).map((entry) => {
      const text = toBytes(entry)
      const at = text.indexOf("=")
      return at < 0 ? { prefix: "", path: text } : { prefix: text.slice(0, at), path: text.slice(at + 1) }
    }),
  }
}
