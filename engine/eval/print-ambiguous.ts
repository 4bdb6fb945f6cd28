// What `nix-instantiate --eval` prints (C++ Nix: print-ambiguous.cc): old and ambiguous, but what most tests
// compare with. Nothing is forced; an explicit stack, so that depth costs no native stack.

import { Attrs } from "./attrs.ts"
import { tooDeep } from "./call.ts"
import { positionOf } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { printAttrName, printString } from "./text/escape.ts"
import { printG } from "./text/float.ts"
import { BLACKHOLE, type Cell, isList, NixFloat, NixPath, NixString, PrimOpApp, PrimOpValue, peek, Thunk, type Value } from "./value.ts"

interface Open {
  /** Attribute names; null for a list. */
  readonly names: readonly string[] | null
  readonly cells: readonly Cell[]
  begun: number
}

/**
 * The text of a cell (bytes). A set with attributes or a list with elements that was printed before is
 * `«repeated»`: sets are known by their Attrs, lists by their cell.
 */
export function printAmbiguous(rt: Runtime, root: Cell): string {
  const seen = new Set<unknown>()
  const open: Open[] = []
  let out = ""
  let next: Cell | undefined = root
  for (;;) {
    if (next !== undefined) {
      const cell: Cell = next
      if (open.length > rt.maxDepth) throw tooDeep(positionOf(cell))
      if (--rt.fuel < 0) rt.refuel()
      const v = peek(cell)
      const identity = v instanceof Attrs ? v : cell
      const length = v instanceof Attrs ? v.size : isList(v) ? v.length : 0
      if (length > 0 && seen.has(identity)) out += "\xc2\xabrepeated\xc2\xbb"
      else if (v instanceof Attrs) {
        seen.add(identity)
        const names = v.sortedNames()
        open.push({ names, cells: names.map((name) => v.get(name) as Cell), begun: 0 })
        out += "{ "
      } else if (isList(v)) {
        seen.add(identity)
        open.push({ names: null, cells: v, begun: 0 })
        out += "[ "
      } else out += v === undefined ? unforced(cell) : scalar(v)
    }
    const top = open.at(-1)
    if (top === undefined) return out
    if (top.begun > 0) out += top.names === null ? " " : "; "
    next = undefined
    if (top.begun < top.cells.length) {
      if (top.names !== null) out += `${printAttrName(top.names[top.begun] as string)} = `
      next = top.cells[top.begun++] as Cell
    } else {
      out += top.names === null ? "]" : "}"
      open.pop()
      // The element of the enclosing set or list is done: the next turn separates it.
    }
  }
}

function unforced(cell: Cell): string {
  return cell instanceof Thunk && cell.code === BLACKHOLE ? "\xc2\xabpotential infinite recursion\xc2\xbb" : "<CODE>"
}

function scalar(v: Value): string {
  if (typeof v === "string") return printString(v)
  if (v instanceof NixString) return printString(v.text)
  if (v instanceof NixFloat) return printG(v.value, v.nan)
  if (v instanceof NixPath) return v.path
  if (v instanceof PrimOpValue) return "<PRIMOP>"
  if (v instanceof PrimOpApp) return "<PRIMOP-APP>"
  return typeof v === "object" && v !== null ? "<LAMBDA>" : String(v)
}
