// Random Nix programs: grown from the grammar, or real texts with pieces cut, doubled and swapped.

import type { Random } from "./random.ts"

const names = ["a", "b", "c", "x", "y", "f", "g", "or'", "self", "_k"]
const ints = ["0", "1", "2", "3", "7", "10", "42", "9223372036854775807", "9007199254740993"]
const floats = ["0.5", "1.0", "2.75", ".1", "1.e3", "1.5e300"]
const strings = [
  '""',
  '"a"',
  '"b c"',
  '"x\\ny"',
  "''\n  two\n    lines\n''",
  '"\\${"',
  '"é"',
  "''''",
  '"1.2-pre3"',
  '"[a-z]+"',
  '"{\\"k\\":[1,2.5,null]}"',
]
const unary = [
  "builtins.attrNames",
  "builtins.attrValues",
  "builtins.length",
  "builtins.head",
  "builtins.tail",
  "builtins.isFunction",
  "builtins.typeOf",
  "toString",
  "builtins.toJSON",
  "builtins.fromJSON",
  "builtins.stringLength",
  "builtins.concatLists",
  "builtins.listToAttrs",
  "builtins.functionArgs",
  "builtins.parseDrvName",
  "builtins.splitVersion",
  "builtins.tryEval",
  "builtins.deepSeq 1",
  "builtins.ceil",
  "builtins.floor",
  "builtins.isAttrs",
  "builtins.isList",
  "throw",
  "abort",
  "builtins.toXML",
  "builtins.unsafeDiscardStringContext",
  "baseNameOf",
  "dirOf",
  'builtins.hashString "sha256"',
]
const binary = [
  "builtins.seq",
  "builtins.deepSeq",
  "map",
  "builtins.filter",
  "builtins.all",
  "builtins.any",
  "builtins.elem",
  "builtins.elemAt",
  "builtins.genList",
  "builtins.sort",
  "builtins.concatMap",
  "builtins.groupBy",
  "builtins.partition",
  "builtins.mapAttrs",
  "builtins.getAttr",
  "builtins.hasAttr",
  "removeAttrs",
  "builtins.intersectAttrs",
  "builtins.catAttrs",
  "builtins.compareVersions",
  "builtins.match",
  "builtins.split",
  "builtins.concatStringsSep",
  "builtins.lessThan",
  "builtins.add",
  "builtins.bitAnd",
  "builtins.addErrorContext",
  "builtins.zipAttrsWith",
  "builtins.unsafeGetAttrPos",
]
const ternary = ["builtins.foldl'", "builtins.substring", "builtins.replaceStrings"]
const operators = ["+", "-", "*", "/", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "->", "//", "++"]

/** A program from the grammar; `size` bounds the number of nodes. Mostly closed, sometimes with an undefined name. */
export function growProgram(random: Random, size: number): string {
  let left = size
  const expr = (scope: readonly string[]): string => {
    if (--left <= 0) return leaf(scope)
    switch (random.below(24)) {
      case 0:
      case 1:
      case 2:
        return leaf(scope)
      case 3: {
        const name = random.pick(names)
        return `(${name}: ${expr([...scope, name])})`
      }
      case 4: {
        const a = random.pick(names)
        const b = random.pick(names)
        const tail = random.pick(["", ", ...", `, ${b} ? ${expr(scope)}`])
        return `({ ${a}${a === b && tail.includes("?") ? "" : tail} }: ${expr([...scope, a])})`
      }
      case 5:
      case 6:
        return `(${expr(scope)} ${expr(scope)})`
      case 7:
      case 8:
        return `(let ${bindings(scope, true)} in ${expr([...scope, ...names.slice(0, 4)])})`
      case 9:
        return `{ ${bindings(scope, false)} }`
      case 10:
        return `rec { ${bindings(scope, true)} }`
      case 11:
        return `[ ${expr(scope)} ${random.below(2) ? expr(scope) : ""} ]`
      case 12:
        return `(if ${expr(scope)} then ${expr(scope)} else ${expr(scope)})`
      case 13:
        return `(with ${expr(scope)}; ${expr([...scope, random.pick(names)])})`
      case 14:
        return `(assert ${expr(scope)}; ${expr(scope)})`
      case 15:
        return `${atom(scope)}.${random.pick(names)}${random.below(2) ? ` or ${atom(scope)}` : ""}`
      case 16:
        return `(${expr(scope)} ? ${random.pick(names)})`
      case 17:
        return `"<\${${expr(scope)}}>"`
      case 18:
        return `(${random.pick(["!", "-"])}${expr(scope)})`
      case 19:
        return `(${random.pick(unary)} ${atom(scope)})`
      case 20:
        return `(${random.pick(binary)} ${atom(scope)} ${atom(scope)})`
      case 21:
        return `(${random.pick(ternary)} ${atom(scope)} ${atom(scope)} ${atom(scope)})`
      default:
        return `(${expr(scope)} ${random.pick(operators)} ${expr(scope)})`
    }
  }
  const atom = (scope: readonly string[]): string => (random.below(2) ? leaf(scope) : `(${expr(scope)})`)
  const leaf = (scope: readonly string[]): string => {
    if (scope.length > 0 && random.below(3) > 0) return random.pick(scope)
    switch (random.below(8)) {
      case 0:
      case 1:
        return random.pick(ints)
      case 2:
        return random.pick(floats)
      case 3:
        return random.pick(["true", "false", "null", "{ }", "[ ]"])
      case 4:
        return random.pick(["/a/b", "/a/../c", "__curPos", random.pick(names)])
      default:
        return random.pick(strings)
    }
  }
  const bindings = (scope: readonly string[], recursive: boolean): string => {
    const inner = recursive ? [...scope, ...names.slice(0, 4)] : scope
    const own = names.slice(0, 4)
    return own
      .map((name, i) =>
        i < 2 || random.below(2)
          ? `${name}${random.below(6) === 0 ? `.${random.pick(names)}` : ""} = ${random.below(3) ? expr(inner) : leaf(inner)};`
          : `${name} = ${leaf(scope)};`,
      )
      .join(" ")
  }
  return expr([])
}

const tokens = /"(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_'-]*|[0-9]+|\s+|[^\sA-Za-z0-9_]/g

/** A real text with one to four mutations of its tokens. */
export function mutate(random: Random, text: string): string {
  const parts = text.match(tokens) ?? []
  for (let n = 1 + random.below(4); n > 0 && parts.length > 0; n--) {
    const i = random.below(parts.length)
    const j = random.below(parts.length)
    switch (random.below(6)) {
      case 0:
        parts.splice(i, 1 + random.below(3))
        break
      case 1:
        parts.splice(i, 0, parts[j] as string)
        break
      case 2: {
        const t = parts[i] as string
        parts[i] = parts[j] as string
        parts[j] = t
        break
      }
      case 3:
        parts.splice(
          i,
          0,
          random.pick(["(", ")", "{", "}", "[", "]", ";", ":", "''", '"', "${", ".", "or", "let", "in", "@", "?", "...", "\0", "\xff"]),
        )
        break
      case 4:
        parts[i] = random.pick([...ints, ...names, ...operators, ...strings])
        break
      default:
        parts.length = i
    }
  }
  return parts.join("")
}
