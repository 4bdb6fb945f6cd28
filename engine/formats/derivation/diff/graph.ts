// Compares two derivations with all that they depend on. Reported are the real differences: derivations whose own fields
// differ, sources with other content, inputs that came or went. A derivation that differs only because a path below it
// has moved is folded: it is counted, not told. Every cause says how it is reached from the root.

import { upstreamPlaceholder } from "../../store-path/placeholder.ts"
import { defaultStoreDir, hashPart, isDerivationPath, namePart, type StorePath } from "../../store-path/store-path.ts"
import { type Derivation, outputPath } from "../derivation.ts"
import { compareFields, type Difference } from "./difference.ts"
import { MovedPaths, withoutHashes } from "./moved.ts"
import { pairPaths } from "./pairing.ts"

/** Two derivations that stand for each other. */
export interface Pair {
  readonly left: StorePath
  readonly right: StorePath
}

/** A pair that differs by itself. */
export interface Cause extends Pair {
  readonly differences: readonly Difference[]
  /** The shortest way from the roots, both ends included. */
  readonly blame: readonly Pair[]
  /** Whether paths of outputs differ. Without it, nothing but `.drv` files changes because of this. */
  readonly outputsMoved: boolean
}

/** A source whose content differs. */
export interface SourceChange {
  readonly name: string
  readonly left: StorePath
  readonly right: StorePath
  /** How the first derivation that uses it is reached. */
  readonly blame: readonly Pair[]
  /** How many pairs use it. */
  readonly users: number
}

export interface GraphDifference {
  readonly left: StorePath
  readonly right: StorePath
  /** Nearest to the roots first. */
  readonly causes: readonly Cause[]
  readonly sources: readonly SourceChange[]
  /** Pairs that differ only because something below them does. */
  readonly folded: readonly Pair[]
}

export interface GraphSettings {
  readonly storeDir?: string
  /** The text of a source that is a file, where it is known: a written file that only mentions moved paths is folded too. */
  readonly sourceText?: (path: StorePath, side: "left" | "right") => string | undefined
}

type Side = "left" | "right"

interface Visit extends Pair {
  readonly leftDrv: Derivation
  readonly rightDrv: Derivation
  readonly parent: Visit | undefined
  readonly differences: Difference[]
}

interface SourceVisit {
  readonly left: StorePath
  readonly right: StorePath
  readonly user: Visit
  users: number
}

/** Compares the graphs below two derivations. `left` and `right` read the derivations of each side; they may be the same. */
export function compareGraphs(
  leftRoot: StorePath,
  rightRoot: StorePath,
  read: (path: StorePath, side: Side) => Derivation,
  settings: GraphSettings = {},
): GraphDifference {
  if (leftRoot === rightRoot) return { left: leftRoot, right: rightRoot, causes: [], sources: [], folded: [] }
  const comparison = new Comparison(read, settings)
  return comparison.run(leftRoot, rightRoot)
}

class Comparison {
  readonly #read: (path: StorePath, side: Side) => Derivation
  readonly #settings: GraphSettings
  readonly #storeDir: string
  readonly #moved = new MovedPaths()
  readonly #drvs = { left: new Map<StorePath, Derivation>(), right: new Map<StorePath, Derivation>() }
  readonly #likenesses = new Map<StorePath, string>()
  readonly #visits = new Map<string, Visit>()
  readonly #sources = new Map<string, SourceVisit>()

  constructor(read: (path: StorePath, side: Side) => Derivation, settings: GraphSettings) {
    this.#read = read
    this.#settings = settings
    this.#storeDir = settings.storeDir ?? defaultStoreDir
  }

