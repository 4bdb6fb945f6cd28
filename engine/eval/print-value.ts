// Printing values for people: `nix eval`, trace, the repl, values in error messages (C++ Nix: print.cc).
// One generator with its own stack of open sets and lists, so that depth costs no native stack. It yields
// only to force values; without `force` and `prettyIndent` it never yields, which `showValue` relies on.
// `print-ambiguous.ts` is the other format, that of `nix-instantiate --eval`.

import { parseStorePath, printStorePath } from "../formats/store-path/store-path.ts"
import { Attrs } from "./attrs.ts"
import type { Text } from "./builtin.ts"
import { tooDeep } from "./call.ts"
import { asText, stepCoerce } from "./coerce.ts"
import { NixError } from "./error.ts"
import { BLUE, CYAN, FAINT, filterAnsi, GREEN, MAGENTA, NORMAL, RED } from "./print-ansi.ts"
import { posBytes } from "./print-place.ts"
import type { Runtime } from "./runtime.ts"
import { need, type Step } from "./step.ts"
import { printAttrName, printString } from "./text/escape.ts"
import { printG } from "./text/float.ts"
import {
  APPLY,
  BLACKHOLE,
  type Cell,
  isList,
  Lambda,
  NixFloat,
  NixPath,
  NixString,
  PrimOpApp,
  PrimOpValue,
  peek,
  Thunk,
  type Value,
} from "./value.ts"

/** How values are printed; the defaults print everything that is known without forcing. */
export interface PrintOptions {
  /** With the colours of a terminal. */
  readonly ansiColors?: boolean
  /** Force everything that is printed. */
  readonly force?: boolean
  /** With `force`: derivations as `«derivation /nix/store/….drv»`. */
  readonly derivationPaths?: boolean
  /** Print a set or list that was printed before as `«repeated»` (default). */
  readonly trackRepeated?: boolean
  /** Sets and lists deeper than this are `{ ... }` and `[ ... ]`. */
  readonly maxDepth?: number
  /** Limits of attributes and list items in the whole text, and of bytes per string. */
  readonly maxAttrs?: number
  readonly maxListItems?: number
  readonly maxStringLength?: number
  /** Blanks per level; 0 prints on one line. */
  readonly prettyIndent?: number
  /** Errors while forcing: printed as `«error: …»`, thrown, or thrown only for the printed value itself. */
  readonly errors?: "print" | "throw" | "throw-top-level"
  /** Gets what was printed before an error that is thrown: C++ Nix has written it already. */
  readonly cut?: (text: string) => void
}

/** Values in error messages (C++ Nix: errorPrintOptions, without its colours). */
const errorPrintOptions: PrintOptions = { maxDepth: 10, maxAttrs: 10, maxListItems: 10, maxStringLength: 1024 }

/** `nix eval`. */
export const evalPrintOptions: PrintOptions = { force: true, derivationPaths: true }

/** The repl; `:p` is the same without `maxDepth`. */
export const replPrintOptions: PrintOptions = {
  ansiColors: true,
  force: true,
  derivationPaths: true,
  maxDepth: 1,
  prettyIndent: 2,
  errors: "throw-top-level",
}

/** A value as error messages show it; nothing is forced. */
export function showValue(rt: Runtime, v: Cell): string {
  return showCell(rt, v, errorPrintOptions)
}

/** A cell printed without forcing anything: `trace` and messages. The options must not force. */
export function showCell(rt: Runtime, cell: Cell, options: PrintOptions = {}): string {
  const r = printValue(rt, cell, options).next()
  if (r.done !== true) throw new RangeError("printing without force has asked for a value")
  return r.value
}

/** A set or list that is being printed. */
interface Open {
  /** Attribute names; null for a list. */
  readonly names: readonly string[] | null
  readonly cells: readonly Cell[]
  readonly pretty: boolean
  /** Number of elements printed or begun. */
  begun: number
}

