// Derivations: `derivationStrict` makes one from its attributes. C++ Nix: primops.cc derivationStrictInternal.

import { type Derivation, type DerivationOutput, InputCollector, outputPath } from "../../formats/derivation/derivation.ts"
import { FormatError } from "../../formats/error.ts"
import { requireFeature } from "../../formats/feature.ts"
import { type HashAlgo, parseHashAlgoOpt } from "../../formats/hash/algo.ts"
import { parseHashAllowEmpty } from "../../formats/hash/hash.ts"
import { parseJson } from "../../formats/json/read.ts"
import type { JsonValue } from "../../formats/json/value.ts"
import { printJson } from "../../formats/json/write.ts"
import { type ContentAddressMethod, parseMethod } from "../../formats/store-path/content-address.ts"
import { nameFault } from "../../formats/store-path/name.ts"
import { outputPlaceholder, upstreamPlaceholder } from "../../formats/store-path/placeholder.ts"
import { isDerivationPath, parseStorePath, type StorePath } from "../../formats/store-path/store-path.ts"
import { printIdentifier } from "../../lang/identifier.ts"
import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { coerceToString, forDerivation, stepCoerce } from "../coerce.ts"
import type { Context, ContextElem } from "../context.ts"
import { derivedPathOf, derivedPathOfString, derivedPathText, elementOf } from "../derived-path.ts"
import { drive } from "../drive.ts"
import { NixError } from "../error.ts"
import { force, forceBool, forceList, forcePlainString, forceString, framed } from "../force.ts"
import { reading } from "../format-fault.ts"
import { lookPast } from "../look-ahead.ts"
import { posBytes } from "../print-place.ts"
import { renderError } from "../report.ts"
import type { Runtime } from "../runtime.ts"
import { need, type Step } from "../step.ts"
import { stepKind } from "../step-kind.ts"
import { stepToJson } from "../to-json.ts"
import { logOnce } from "../trace.ts"
import { type Cell, EMPTY_LIST, makeString, NixString, peek, type Value } from "../value.ts"

/** What is gathered while the attributes are read one after another. */
interface Draft {
  readonly name: string
  /** What the strings refer to. */
  readonly context: Set<ContextElem>
  system: string
  builder: string
  readonly args: string[]
  readonly env: Map<string, string>
  /** With `__structuredAttrs`: what goes into `__json`. */
  readonly structured: Map<string, string> | null
  /** The text of `__json` if it was given by hand. */
  json: string | undefined
  outputs: readonly string[]
  contentAddressed: boolean
  impure: boolean
  outputHash: string | undefined
  algo: HashAlgo | undefined
  method: ContentAddressMethod | undefined
}

const noFrame = ""
const argFrame = "while evaluating an element of the argument list"

/** Forces, then checks with a force function that adds no frame of its own (all errors get the attribute's frame). */
function* forced<T>(rt: Runtime, cell: Cell, check: (rt: Runtime, cell: Cell, pos: number, frame: string) => T): Step<T> {
  if (peek(cell) === undefined) yield need(cell, 0)
  return check(rt, cell, 0, noFrame)
}

function refer(draft: Draft, context: Context | null): void {
  if (context !== null) for (let i = 0; i < context.length; i++) draft.context.add(context[i] as ContextElem)
}

function* coerced(rt: Runtime, draft: Draft, cell: Cell, frame: string): Step<string> {
  const known = peek(cell)
  if (typeof known === "string") return known
  const t = known instanceof NixString ? known : ((yield stepCoerce(rt, cell, 0, frame, forDerivation)) as Text)
  refer(draft, t.context)
  return t.text
}

function setMode(rt: Runtime, draft: Draft, mode: string): void {
  try {
    draft.method = mode === "recursive" ? "nar" : parseMethod(mode)
  } catch (e) {
    if (!(e instanceof FormatError)) throw e
    throw new NixError("eval", `invalid value '${mode}' for 'outputHashMode' attribute`, 0)
  }
  reading(() => {
    if (draft.method === "text")
      requireFeature(rt.settings.features, "dynamic-derivations", `text-hashed derivation '${draft.name}', outputHashMode = "text"`)
    if (draft.method === "git") requireFeature(rt.settings.features, "git-hashing")
  })
}