  /** First all pairs are found, breadth first, so that what has moved is known; then each is looked at. */
  run(left: StorePath, right: StorePath): GraphDifference {
    this.#visit(left, right, undefined)
    // Visits that are added meanwhile are iterated over too.
    for (const visit of this.#visits.values()) this.#pairInputs(visit)
    const sources = this.#changedSources()
    const causes: Cause[] = []
    const folded: Pair[] = []
    for (const visit of this.#visits.values()) {
      const differences = [...compareFields(visit.leftDrv, visit.rightDrv, this.#moved), ...visit.differences]
      const pair = { left: visit.left, right: visit.right }
      if (differences.length > 0) causes.push({ ...pair, differences, blame: blame(visit), outputsMoved: this.#outputsMoved(visit) })
      else folded.push(pair)
    }
    return { left, right, causes, sources, folded }
  }

  #drv(path: StorePath, side: Side): Derivation {
    const known = this.#drvs[side].get(path)
    if (known !== undefined) return known
    const drv = this.#read(path, side)
    this.#drvs[side].set(path, drv)
    return drv
  }

  #visit(left: StorePath, right: StorePath, parent: Visit | undefined): void {
    const key = `${left}|${right}`
    if (this.#visits.has(key)) return
    const visit = { left, right, leftDrv: this.#drv(left, "left"), rightDrv: this.#drv(right, "right"), parent, differences: [] }
    this.#visits.set(key, visit)
    this.#moved.add(left, right)
    this.#outputs(visit, (leftPath, rightPath, name) => {
      if (leftPath !== undefined && rightPath !== undefined) this.#moved.add(leftPath, rightPath)
      else this.#moved.addPlaceholder(upstreamPlaceholder(left, name), upstreamPlaceholder(right, name))
    })
  }

  #outputs(visit: Visit, each: (left: StorePath | undefined, right: StorePath | undefined, name: string) => void): void {
    const { leftDrv, rightDrv } = visit
    for (const [name, output] of leftDrv.outputs) {
      const other = rightDrv.outputs.get(name)
      if (other === undefined) continue
      each(outputPath(output, leftDrv.name, name, this.#storeDir), outputPath(other, rightDrv.name, name, this.#storeDir), name)
    }
  }

  #outputsMoved(visit: Visit): boolean {
    let moved = visit.leftDrv.outputs.size !== visit.rightDrv.outputs.size
    this.#outputs(visit, (left, right) => {
      if (left !== right || left === undefined) moved = true
    })
    return moved
  }

  #pairInputs(visit: Visit): void {
    const inputs = { left: inputsOf(visit.leftDrv), right: inputsOf(visit.rightDrv) }
    const sources = { left: sourcesOf(visit.leftDrv), right: sourcesOf(visit.rightDrv) }
    const places = { left: "", right: "" }
    const judge = {
      known: (left: StorePath, right: StorePath) => this.#visits.has(`${left}|${right}`) || this.#sources.has(`${left}|${right}`),
      likeness: (path: StorePath, side: Side) => this.#likeness(path, side),
      place: (path: StorePath, side: Side) => {
        if (places[side] === "") places[side] = textOf(side === "left" ? visit.leftDrv : visit.rightDrv)
        return this.#place(path, side, places[side])
      },
    }
    const only = <K>(from: Iterable<K>, other: { has(key: K): boolean }): K[] => [...from].filter((key) => !other.has(key))

    for (const [path, outputs] of inputs.left) {
      const others = inputs.right.get(path)
      if (others !== undefined) this.#compareUse(visit, path, outputs, path, others)
    }
    const drvs = pairPaths(only(inputs.left.keys(), inputs.right), only(inputs.right.keys(), inputs.left), judge)
    for (const [left, right] of drvs.pairs) {
      this.#visit(left, right, visit)
      this.#compareUse(visit, left, inputs.left.get(left) as string[], right, inputs.right.get(right) as string[])
    }
    for (const side of ["left", "right"] as const)
      for (const path of drvs[side]) {
        const use = { path, outputs: inputs[side].get(path) as string[] }
        visit.differences.push({ kind: "input", name: namePart(path).slice(0, -4), left: undefined, right: undefined, [side]: use })
      }

    const files = pairPaths(only(sources.left, sources.right), only(sources.right, sources.left), judge)
    for (const [left, right] of files.pairs) {
      const known = this.#sources.get(`${left}|${right}`)
      if (known !== undefined) known.users++
      else {
        this.#sources.set(`${left}|${right}`, { left, right, user: visit, users: 1 })
        this.#moved.add(left, right)
      }
    }
    for (const side of ["left", "right"] as const)
      for (const path of files[side])
        visit.differences.push({ kind: "source", name: namePart(path), left: undefined, right: undefined, [side]: path })
  }