/** The text of a cell (bytes). Fails with what forcing throws, as `errors` says, and when it nests too deeply. */
export function* printValue(rt: Runtime, root: Cell, options: PrintOptions): Step<string> {
  const { depth, stack } = rt
  const force = options.force === true
  const throws = options.errors ?? "print"
  const maxDepth = options.maxDepth ?? Number.POSITIVE_INFINITY
  const pen = new Pen(rt, options)
  const open: Open[] = []
  let next: Cell | undefined = root
  for (;;) {
    if (next !== undefined) {
      const cell: Cell = next
      next = undefined
      const level = open.length
      if (level > rt.maxDepth) throw tooDeep(positionOf(cell))
      if (--rt.fuel < 0) rt.refuel()
      try {
        const v = force ? ((yield need(cell, positionOf(cell))) as Value) : peek(cell)
        if (v instanceof Attrs) {
          if (pen.isRepeated(v)) pen.colored(MAGENTA, REPEATED)
          else if (force && options.derivationPaths === true && ((yield isDerivation(v)) as boolean))
            pen.colored(GREEN, (yield derivationText(rt, v)) as string)
          else if (level < maxDepth) {
            pen.open("{")
            const names = options.maxAttrs === undefined ? v.sortedNames() : importantFirst(v.sortedNames())
            const cells = names.map((name) => v.get(name) as Cell)
            open.push({ names, cells, pretty: options.prettyIndent ? ((yield isPretty(cells)) as boolean) : false, begun: 0 })
          } else pen.out += "{ ... }"
        } else if (isList(v)) {
          if (v.length > 0 && pen.isRepeated(cell)) pen.colored(MAGENTA, REPEATED)
          else if (level < maxDepth) {
            pen.open("[")
            open.push({ names: null, cells: v, pretty: options.prettyIndent ? ((yield isPretty(v)) as boolean) : false, begun: 0 })
          } else pen.out += "[ ... ]"
        } else pen.scalar(cell, v)
      } catch (e) {
        // Too deep is no matter of the printed value: it is always thrown (C++ Nix: StackOverflowError).
        const overflow = !(e instanceof NixError) || e.kind === "stack-overflow"
        if (overflow || throws === "throw" || (throws === "throw-top-level" && level === 0)) {
          options.cut?.(pen.out)
          throw e
        }
        rt.depth = depth
        rt.stack = stack
        pen.colored(RED, `\xc2\xaberror: ${filterAnsi(e.message)}\xc2\xbb`)
      }
    }
    const top = open.at(-1)
    if (top === undefined) return pen.out
    next = pen.element(top)
    if (next === undefined) open.pop()
  }
}

const REPEATED = "\xc2\xabrepeated\xc2\xbb"
const THUNK = "\xc2\xabthunk\xc2\xbb"
const POTENTIAL_RECURSION = "\xc2\xabpotential infinite recursion\xc2\xbb"

/** The text as it grows, and what it counts. */
class Pen {
  out = ""
  readonly #rt: Runtime
  readonly #options: PrintOptions
  readonly #colors: boolean
  readonly #indentBy: number
  readonly #seen: Set<unknown> | null
  #indent = 0
  #attrs = 0
  #items = 0

  constructor(rt: Runtime, options: PrintOptions) {
    this.#rt = rt
    this.#options = options
    this.#colors = options.ansiColors === true
    this.#indentBy = options.prettyIndent ?? 0
    this.#seen = options.trackRepeated === false ? null : new Set()
  }

  colored(color: string, text: string): void {
    this.out += this.#colors ? color + text + NORMAL : text
  }

