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
import { forDerivation, stepCoerce } from "../coerce.ts"
import { type Context, unionContext } from "../context.ts"
import { NixError } from "../error.ts"
import { forceBool, forceList, forcePlainString, forceString } from "../force.ts"
import { reading } from "../format-fault.ts"
import { posBytes } from "../print-place.ts"
import { renderError } from "../report.ts"
import type { Runtime } from "../runtime.ts"
import { need, type Step } from "../step.ts"
import { stepToJson } from "../to-json.ts"
import { logOnce } from "../trace.ts"
import { type Cell, makeString, NixString, peek, type Value } from "../value.ts"

/** What is gathered while the attributes are read one after another. */
interface Draft {
  readonly name: string
  context: Context | null
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

/** Forces, then checks with a force function that adds no frame of its own (all errors get the attribute's frame). */
function* forced<T>(rt: Runtime, cell: Cell, check: (rt: Runtime, cell: Cell, pos: number, frame: string) => T): Step<T> {
  if (peek(cell) === undefined) yield need(cell, 0)
  return check(rt, cell, 0, noFrame)
}

function* coerced(rt: Runtime, draft: Draft, cell: Cell, frame: string): Step<string> {
  const known = peek(cell)
  if (typeof known === "string") return known
  const t = known instanceof NixString ? known : ((yield stepCoerce(rt, cell, 0, frame, forDerivation)) as Text)
  draft.context = unionContext(draft.context, t.context)
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
        draft.args.push((yield coerced(rt, draft, arg, "while evaluating an element of the argument list")) as string)
      return
  }
  if (draft.structured === null) yield readPlain(rt, draft, key, cell, pos)
  else if (key !== "__structuredAttrs") yield readStructured(rt, draft, draft.structured, key, cell, pos)
}

function* readPlain(rt: Runtime, draft: Draft, key: string, cell: Cell, pos: number): Step<void> {
  const known = peek(cell)
  const s = typeof known === "string" ? known : ((yield coerced(rt, draft, cell, noFrame)) as string)
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
  draft.context = unionContext(draft.context, json.context)
  structured.set(key, json.text)
  const plain = function* (): Step<string> {
    return (yield forced(rt, cell, forcePlainString)) as string
  }
  if (key === "builder") {
    const t = (yield forced(rt, cell, forceString)) as Text
    draft.context = unionContext(draft.context, t.context)
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
function inputsOf(rt: Runtime, context: Context | null): InputCollector {
  const inputs = new InputCollector()
  for (const elem of context ?? []) {
    if (elem.kind === "opaque") inputs.inputSrcs.add(baseName(rt, elem.path))
    else if (elem.kind === "built") {
      const [drv, ...through] = elem.path.split("^")
      let path: Parameters<InputCollector["add"]>[0] = { kind: "opaque", path: baseName(rt, drv as string) }
      for (const output of [...through, elem.output]) path = { kind: "built", drvPath: path, output }
      inputs.add(path)
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

function* makeDerivation(rt: Runtime, name: string, attrs: Attrs): Step<Value> {
  const fault = nameFault(name)
  if (fault !== undefined) throw new NixError("eval", `invalid derivation name: ${fault}. Please pass a different 'name'.`, 0)
  const flag = function* (key: string): Step<boolean> {
    const cell = attrs.get(key)
    if (cell === undefined) return false
    if (peek(cell) === undefined) yield need(cell, 0)
    return forceBool(rt, cell, 0, `while evaluating the \`${key}\` attribute passed to builtins.derivationStrict`)
  }
  const structured = (yield flag("__structuredAttrs")) as boolean
  const ignoreNulls = (yield flag("__ignoreNulls")) as boolean
  const draft: Draft = {
    name,
    context: null,
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
  for (const key of attrs.sortedNames()) {
    if (key === "__ignoreNulls") continue
    const cell = attrs.get(key) as Cell
    try {
      if (ignoreNulls && ((yield need(cell, 0)) as Value) === null) continue
      const known = structured ? undefined : peek(cell)
      // Most attributes are plain strings: these need no generator.
      if (typeof known === "string" && !special.has(key)) draft.env.set(key, known)
      else yield readAttribute(rt, draft, key, cell, attrs.posOf(key))
    } catch (e) {
      if (e instanceof NixError) e.frame(attrs.posOf(key), `while evaluating attribute '${printIdentifier(key)}' of derivation '${name}'`)
      throw e
    }
  }
  const { drv, drvPath } = rt.drvs.add(derivationOf(rt, draft))
  const dir = rt.host.storeDir
  const full = `${dir}/${drvPath}`
  const result = new Map<string, Cell>([["drvPath", makeString(full, [rt.contexts.drvDeep(full)])]])
  for (const [output, how] of drv.outputs) {
    const path = outputPath(how, drv.name, output, dir)
    const text = path === undefined ? upstreamPlaceholder(drvPath, output) : `${dir}/${path}`
    result.set(output, makeString(text, [rt.contexts.built(full, output)]))
  }
  return Attrs.ofMap(result, null)
}

const special = new Set([
  "__contentAddressed",
  "__impure",
  "__json",
  "args",
  "builder",
  "system",
  "outputHash",
  "outputHashAlgo",
  "outputHashMode",
  "outputs",
])

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
  *step(rt, attrs) {
    const cell = attrs.get("name")
    if (cell === undefined)
      throw new NixError("type", "attribute 'name' missing", 0).frame(0, "in the attrset passed as argument to builtins.derivationStrict")
    const at = attrs.posOf("name")
    let name: string
    try {
      if (peek(cell) === undefined) yield need(cell, 0)
      name = forcePlainString(rt, cell, 0, "while evaluating the `name` attribute passed to builtins.derivationStrict")
    } catch (e) {
      if (e instanceof NixError) e.frame(at, "while evaluating the derivation attribute 'name'")
      throw e
    }
    try {
      return (yield makeDerivation(rt, name, attrs)) as Value
    } catch (e) {
      if (e instanceof NixError)
        e.frameAlways(0, `while evaluating derivation '${name}'\n  whose name attribute is located at ${posBytes(rt.sources, at)}`)
      throw e
    }
  },
})

export const derivations: readonly PrimOp[] = [derivationStrict]
