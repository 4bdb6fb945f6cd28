// `thunkpad derivation explain [--json] PATH[^OUTPUT]…`: the steps by which store paths come about, each with a shell command
// that repeats it, and whether what is stated fits. PATH is a `.drv` (in the store of --store, or a file with its inputs
// beside it), a `.narinfo` file, or an object in the store. With `-f FILE [-A ATTRIBUTE]` or `--expr NIX` a derivation is
// evaluated first, and its attributes have their places in the Nix files; PATH then is any store path that this made (an input's
// output, a text, a source), and the derivation itself if none is given.

import * as fs from "node:fs"
import { NixError } from "../eval/error.ts"
import type { Evaluator } from "../eval/evaluator.ts"
import { explainerOf as explainerOfEvaluation, explainPath, watchStore } from "../eval/explain.ts"
import { reading } from "../eval/format-fault.ts"
import { joinPath, parentPath } from "../eval/path.ts"
import { NixString, type Value } from "../eval/value.ts"
import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import { escapeAterm, printAterm } from "../formats/derivation/aterm-writer.ts"
import type { Derivation } from "../formats/derivation/derivation.ts"
import { type ContentsFrom, Explainer, stepsTo } from "../formats/explain/explainer.ts"
import { verdictToJson } from "../formats/explain/json.ts"
import type { Explanation, Origin, Step } from "../formats/explain/step.ts"
import { type Check, type Verdict, verifyDerivation, verifyNarInfo } from "../formats/explain/verify.ts"
import type { JsonObject } from "../formats/json/value.ts"
import { printJson } from "../formats/json/write.ts"
import { type FileTree, TreeBuilder } from "../formats/nar/tree.ts"
import { parseNarInfo } from "../formats/narinfo/nar-info.ts"
import { parsePublicKey } from "../formats/narinfo/signature.ts"
import { drvNameOfPath, isDerivationPath, namePart, parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { type Arguments, readArguments } from "./command.ts"
import { openDrv } from "./drv-argument.ts"
import { raw } from "./host.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { attempt } from "./tree-writer.ts"
import { UsageError } from "./usage-error.ts"

/** Runs the command. Status 1 if something is wrong. `--key NAME:KEY` checks a narinfo's signatures, `--nar FILE` its archive. */
export async function derivationExplain(argv: readonly string[], session: Session): Promise<number> {
  const given = readArguments(argv, session, {
    switches: ["--json"],
    values: [["-f", "--file"], ["-A", "--attr"], ["-E", "--expr"], "--key", "--nar"],
  })
  const source = given.get("--file") ?? given.get("--expr")
  if (given.positional.length === 0 && source === undefined)
    throw new UsageError("'thunkpad derivation explain' takes derivations, store paths or narinfo files")
  const all: { [argument: string]: JsonObject } = {}
  let status = 0
  const evaluated = source === undefined ? undefined : await evaluate(session, given)
  const wanted = evaluated !== undefined && given.positional.length === 0 ? [evaluated.path] : given.positional
  for (const argument of wanted) {
    const [path, output] = argument.split("^", 2) as [string, string?]
    let verdict: Verdict
    if (evaluated !== undefined) verdict = explainMade(session, evaluated.ev, path)
    else if (path.endsWith(".narinfo")) verdict = explainNarInfo(session, path, given.get("--key"), given.get("--nar"))
    else if (path.endsWith(".drv")) verdict = explainDrv(session, path)
    else verdict = explainObject(session.requireStore(), path)
    if (output !== undefined) verdict = { ...verdict, explanation: stepsTo(verdict.explanation, output) }
    if (verdict.status === "wrong") status = 1
    if (given.has("--json")) all[argument] = verdictToJson(verdict)
    else session.out(printVerdict(argument, verdict))
  }
  if (given.has("--json")) session.out(`${printJson(all)}\n`)
  return status
}

/** An explainer of derivations whose texts `text` gives. */
function explainerOf(text: (path: StorePath) => string | undefined, storeDir: string): Explainer {
  const read = (path: StorePath): Derivation | undefined => {
    const found = text(path)
    return found === undefined ? undefined : parseAterm(found, drvNameOfPath(path), storeDir)
  }
  return new Explainer({ read, storeDir })
}

function explainDrv(session: Session, argument: string): Verdict {
  const { path, storeDir, text } = openDrv(session, argument)
  const aterm = text(path)
  if (aterm === undefined) throw new NixError("invalid-path", `path '${storeDir}/${path}' is not valid`, 0)
  return verifyDerivation(explainerOf(text, storeDir), path, aterm)
}

/** Evaluates the derivation of an expression; functions are called with their defaults. */
async function evaluate(session: Session, given: Arguments): Promise<{ readonly ev: Evaluator; readonly path: string }> {
  const ev = session.evaluator("read-only")
  watchStore(ev.rt)
  const file = given.get("--file")
  const expr = file === undefined ? given.get("--expr")! : `import "${escapeAterm(joinPath(session.cwd, file)).replaceAll("${", "\\${")}"`
  const attr = given.get("--attr")
  const call = "(f: if builtins.isFunction f then f { } else f)"
  const selected = `(${call} (${expr}\n))${attr === undefined ? "" : `.${attr}`}`
  const cell = ev.cell(ev.load(`(${call} ${selected}).drvPath`, { kind: "string" }, session.cwd))
  const path = textOf(await ev.settle(() => ev.force(cell)))
  if (path === undefined) throw new UsageError("the expression is no derivation")
  return { ev, path }
}

/** What an evaluation has put into the store: derivations are read back and checked, the rest is what it was computed to be. */
function explainMade(session: Session, { rt }: Evaluator, path: string): Verdict {
  const drvPath = reading(() => parseStorePath(path, session.storeDir))
  if (rt.drvs.watched?.drvs.has(drvPath)) {
    const explainer = explainerOfEvaluation(rt)
    return verifyDerivation(explainer, drvPath, printAterm(explainer.read(drvPath), session.storeDir))
  }
  const explanation = explainPath(rt, path, true)
  if (explanation === undefined) throw new UsageError(`the evaluation did not make '${path}'`)
  // A source may have changed since it was evaluated.
  const status = explanation.steps.some(({ result }) => result === path) ? "verified" : "wrong"
  return { status, checks: [{ what: path, status }], explanation }
}

function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value
  return value instanceof NixString ? value.text : undefined
}