  /** True if this set, or the list of this cell, was printed before. */
  isRepeated(identity: unknown): boolean {
    if (this.#seen === null) return false
    if (this.#seen.has(identity)) return true
    this.#seen.add(identity)
    return false
  }

  open(bracket: string): void {
    this.#indent += this.#indentBy
    this.out += bracket
  }

  /** Goes on in an open set or list: returns the next cell to print, or undefined once it is closed. */
  element(top: Open): Cell | undefined {
    const { names, cells, begun } = top
    if (begun > 0) {
      if (names !== null) {
        this.out += ";"
        this.#attrs++
      } else this.#items++
    }
    if (begun < cells.length) {
      this.#space(top.pretty)
      const limit = names !== null ? this.#options.maxAttrs : this.#options.maxListItems
      if ((names !== null ? this.#attrs : this.#items) < (limit ?? Number.POSITIVE_INFINITY)) {
        if (names !== null) this.out += `${printAttrName(names[begun] as string)} = `
        top.begun++
        return cells[begun] as Cell
      }
      if (names !== null) this.#elided(cells.length - begun, "attribute", "attributes")
      else this.#elided(cells.length - begun, "item", "items")
    }
    this.#indent -= this.#indentBy
    this.#space(top.pretty)
    this.out += names !== null ? "}" : "]"
    return undefined
  }

  #space(pretty: boolean): void {
    this.out += pretty ? `\n${" ".repeat(this.#indent)}` : " "
  }

  #elided(n: number, one: string, many: string): void {
    this.colored(FAINT, `\xc2\xab${n} ${n === 1 ? one : many} elided\xc2\xbb`)
  }

  /** Prints what is neither set nor list; `v` is undefined if the cell is not forced. */
  scalar(cell: Cell, v: Value | undefined): void {
    if (v === undefined) {
      if (cell instanceof Thunk && cell.code === BLACKHOLE) this.colored(RED, POTENTIAL_RECURSION)
      else this.colored(MAGENTA, THUNK)
    } else if (typeof v === "string") this.#string(v)
    else if (v instanceof NixString) this.#string(v.text)
    else if (v instanceof NixFloat) this.colored(CYAN, printG(v.value, v.nan))
    else if (v instanceof NixPath) this.colored(GREEN, v.path)
    else if (v instanceof Lambda || v instanceof PrimOpValue || v instanceof PrimOpApp) this.colored(BLUE, this.#function(v))
    else this.colored(CYAN, String(v))
  }

  #string(text: string): void {
    const max = this.#options.maxStringLength ?? Number.POSITIVE_INFINITY
    if (text.length <= max) {
      this.colored(MAGENTA, printString(text))
      return
    }
    // C++ Nix does not end the string's colour here, and looks past the cut for the `{` of a `${`.
    const cut = printString(text.slice(0, max)).slice(0, -1)
    const dollar = max > 0 && text[max - 1] === "$" && text[max] === "{"
    this.out += `${this.#colors ? MAGENTA : ""}${dollar ? `${cut.slice(0, -1)}\\$` : cut}" `
    this.#elided(text.length - max, "byte", "bytes")
  }

  #function(v: Lambda | PrimOpValue | PrimOpApp): string {
    if (v instanceof PrimOpValue) return `\xc2\xabprimop ${v.op.name}\xc2\xbb`
    if (v instanceof PrimOpApp) return `\xc2\xabpartially applied primop ${v.op.name}\xc2\xbb`
    const { name, pos } = v.code.expr
    return `\xc2\xablambda${name === null ? "" : ` ${name}`} @ ${filterAnsi(posBytes(this.#rt.sources, pos))}\xc2\xbb`
  }
}

/** With a limit of attributes, those that tell most come first. */
function importantFirst(names: readonly string[]): readonly string[] {
  const important = names.filter((n) => n === "_type" || n === "type")
  return important.length === 0 ? names : [...important, ...names.filter((n) => n !== "_type" && n !== "type")]
}

/** Whether a set or list gets a line per element. May force a single element: it will be printed anyway. */
function* isPretty(cells: readonly Cell[]): Step<boolean> {
  if (cells.length === 0) return false
  if (cells.length > 1) return true
  const only = cells[0] as Cell
  const v = (yield need(only, positionOf(only))) as Value
  return isList(v) || v instanceof Attrs
}

/** Whether a set is a derivation (C++ Nix: EvalState::isDerivation). Forces its `type`. */
export function* isDerivation(set: Attrs): Step<boolean> {
  const type = set.get("type")
  if (type === undefined) return false
  const v = (yield need(type, set.posOf("type"))) as Value
  return v === "derivation" || (v instanceof NixString && v.text === "derivation")
}

function* derivationText(rt: Runtime, set: Attrs): Step<string> {
  const drvPath = set.get("drvPath")
  if (drvPath === undefined) return "\xc2\xabderivation\xc2\xbb"
  const pos = set.posOf("drvPath")
  const frame = "while evaluating the drvPath of a derivation"
  const { text } = (yield stepCoerce(rt, drvPath, pos, frame, asText)) as Text
  try {
    return `\xc2\xabderivation ${printStorePath(parseStorePath(text, rt.host.storeDir), rt.host.storeDir)}\xc2\xbb`
  } catch {
    // Whatever is wrong with it, C++ Nix words it like this (EvalState::coerceToStorePath).
    throw new NixError("eval", `path '${text}' is not in the Nix store`, 0).frame(pos, frame)
  }
}

/** A position for forcing a cell, from what it is (C++ Nix: Value::determinePos with no other position). */
export function positionOf(cell: Cell): number {
  let c: Cell = cell
  // The function of an application may itself be one.
  while (c instanceof Thunk) {
    if (c.code === null) c = c.content as Value
    else if (c.code === APPLY) c = (c.content as readonly Cell[])[0] as Cell
    else return 0
  }
  return c instanceof Attrs ? c.pos : c instanceof Lambda ? c.code.expr.pos : 0
}
