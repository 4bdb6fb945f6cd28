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
// in outputs, inputs and the variables named like outputs; AtermWriter sorts and escapes the rest once for all of them,
// into a buffer that serves one derivation after the other: texts put together from pieces took twice the time, for
// their ropes, for making them flat and for encoding them (measured on 14,653 derivations of a package set).
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

/** A list of unescaped names or paths, sorted: `["a","b"]`. */
export function printAtermNames(names: ReadonlySet<string>): string {
  if (names.size === 1) for (const name of names) return `["${name}"]`
  return names.size === 0 ? "[]" : `["${[...names].sort().join('","')}"]`
}

function printNode(node: InputNode): string {
  if (node.dynamic.size === 0) return printAtermNames(node.outputs)
  const children = [...node.dynamic.keys()].sort().map((name) => `("${name}",${printNode(node.dynamic.get(name)!)})`)
  return `(${printAtermNames(node.outputs)},[${children.join(",")}])`
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

const decoder = new TextDecoder()

/** Bytes that grow at their end, in memory that is used again. */
class ByteBuffer {
  bytes = new Uint8Array(4096)
  size = 0
  /** All bits of all characters that were written since the size was zero. */
  private bits = 0

  clear(): void {
    this.size = 0
    this.bits = 0
  }

  /** Makes room for `count` more bytes. */
  private reserve(count: number): Uint8Array {
    const needed = this.size + count
    if (needed <= this.bytes.length) return this.bytes
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.size))
    this.bytes = grown
    return grown
  }

  raw(text: string): void {
    const length = text.length
    const bytes = this.reserve(length)
    const at = this.size
    let bits = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      bytes[at + i] = code
      bits |= code
    }
    this.bits |= bits
    this.size = at + length
  }

  escaped(text: string): void {
    const length = text.length
    const bytes = this.reserve(2 * length)
    let at = this.size
    let bits = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      bits |= code
      const by = code > 92 ? 0 : (escapes[code] as number)
      if (by !== 0) {
        bytes[at++] = 92
        bytes[at++] = by
      } else bytes[at++] = code
    }
    this.bits |= bits
    this.size = at
  }

  copy(from: ByteBuffer, start: number, end: number): void {
    const bytes = this.reserve(end - start)
    bytes.set(from.bytes.subarray(start, end), this.size)
    this.bits |= from.bits
    this.size += end - start
  }

  text(): string {
    // The platform is ten times as fast, but it knows UTF-8 only.
    if (this.bits < 128) return decoder.decode(this.bytes.subarray(0, this.size))
    let text = ""
    for (let at = 0; at < this.size; at += 8192) {
      text += String.fromCharCode.apply(null, this.bytes.subarray(at, Math.min(at + 8192, this.size)) as unknown as number[])
    }
    return text
  }
}

/** By byte up to `\`: what stands behind the backslash, 0 for bytes that are written as they are. */
const escapes = new Uint8Array(93)
for (const char of '"\\') escapes[char.charCodeAt(0)] = char.charCodeAt(0)
escapes[10] = 110 // \n
escapes[13] = 114 // \r
escapes[9] = 116 // \t

/**
 * Writes the forms of one derivation after the other. `prepare` sorts and escapes what they have in common; the values of
 * the variables named like outputs are left open.
 */
export class AtermWriter {
  readonly #storeDir: string
  /** What follows the inputs of the derivation at hand, its file, and the other form that was written last. */
  readonly #rest = new ByteBuffer()
  readonly #file = new ByteBuffer()
  readonly #form = new ByteBuffer()
  /** The open variables, and where in `rest` each value belongs. */
  #names: string[] = []
  #places: number[] = []

  constructor(storeDir: string = defaultStoreDir) {
    this.#storeDir = storeDir
  }

  /** Takes a derivation; fails if `__json` is among the variables. */
  prepare(drv: Omit<Derivation, "inputDrvs" | "name">): void {
    const rest = this.#rest
    rest.clear()
    this.#names = []
    this.#places = []
    rest.raw(",[")
    const sources = [...drv.inputSrcs].sort()
    for (let i = 0; i < sources.length; i++) {
      rest.raw(i === 0 ? '"' : ',"')
      rest.raw(this.#storeDir)
      rest.raw("/")
      rest.raw(sources[i]!)
      rest.raw('"')
    }
    rest.raw('],"')
    rest.raw(drv.system)
    rest.raw('","')
    rest.escaped(drv.builder)
    rest.raw('",[')
    for (let i = 0; i < drv.args.length; i++) {
      rest.raw(i === 0 ? '"' : ',"')
      rest.escaped(drv.args[i]!)
      rest.raw('"')
    }
    rest.raw("],[")
    if (drv.env.has("__json")) {
      fail("bad-derivation", "Cannot have an environment variable named '__json'. This key is reserved for encoding structured attrs")
    }
    const names = [...drv.env.keys()]
    if (drv.structuredAttrs !== undefined) names.push("__json")
    names.sort()
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      rest.raw(i === 0 ? '("' : ',("')
      rest.escaped(name)
      rest.raw('","')
      if (name === "__json") rest.escaped(drv.structuredAttrs!)
      else if (drv.outputs.has(name)) {
        this.#names.push(name)
        this.#places.push(rest.size)
      } else rest.escaped(drv.env.get(name)!)
      rest.raw('")')
    }
    rest.raw("])")
  }

  #write(form: ByteBuffer, head: readonly string[], value: ((name: string) => string) | null): Uint8Array {
    form.clear()
    for (const text of head) form.raw(text)
    let from = 0
    if (value !== null) {
      for (let i = 0; i < this.#names.length; i++) {
        form.copy(this.#rest, from, this.#places[i]!)
        from = this.#places[i]!
        form.escaped(value(this.#names[i]!))
      }
    }
    form.copy(this.#rest, from, this.#rest.size)
    return form.bytes.subarray(0, form.size)
  }

  /**
   * A form with these texts of outputs and inputs; `value` gives the value of a variable named like an output. The bytes
   * are good until the next form is written.
   */
  write(outputs: string, inputs: string, value: (name: string) => string): Uint8Array {
    return this.#write(this.#form, ["Derive(", outputs, ",", inputs], value)
  }

  /** The same with the variables named like outputs empty. */
  writeMasked(outputs: string, inputs: string): Uint8Array {
    return this.#write(this.#form, ["Derive(", outputs, ",", inputs], null)
  }

  /** The bytes of the file, which are good until that of the next derivation is written. */
  writeFile(drv: Pick<Derivation, "inputDrvs">, outputs: string, value: (name: string) => string): Uint8Array {
    const start = hasDynamicInputs(drv) ? 'DrvWithVersion("xp-dyn-drv",' : "Derive("
    return this.#write(this.#file, [start, outputs, ",", printAtermInputs(drv.inputDrvs, this.#storeDir)], value)
  }

  /** The form that was written last as a byte string. */
  text(): string {
    return this.#form.text()
  }

  /** The file that was written last as a byte string. */
  fileText(): string {
    return this.#file.text()
  }
}

/** The derivation as the bytes of its `.drv` file. */
export function printAterm(drv: Derivation, storeDir: string = defaultStoreDir): string {
  const writer = new AtermWriter(storeDir)
  writer.prepare(drv)
  writer.writeFile(drv, printAtermOutputs(drv, storeDir), (name) => drv.env.get(name)!)
  return writer.fileText()
}