function readBytes(file: string): Buffer {
  return attempt(`reading '${file}'`, () => fs.readFileSync(raw(file)))
}

function explainNarInfo(session: Session, argument: string, key: string | undefined, nar: string | undefined): Verdict {
  const file = joinPath(session.cwd, argument)
  const { info } = parseNarInfo(readBytes(file).toString("latin1"), argument, session.storeDir)
  const text = (path: StorePath): string | undefined => {
    const { store } = session
    for (const at of [`${parentPath(file)}/${path}`, ...(store === null ? [] : [store.real(store.print(path))])]) {
      if (fs.existsSync(raw(at))) return readBytes(at).toString("latin1")
    }
    return undefined
  }
  return verifyNarInfo(explainerOf(text, info.storeDir), info, {
    ...(key === undefined ? {} : { keys: [parsePublicKey(key)] }),
    ...(nar === undefined ? {} : { nar: readBytes(joinPath(session.cwd, nar)) }),
  })
}

/** An object in the store: an output of a derivation there, or else what its content makes it. */
function explainObject(store: StoreFolder, argument: string): Verdict {
  const path = reading(() => parseStorePath(argument, store.storeDir))
  const full = store.print(path)
  const text = (at: StorePath): string | undefined => (store.has(at) ? store.readText(at) : undefined)
  const explainer = explainerOf(text, store.storeDir)
  for (const drvPath of store.paths().filter(isDerivationPath)) {
    const aterm = store.readText(drvPath)
    if (!aterm.includes(`"${full}"`)) continue
    const explanation = explainer.derivation(drvPath)
    for (const [name, id] of explanation.results) {
      if (name === "drvPath" || explanation.steps.find((step) => step.id === id)?.result !== full) continue
      const check: Check = { what: `output '${name}' of ${store.print(drvPath)}`, status: "verified" }
      return { status: "verified", checks: [check], explanation: stepsTo(explanation, name) }
    }
  }
  return explainContent(store, explainer, path)
}

function explainContent(store: StoreFolder, explainer: Explainer, path: StorePath): Verdict {
  const full = store.print(path)
  const builder = new TreeBuilder()
  store.walk(path, builder.handle)
  const tree: FileTree = builder.tree
  const from: ContentsFrom = { file: store.real(full) }
  const name = namePart(path)
  const ways: [string, () => Explanation][] = [["a source, hashed as an archive", () => explainer.tree(name, tree, from)]]
  if (tree.kind === "regular" && !tree.executable) {
    const { contents } = tree
    ways.push(
      ["a text", () => explainer.text(name, contents, store.references(path), from)],
      ["a file, hashed by its bytes", () => explainer.flat(name, contents, from)],
    )
  }
  for (const [what, explain] of ways) {
    const explanation = explain()
    if (explanation.steps.at(-1)?.result === full) return { status: "verified", checks: [{ what, status: "verified" }], explanation }
  }
  const why = "no derivation here has this output, and the content makes other paths"
  return { status: "unknown", checks: [{ what: full, status: "unknown", why }], explanation: { steps: [], results: new Map() } }
}

const shown = 72

function cut(text: string): string {
  const line = text.replaceAll("\n", "\\n")
  return line.length <= shown ? line : `${line.slice(0, shown)}...`
}

function printOrigin(from: Origin): string {
  switch (from.kind) {
    case "attribute": {
      const at = from.position === undefined ? "" : ` at ${from.position.file}:${from.position.line}:${from.position.column}`
      return `attribute '${from.name}'${from.index === undefined ? "" : `, element ${from.index}`}${at}`
    }
    case "step":
      return `step ${from.id}`
    case "file":
      return `file ${from.path}`
    case "derivation":
      return `stands for ${from.drvPaths.join(", ")}`
    case "reference":
      return "a reference"
    case "masked":
      return "left out"
    case "given":
    case "setting":
      return from.name
  }
}

function printStep(step: Step): string {
  const inputs = step.inputs.map(({ name, value, from }) => `    ${name} = ${cut(value)}    (${printOrigin(from)})\n`)
  return `\n${step.id}: ${step.title}\n    in Nix: ${step.source}\n${inputs.join("")}  = ${step.result}\n${step.shell}\n`
}

function printCheck({ what, status, stated, computed, step, why }: Check): string {
  let text = `  ${status}: ${what}\n`
  if (stated !== undefined) text += `      stated   ${stated}\n`
  if (computed !== undefined) text += `      computed ${computed}${step === undefined ? "" : `    (step ${step})`}\n`
  if (why !== undefined) text += `      ${why}\n`
  return text
}

function printVerdict(argument: string, { status, checks, explanation }: Verdict): string {
  return `${argument}: ${status}\n${checks.map(printCheck).join("")}${explanation.steps.map(printStep).join("")}`
}