  #compareUse(visit: Visit, left: StorePath, leftOutputs: readonly string[], right: StorePath, rightOutputs: readonly string[]): void {
    if (leftOutputs.join(" ") === rightOutputs.join(" ")) return
    const name = namePart(right).slice(0, -4)
    visit.differences.push({
      kind: "input",
      name,
      left: { path: left, outputs: leftOutputs },
      right: { path: right, outputs: rightOutputs },
    })
  }

  /** Sources with other content: all pairs but those whose texts differ only in moved paths. */
  #changedSources(): SourceChange[] {
    const { sourceText } = this.#settings
    const changes: SourceChange[] = []
    for (const { left, right, user, users } of this.#sources.values()) {
      const leftText = sourceText?.(left, "left")
      const rightText = sourceText?.(right, "right")
      if (leftText !== undefined && rightText !== undefined && leftText !== rightText && this.#moved.sameText(leftText, rightText)) continue
      changes.push({ name: namePart(right), left, right, blame: blame(user), users })
    }
    return changes
  }

  #likeness(path: StorePath, side: Side): string {
    const known = this.#likenesses.get(path)
    if (known !== undefined) return known
    let text: string
    if (isDerivationPath(path)) {
      const drv = this.#drv(path, side)
      const inputs = [...drv.inputDrvs.keys(), ...drv.inputSrcs].map(namePart).sort()
      text = [...inputs, withoutHashes(textOf(drv))].join("\n")
    } else text = withoutHashes(this.#settings.sourceText?.(path, side) ?? "")
    this.#likenesses.set(path, text)
    return text
  }

  /** Where a derivation's text mentions an input, by any of its outputs. */
  #place(path: StorePath, side: Side, text: string): number {
    const wanted = [hashPart(path)]
    if (isDerivationPath(path)) {
      const drv = this.#drv(path, side)
      for (const [name, output] of drv.outputs) {
        const found = outputPath(output, drv.name, name, this.#storeDir)
        wanted.push(found === undefined ? upstreamPlaceholder(path, name) : hashPart(found))
      }
    }
    let first = Number.MAX_SAFE_INTEGER
    for (const part of wanted) {
      const at = text.indexOf(part)
      if (at >= 0 && at < first) first = at
    }
    return first
  }
}

/** Builder, arguments and variables as one text. */
function textOf(drv: Derivation): string {
  const env = [...drv.env.keys()].sort().map((key) => `${key}=${drv.env.get(key)}`)
  return [drv.builder, ...drv.args, ...env, drv.structuredAttrs ?? ""].join("\n")
}

/** Input derivations with the outputs used, sorted. A `.drv` among the sources is one of which no output is used. */
function inputsOf(drv: Derivation): Map<StorePath, string[]> {
  const inputs = new Map<StorePath, string[]>()
  for (const [path, node] of drv.inputDrvs) inputs.set(path, [...node.outputs, ...node.dynamic.keys()].sort())
  for (const path of drv.inputSrcs) if (isDerivationPath(path) && !inputs.has(path)) inputs.set(path, [])
  return inputs
}

function sourcesOf(drv: Derivation): Set<StorePath> {
  return new Set([...drv.inputSrcs].filter((path) => !isDerivationPath(path)))
}

function blame(visit: Visit): Pair[] {
  const way: Pair[] = []
  for (let at: Visit | undefined = visit; at !== undefined; at = at.parent) way.push({ left: at.left, right: at.right })
  return way.reverse()
}