function setOutputs(draft: Draft, names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw new NixError("eval", `duplicate derivation output '${name}'`, 0)
    if (name === "drvPath") throw new NixError("eval", "invalid derivation output name 'drvPath'", 0)
    seen.add(name)
  }
  if (seen.size === 0) throw new NixError("eval", "derivation cannot have an empty set of outputs", 0)
  draft.outputs = names
}

/** Unknown names are ignored, as C++ Nix does. */
function setAlgo(rt: Runtime, draft: Draft, name: string): void {
  draft.algo = reading(() => parseHashAlgoOpt(name, rt.settings.features))
}

const checksBeforeStructuredAttrs = new Set([
  "allowedReferences",
  "allowedRequisites",
  "disallowedReferences",
  "disallowedRequisites",
  "maxSize",
  "maxClosureSize",
])

function warnAttribute(rt: Runtime, draft: Draft, pos: number, message: string): void {
  const warning = new NixError("eval", message, pos).frame(0, `while evaluating derivation '${draft.name}'`)
  logOnce(rt, renderError(warning, rt.sources, { prefix: "warning", showTrace: rt.showTrace }))
}

function* readAttribute(rt: Runtime, draft: Draft, key: string, cell: Cell, pos: number): Step<void> {
  switch (key) {
    case "__contentAddressed":
      if ((yield forced(rt, cell, forceBool)) as boolean) {
        draft.contentAddressed = true
        reading(() => requireFeature(rt.settings.features, "ca-derivations"))
      }
      return
    case "__impure":
      if ((yield forced(rt, cell, forceBool)) as boolean) {
        draft.impure = true
        reading(() => requireFeature(rt.settings.features, "impure-derivations"))
      }
      return
    case "args":
      for (const arg of (yield forced(rt, cell, forceList)) as readonly Cell[])
        draft.args.push((yield coerced(rt, draft, arg, argFrame)) as string)
      return
  }
  if (draft.structured === null) yield readPlain(rt, draft, key, cell, pos)
  else if (key !== "__structuredAttrs") yield readStructured(rt, draft, draft.structured, key, cell, pos)
}

function* readPlain(rt: Runtime, draft: Draft, key: string, cell: Cell, pos: number): Step<void> {
  setPlain(rt, draft, key, (yield coerced(rt, draft, cell, noFrame)) as string, pos)
}

/** An attribute as an environment variable, and what it says about the derivation itself. */
function setPlain(rt: Runtime, draft: Draft, key: string, s: string, pos: number): void {
  if (key === "__json") {
    warnAttribute(
      rt,
      draft,
      pos,
      "setting structured attributes via '__json' is deprecated, and may be disallowed in future versions of Nix. Set '__structuredAttrs = true' instead.",
    )
    draft.json = reading(() => printJson(parseJson(s)))
    return
  }
  draft.env.set(key, s)
  if (key === "builder") draft.builder = s
  else if (key === "system") draft.system = s
  else if (key === "outputHash") draft.outputHash = s
  else if (key === "outputHashAlgo") setAlgo(rt, draft, s)
  else if (key === "outputHashMode") setMode(rt, draft, s)
  else if (key === "outputs")
    setOutputs(
      draft,
      s.split(/[ \t\n\r]+/).filter((o) => o !== ""),
    )
}

function* readStructured(rt: Runtime, draft: Draft, structured: Map<string, string>, key: string, cell: Cell, pos: number): Step<void> {
  const json = (yield stepToJson(rt, cell, { strict: true, copy: true })) as Text
  refer(draft, json.context)
  structured.set(key, json.text)
  const plain = function* (): Step<string> {
    return (yield forced(rt, cell, forcePlainString)) as string
  }
  if (key === "builder") {
    const t = (yield forced(rt, cell, forceString)) as Text
    refer(draft, t.context)
    draft.builder = t.text
  } else if (key === "system") draft.system = (yield plain()) as string
  else if (key === "outputHash") draft.outputHash = (yield plain()) as string
  else if (key === "outputHashAlgo") setAlgo(rt, draft, (yield plain()) as string)
  else if (key === "outputHashMode") setMode(rt, draft, (yield plain()) as string)
  else if (key === "outputs") {
    const names: string[] = []
    for (const item of (yield forced(rt, cell, forceList)) as readonly Cell[])
      names.push((yield forced(rt, item, forcePlainString)) as string)
    setOutputs(draft, names)
  } else if (checksBeforeStructuredAttrs.has(key))
    warnAttribute(
      rt,
      draft,
      pos,
      `'structuredAttrs' disables the effect of the derivation attribute '${key}'; use 'outputChecks.<output>.${key}' instead`,
    )
}

