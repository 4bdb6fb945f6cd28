// Writes derivations as ATerms.
//
//   Derive(OUTPUTS,INPUTDRVS,INPUTSRCS,SYSTEM,BUILDER,ARGS,ENV)
//   DrvWithVersion("xp-dyn-drv",OUTPUTS,…)                           only if an input is an output of an output
//   OUTPUTS    [("name","path","hashAlgo","hash"),…]                 by name
//   INPUTDRVS  [("path",NODE),…]  NODE = ["out",…] | (["out",…],[("out",NODE),…])
//   INPUTSRCS  ["path",…]     ARGS ["…",…]     ENV [("name","value"),…]
//
// Everything is sorted bytewise but the arguments. Only builder, args and env are escaped: \" \\ \n \r \t.
//
// A derivation is written up to three times: masked for its output paths, as it is, and modulo its inputs. They differ
// in outputs, inputs and the variables named like outputs; AtermParts sorts and escapes the rest once for all of them.
// C++ Nix: libstore/derivation/aterm.cc unparse

import { fail, unreachable } from "../error.ts"
import type { Recorder } from "../explain/recorder.ts"
import { printBase16 } from "../hash/base16.ts"
import { printMethodAlgo } from "../store-path/content-address.ts"
import { defaultStoreDir } from "../store-path/store-path.ts"
import { type Derivation, type DerivationOutput, hasDynamicInputs, type InputNode, outputPath } from "./derivation.ts"

const special = /["\\\n\r\t]/

/** A string as it stands between quotes in an ATerm. */
export function escapeAterm(text: string): string {
  if (!special.test(text)) return text
  let escaped = ""
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 92) continue
    let by: string
    if (code === 34) by = '\\"'
    else if (code === 92) by = "\\\\"
    else if (code === 10) by = "\\n"
    else if (code === 13) by = "\\r"
    else if (code === 9) by = "\\t"
    else continue
    escaped += text.slice(from, i) + by
    from = i + 1
  }
  return escaped + text.slice(from)
}

function printNames(names: Iterable<string>): string {
  const sorted = [...names].sort()
  return sorted.length === 0 ? "[]" : `["${sorted.join('","')}"]`
}

/** A list of unescaped names or paths, sorted: `["a","b"]`. */
export function printAtermNames(names: Iterable<string>): string {
  return printNames(names)
}

function printNode(node: InputNode): string {
  if (node.dynamic.size === 0) return printNames(node.outputs)
  const children = [...node.dynamic.keys()].sort().map((name) => `("${name}",${printNode(node.dynamic.get(name)!)})`)
  return `(${printNames(node.outputs)},[${children.join(",")}])`
}

/** The list of input derivations. */
export function printAtermInputs(inputDrvs: ReadonlyMap<string, InputNode>, storeDir: string = defaultStoreDir): string {
  let text = ""
  for (const path of [...inputDrvs.keys()].sort()) {
    text += `${text === "" ? "" : ","}("${storeDir}/${path}",${printNode(inputDrvs.get(path)!)})`
  }
  return `[${text}]`
}

/** Path, algorithm and hash of an output, with quotes. */
function printOutput(output: DerivationOutput, drvName: string, name: string, storeDir: string, recorder?: Recorder): string {
  switch (output.kind) {
    case "inputAddressed":
      return `"${storeDir}/${output.path}","",""`
    case "caFixed": {
      const { method, hash } = output.address
      const path = outputPath(output, drvName, name, storeDir, recorder)!
      return `"${storeDir}/${path}","${printMethodAlgo(method, hash.algo)}","${printBase16(hash.bytes)}"`
    }
    case "caFloating":
      return `"","${printMethodAlgo(output.method, output.algo)}",""`
    case "deferred":
      return '"","",""'
    case "impure":
      return `"","${printMethodAlgo(output.method, output.algo)}","impure"`
    default:
      return unreachable(output)
  }
}

/** The list of outputs. */
export function printAtermOutputs(
  drv: Pick<Derivation, "outputs" | "name">,
  storeDir: string = defaultStoreDir,
  recorder?: Recorder,
): string {
  const texts = [...drv.outputs.keys()].sort().map((name) => {
    return `("${name}",${printOutput(drv.outputs.get(name)!, drv.name, name, storeDir, recorder)})`
  })
  return `[${texts.join(",")}]`
}

/** The list of outputs with nothing but their names, as it is hashed for the output paths. */
export function printMaskedOutputs(outputs: ReadonlyMap<string, DerivationOutput>): string {
  return `[${[...outputs.keys()]
    .sort()
    .map((name) => `("${name}","","","")`)
    .join(",")}]`
}

/** What follows the inputs, sorted and escaped once. The values of the variables named like outputs are left open. */
export class AtermParts {
  /** Text between the open values: texts[0], value of names[0], texts[1], … */
  readonly #texts: string[] = []
  readonly #names: string[] = []

  /** Sorts and escapes; fails if `__json` is among the variables. */
  constructor(drv: Omit<Derivation, "inputDrvs" | "name">, storeDir: string = defaultStoreDir) {
    const sources = [...drv.inputSrcs].sort()
    let text = sources.length === 0 ? ",[]" : `,["${storeDir}/${sources.join(`","${storeDir}/`)}"]`
    text += `,"${drv.system}","${escapeAterm(drv.builder)}",[`
    for (let i = 0; i < drv.args.length; i++) text += `${i === 0 ? "" : ","}"${escapeAterm(drv.args[i]!)}"`
    text += "],["
    if (drv.env.has("__json")) {
      fail("bad-derivation", "Cannot have an environment variable named '__json'. This key is reserved for encoding structured attrs")
    }
    const names = [...drv.env.keys()]
    if (drv.structuredAttrs !== undefined) names.push("__json")
    names.sort()
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      text += `${i === 0 ? "" : ","}("${escapeAterm(name)}","`
      if (drv.outputs.has(name) && name !== "__json") {
        this.#texts.push(text)
        this.#names.push(name)
        text = '")'
      } else {
        const value = name === "__json" ? drv.structuredAttrs! : drv.env.get(name)!
        text += `${escapeAterm(value)}")`
      }
    }
    this.#texts.push(`${text}])`)
  }

  /** All after the inputs; `value` gives the value of a variable named like an output. */
  print(value: (name: string) => string): string {
    let text = this.#texts[0]!
    for (let i = 0; i < this.#names.length; i++) text += escapeAterm(value(this.#names[i]!)) + this.#texts[i + 1]!
    return text
  }

  /** All after the inputs, with the variables named like outputs empty. */
  printMasked(): string {
    return this.#texts.join("")
  }
}

/** Puts the three parts together. */
export function joinAterm(outputs: string, inputs: string, rest: string): string {
  return `Derive(${outputs},${inputs}${rest}`
}

/** The derivation as the bytes of its `.drv` file. */
export function printAterm(drv: Derivation, storeDir: string = defaultStoreDir): string {
  const rest = new AtermParts(drv, storeDir).print((name) => drv.env.get(name)!)
  const text = joinAterm(printAtermOutputs(drv, storeDir), printAtermInputs(drv.inputDrvs, storeDir), rest)
  return hasDynamicInputs(drv) ? text.replace("Derive(", 'DrvWithVersion("xp-dyn-drv",') : text
}
