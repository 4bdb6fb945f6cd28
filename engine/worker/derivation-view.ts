// Derivations of an evaluator as plain data.

import type { Evaluator } from "../eval/evaluator.ts"
import { explainerOf } from "../eval/explain.ts"
import { originBytes } from "../eval/print-place.ts"
import { AtermWriter, escapeAterm, printAterm, printAtermInputs, printMaskedOutputs } from "../formats/derivation/aterm-writer.ts"
import { type Derivation, type DerivationOutput, outputPath } from "../formats/derivation/derivation.ts"
import { derivationToJson } from "../formats/derivation/json.ts"
import { printMaskedModulo } from "../formats/derivation/modulo.ts"
import type { Explainer } from "../formats/explain/explainer.ts"
import { printJson } from "../formats/json/write.ts"
import { printContentAddress } from "../formats/store-path/content-address.ts"
import { drvNameOfPath, type StorePath } from "../formats/store-path/store-path.ts"
import type { AtermStates, ClosureView, DerivationView, OutputView } from "./derivation-protocol.ts"
import type { PlaceView } from "./protocol.ts"
import { fromBytes } from "./text.ts"

/** The card of a derivation that the evaluator has made or can read. Throws FormatError if it is not to be had. */
export function derivationView({ rt }: Evaluator, drvPath: StorePath): DerivationView {
  const explainer = explainerOf(rt)
  const drv = explainer.read(drvPath)
  const { storeDir } = explainer
  const full = (path: string): string => fromBytes(`${storeDir}/${path}`)
  const attrs = rt.drvs.watched?.drvs.get(drvPath)?.attrs
  const at = (name: string): PlaceView | null => {
    const place = attrs === undefined ? undefined : rt.sources.place(attrs.posOf(name))
    return place === undefined ? null : { file: fromBytes(originBytes(place.source.origin)), line: place.line, column: place.column }
  }
  return {
    drvPath: full(drvPath),
    name: fromBytes(drv.name),
    system: fromBytes(drv.system),
    builder: fromBytes(drv.builder),
    args: drv.args.map(fromBytes),
    argsAt: at("args"),
    outputs: [...drv.outputs.keys()].sort().map((name) => outputView(drv, name, storeDir)),
    env: [...drv.env.keys()].sort().map((name) => ({ name: fromBytes(name), value: fromBytes(drv.env.get(name) ?? ""), at: at(name) })),
    inputs: [...drv.inputDrvs.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { outputs }]) => ({
        drvPath: full(path),
        name: drvNameOfPath(path),
        outputs: [...outputs].sort().map(fromBytes),
      })),
    sources: [...drv.inputSrcs].sort().map(full),
    json: fromBytes(printJson(derivationToJson(drv))),
    aterm: atermStates(explainer, drv),
    command: `nix derivation show ${full(drvPath)}`,
  }
}

const outputKinds: Readonly<Record<DerivationOutput["kind"], string>> = {
  inputAddressed: "input-addressed",
  caFixed: "fixed",
  caFloating: "content-addressed",
  deferred: "deferred",
  impure: "impure",
}

function outputView(drv: Derivation, name: string, storeDir: string): OutputView {
  const output = drv.outputs.get(name) as DerivationOutput
  const path = outputPath(output, drv.name, name, storeDir)
  return {
    name: fromBytes(name),
    path: path === undefined ? null : fromBytes(`${storeDir}/${path}`),
    kind: outputKinds[output.kind],
    promise: output.kind === "caFixed" ? printContentAddress(output.address) : null,
  }
}

/** The four forms of a derivation's text. */
function atermStates(explainer: Explainer, drv: Derivation): AtermStates {
  const { storeDir } = explainer
  const raw = printAterm(drv, storeDir)
  const replaced = printMaskedModulo(drv, (path) => explainer.hashModulo(path), storeDir)
  return {
    raw: fromBytes(raw),
    pretty: prettyAterm(drv, storeDir),
    masked: fromBytes(printMasked(drv, raw, storeDir)),
    replaced: replaced === undefined ? null : fromBytes(replaced),
  }
}

/** The text `raw` of a derivation without the paths of its own outputs, inputs as they are. */
function printMasked(drv: Derivation, raw: string, storeDir: string): string {
  const writer = new AtermWriter(storeDir)
  writer.prepare(drv)
  writer.writeMasked(printMaskedOutputs(drv.outputs), printAtermInputs(drv.inputDrvs, storeDir))
  // With dynamic inputs the file begins with another word, up to the list of outputs.
  return writer.text().replace(/^Derive\(/, () => raw.slice(0, raw.indexOf("[")))
}

/** A derivation in lines, each field named. */
function prettyAterm(drv: Derivation, storeDir: string): string {
  const string = (text: string): string => `"${escapeAterm(text)}"`
  const list = (items: readonly string[]): string =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => `    ${item}`).join(",\n")}\n  ]`
  const outputs = [...drv.outputs.keys()].sort().map((name) => {
    const output = drv.outputs.get(name) as DerivationOutput
    const path = outputPath(output, drv.name, name, storeDir)
    const [algo, hash] =
      output.kind === "caFixed"
        ? printContentAddress(output.address)
            .replace(/^fixed:/, "")
            .split(/:(?=[^:]*$)/)
        : ["", ""]
    return `(name ${string(name)}, path ${string(path === undefined ? "" : `${storeDir}/${path}`)}, hashAlgo ${string(algo ?? "")}, hash ${string(hash ?? "")})`
  })
  const inputs = [...drv.inputDrvs.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { outputs: used }]) => `(${string(`${storeDir}/${path}`)}, [${[...used].sort().map(string).join(", ")}])`)
  const env = [...drv.env.keys()].sort().map((name) => `(${string(name)}, ${string(drv.env.get(name) ?? "")})`)
  const fields = [
    `outputs = ${list(outputs)}`,
    `inputDrvs = ${list(inputs)}`,
    `inputSrcs = ${list([...drv.inputSrcs].sort().map((path) => string(`${storeDir}/${path}`)))}`,
    `system = ${string(drv.system)}`,
    `builder = ${string(drv.builder)}`,
    `args = ${list(drv.args.map(string))}`,
    `env = ${list(env)}`,
  ]
  return fromBytes(`Derive(\n  ${fields.join(",\n  ")}\n)`)
}

/** At most `most` derivations below one, nearest first. */
export function closureView({ rt }: Evaluator, root: StorePath, most: number): ClosureView {
  const explainer = explainerOf(rt)
  const { storeDir } = explainer
  const index = new Map<StorePath, number>([[root, 0]])
  const order: StorePath[] = [root]
  const depths = [0]
  const inputs: StorePath[][] = []
  const sources = new Set<string>()
  let cut = false
  for (let i = 0; i < order.length; i++) {
    const drv = explainer.read(order[i] as StorePath)
    for (const source of drv.inputSrcs) sources.add(`${storeDir}/${source}`)
    const below = [...drv.inputDrvs.keys()].sort()
    inputs.push(below)
    for (const path of below) {
      if (index.has(path)) continue
      if (order.length >= most) {
        cut = true
        continue
      }
      index.set(path, order.length)
      order.push(path)
      depths.push((depths[i] ?? 0) + 1)
    }
  }
  return {
    drvs: order.map((path, i) => ({
      drvPath: `${storeDir}/${path}`,
      name: drvNameOfPath(path),
      depth: depths[i] ?? 0,
      inputs: (inputs[i] ?? []).flatMap((below) => index.get(below) ?? []),
      outputs: [...explainer.read(path).outputs.keys()].sort().map(fromBytes),
    })),
    sources: [...sources].sort(),
    cut,
  }
}