/** A store path of this evaluator's store directory, without the directory. */
function baseName(rt: Runtime, path: string): StorePath {
  return parseStorePath(path, rt.host.storeDir)
}

/** What the strings refer to becomes inputs. */
function inputsOf(rt: Runtime, context: ReadonlySet<ContextElem>): InputCollector {
  const inputs = new InputCollector(rt.drvs.singleOutputs)
  for (const elem of context) {
    if (elem.kind === "opaque") inputs.inputSrcs.add(baseName(rt, elem.path))
    else if (elem.kind === "built") {
      inputs.add(derivedPathOf(rt, elem))
    } else
      for (const path of rt.drvs.closure(baseName(rt, elem.path))) {
        inputs.inputSrcs.add(path)
        if (isDerivationPath(path)) for (const output of rt.drvs.outputs(path)) inputs.addOutput(path, output)
      }
  }
  return inputs
}

/** The derivation of a finished draft; outputs without a known path are deferred. */
function derivationOf(rt: Runtime, draft: Draft): Derivation {
  const { name, outputs, env } = draft
  const inputs = inputsOf(rt, draft.context)
  if (draft.builder === "") throw new NixError("eval", "required attribute 'builder' missing", 0)
  if (draft.system === "") throw new NixError("eval", "required attribute 'system' missing", 0)
  const single = outputs.length === 1 && outputs[0] === "out"
  if (name.endsWith(".drv") && !(draft.method === "text" && single))
    throw new NixError("eval", "derivation names are allowed to end in '.drv' only if they produce a single derivation file", 0)
  const made = new Map<string, DerivationOutput>()
  if (draft.outputHash !== undefined) {
    if (!single) throw new NixError("eval", "multiple outputs are not supported in fixed-output derivations", 0)
    const text = draft.outputHash
    const warn = (message: string): void => logOnce(rt, `warning: ${message}`)
    const hash = reading(() => parseHashAllowEmpty(text, draft.algo, warn, rt.settings.features))
    const output: DerivationOutput = { kind: "caFixed", address: { method: draft.method ?? "flat", hash } }
    made.set("out", output)
    env.set("out", `${rt.host.storeDir}/${reading(() => outputPath(output, name, "out", rt.host.storeDir))}`)
  } else if (draft.contentAddressed || draft.impure) {
    if (draft.contentAddressed && draft.impure) throw new NixError("eval", "derivation cannot be both content-addressed and impure", 0)
    for (const o of outputs) {
      env.set(o, outputPlaceholder(o))
      made.set(o, { kind: draft.impure ? "impure" : "caFloating", method: draft.method ?? "nar", algo: draft.algo ?? "sha256" })
    }
  } else
    for (const o of outputs) {
      env.set(o, "")
      made.set(o, { kind: "deferred" })
    }
  let structuredAttrs = draft.json
  if (draft.structured !== null) structuredAttrs = objectText(draft.structured)
  return {
    name,
    outputs: made,
    inputSrcs: inputs.inputSrcs,
    inputDrvs: inputs.inputDrvs,
    system: draft.system,
    builder: draft.builder,
    args: draft.args,
    env,
    structuredAttrs,
  }
}

/** A JSON object from texts of its members, keys in byte order. */
function objectText(members: ReadonlyMap<string, string>): string {
  const keys = [...members.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${keys.map((k) => `${printJson(k as JsonValue)}:${members.get(k)}`).join(",")}}`
}

function checkDerivationName(name: string): void {
  const fault = nameFault(name)
  if (fault !== undefined) throw new NixError("eval", `invalid derivation name: ${fault}. Please pass a different 'name'.`, 0)
}

function newDraft(name: string, structured: boolean): Draft {
  return {
    name,
    context: new Set(),
    system: "",
    builder: "",
    args: [],
    env: new Map(),
    structured: structured ? new Map() : null,
    json: undefined,
    outputs: ["out"],
    contentAddressed: false,
    impure: false,
    outputHash: undefined,
    algo: undefined,
    method: undefined,
  }
}

const flagFrame = (key: string): string => `while evaluating the \`${key}\` attribute passed to builtins.derivationStrict`

function frameAttribute(e: unknown, draft: Draft, attrs: Attrs, key: string): unknown {
  if (e instanceof NixError) e.frame(attrs.posOf(key), `while evaluating attribute '${printIdentifier(key)}' of derivation '${draft.name}'`)
  return e
}

function* stepMake(rt: Runtime, name: string, attrs: Attrs): Step<Value> {
  checkDerivationName(name)
  const flag = function* (key: string): Step<boolean> {
    const cell = attrs.get(key)
    if (cell === undefined) return false
    return (yield stepKind(rt, cell, "bool", 0, flagFrame(key))) as boolean
  }
  const draft = newDraft(name, (yield flag("__structuredAttrs")) as boolean)
  const ignoreNulls = (yield flag("__ignoreNulls")) as boolean
  yield stepAttributes(rt, draft, attrs, ignoreNulls)
  return finish(rt, draft, attrs)
}

function* stepAttributes(rt: Runtime, draft: Draft, attrs: Attrs, ignoreNulls: boolean): Step<void> {
  for (const key of attrs.sortedNames()) {
    if (key === "__ignoreNulls") continue
    const cell = attrs.get(key) as Cell
    try {
      if (ignoreNulls && ((yield need(cell, 0)) as Value) === null) continue
      yield readAttribute(rt, draft, key, cell, attrs.posOf(key))
    } catch (e) {
      throw lookPast(rt, frameAttribute(e, draft, attrs, key), attrs, key)
    }
  }
}

/** The same natively: a package set makes tens of thousands of derivations with some fifty attributes each. */
function make(rt: Runtime, name: string, attrs: Attrs): Value {
  checkDerivationName(name)
  const flag = (key: string): boolean => {
    const cell = attrs.get(key)
    return cell !== undefined && forceBool(rt, cell, 0, flagFrame(key))
  }
  const draft = newDraft(name, flag("__structuredAttrs"))
  const ignoreNulls = flag("__ignoreNulls")
  if (draft.structured !== null) drive(rt, stepAttributes(rt, draft, attrs, ignoreNulls))
  else {
    const names = attrs.names()
    const cells = attrs.cells()
    for (const i of attrs.sortedIndexes()) {
      const key = names[i] as string
      if (key === "__ignoreNulls") continue
      const cell = cells[i] as Cell
      try {
        if (ignoreNulls && force(rt, cell, 0) === null) continue
        if (key === "args") for (const arg of forceList(rt, cell, 0, noFrame)) draft.args.push(coerceNow(rt, draft, arg, argFrame))
        else if (key === "__contentAddressed" || key === "__impure") drive(rt, readAttribute(rt, draft, key, cell, 0))
        // Only one of them says where it is.
        else setPlain(rt, draft, key, coerceNow(rt, draft, cell, noFrame), key === "__json" ? attrs.posOf(key) : 0)
      } catch (e) {
        throw lookPast(rt, frameAttribute(e, draft, attrs, key), attrs, key)
      }
    }
  }
  return finish(rt, draft, attrs)
}

function coerceNow(rt: Runtime, draft: Draft, cell: Cell, frame: string): string {
  const known = peek(cell)
  if (typeof known === "string") return known
  // Half of all attributes are these.
  if (known === true) return "1"
  if (known === false || known === null || known === EMPTY_LIST) return ""
  const t = known instanceof NixString ? known : coerceToString(rt, cell, 0, frame, forDerivation)
  refer(draft, t.context)
  return t.text
}

/** Completes a draft and gives `{ drvPath; out; … }`. */
function finish(rt: Runtime, draft: Draft, attrs: Attrs): Value {
  const made = rt.drvs.add(derivationOf(rt, draft))
  const { drvPath } = made
  rt.drvs.watched?.drvs.set(drvPath, { drv: made.drv, attrs })
  const dir = rt.host.storeDir
  const full = `${dir}/${drvPath}`
  const names = ["drvPath"]
  const cells: Cell[] = [makeString(full, [rt.contexts.drvDeep(full)])]
  for (const [output, how] of made.outputs) {
    const path = outputPath(how, draft.name, output, dir)
    const text = path === undefined ? upstreamPlaceholder(drvPath, output) : `${dir}/${path}`
    names.push(output)
    cells.push(makeString(text, [rt.contexts.built(full, output)]))
  }
  return Attrs.ofShape(rt.shapes.of(names), cells, null, 0)
}

const derivationStrict = builtin({
  name: "derivationStrict",
  global: true,
  args: [["attrs", "attrs"]],
  doc: `Makes a derivation from the attributes of a set at once: computes its \`.drv\` file and the paths of its outputs, and returns
them as \`{ drvPath; out; … }\`. \`derivation\` is the lazy form that programs use.`,
  see: "primops.cc prim_derivationStrict",
  examples: [
    {
      nix: 'builtins.attrNames (derivationStrict { name = "x"; system = "s"; builder = "b"; })',
      gives: '[ "drvPath" "out" ]',
    },
  ],
  run(rt, attrs) {
    const cell = nameCell(attrs)
    let name: string
    try {
      name = forcePlainString(rt, cell, 0, nameFrame)
    } catch (e) {
      throw framed(e, attrs.posOf("name"), "while evaluating the derivation attribute 'name'")
    }
    try {
      return make(rt, name, attrs)
    } catch (e) {
      throw frameDerivation(rt, e, attrs, name)
    }
  },
  *step(rt, attrs) {
    const cell = nameCell(attrs)
    let name: string
    try {
      name = (yield stepKind(rt, cell, "plain", 0, nameFrame)) as string
    } catch (e) {
      throw framed(e, attrs.posOf("name"), "while evaluating the derivation attribute 'name'")
    }
    try {
      return (yield stepMake(rt, name, attrs)) as Value
    } catch (e) {
      throw frameDerivation(rt, e, attrs, name)
    }
  },
})

const nameFrame = "while evaluating the `name` attribute passed to builtins.derivationStrict"

function nameCell(attrs: Attrs): Cell {
  const cell = attrs.get("name")
  if (cell !== undefined) return cell
  throw new NixError("type", "attribute 'name' missing", 0).frame(0, "in the attrset passed as argument to builtins.derivationStrict")
}

/** The frame that is always shown: which derivation, and where its name is. */
function frameDerivation(rt: Runtime, e: unknown, attrs: Attrs, name: string): unknown {
  if (e instanceof NixError)
    e.frameAlways(
      0,
      `while evaluating derivation '${name}'\n  whose name attribute is located at ${posBytes(rt.sources, attrs.posOf("name"))}`,
    )
  return e
}

const referenceFrame = "while evaluating the first argument to builtins.outputOf"
const outputFrame = "while evaluating the second argument to builtins.outputOf"

const outputOf = builtin({
  name: "outputOf",
  args: [
    ["derivation-reference", "string", referenceFrame],
    ["output-name", "lazy"],
  ],
  doc: `Returns the path of an output of a derivation, or a placeholder for it where it is not known before something is built. The
derivation is given by a string that refers to its \`.drv\` file alone (\`builtins.unsafeDiscardOutputDependency drv.drvPath\`), or
to an output of another derivation that makes it; so calls can be nested.`,
  see: "primops.cc prim_outputOf",
  feature: "dynamic-derivations",
  examples: [
    {
      nix: `let d = derivation { name = "x"; system = "s"; builder = "b"; }; in
builtins.outputOf (builtins.unsafeDiscardOutputDependency d.drvPath) "out" == d.outPath`,
      gives: "true",
      features: ["dynamic-derivations"],
    },
    {
      nix: 'builtins.outputOf "x" "out"',
      fails: "string 'x' has 0 entries in its context. It should only have exactly one entry",
      features: ["dynamic-derivations"],
    },
  ],
  *step(rt, reference, outputCell) {
    const drvPath = derivedPathOfString(rt, reference, referenceFrame)
    const output = (yield stepKind(rt, outputCell, "plain", 0, outputFrame)) as string
    const path = { kind: "built", drvPath, output } as const
    return makeString(derivedPathText(rt, path), [elementOf(rt, path)])
  },
})

export const derivations: readonly PrimOp[] = [outputOf, derivationStrict]
