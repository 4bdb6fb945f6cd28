// The syntax tree: what the parser makes of a text, with Nix's own desugarings (`a - b` is a call of
// the variable `__sub`, `<x>` a call of `__findFile`, …), so that printing and meaning agree with
// C++ Nix (nixexpr.hh). The binder then resolves the variables in place (`level`, `slot`, `fromWith`).
//
// Every node has `pos` (the position Nix reports for it, 0 where Nix has none) and the byte range
// `start`–`end` in the position table (for editors; `start` is a position, not an offset).

export type Expr =
  | IntExpr
  | FloatExpr
  | StrExpr
  | PathExpr
  | VarExpr
  | InheritFromExpr
  | SelectExpr
  | HasAttrExpr
  | AttrsExpr
  | ListExpr
  | LambdaExpr
  | CallExpr
  | LetExpr
  | WithExpr
  | IfExpr
  | AssertExpr
  | NotExpr
  | BinaryExpr
  | ConcatExpr
  | CurPosExpr
  | BrokenExpr

/** One step of an attribute path: a fixed name, or an expression computed at run time. */
export type AttrName = string | Expr

abstract class Node {
  /** The position Nix reports for this node; 0 if it has none. */
  pos: number
  /** Range in the position table: first byte, and one past the last. */
  start: number
  end: number
  /** Set by the binder: how many nested evaluations this expression takes at most, up to the next thunk or lambda. */
  height = 0
  /** The evaluator's compiled forms of this node; nobody else looks at them. */
  code: unknown = null
  cell: unknown = null
  constructor(pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
  }
}

/** Integer literal; a bigint beyond 2^53. */
export class IntExpr extends Node {
  readonly kind = "int"
  readonly value: number | bigint
  constructor(value: number | bigint, start: number, end: number) {
    super(0, start, end)
    this.value = value
  }
}

export class FloatExpr extends Node {
  readonly kind = "float"
  readonly value: number
  constructor(value: number, start: number, end: number) {
    super(0, start, end)
    this.value = value
  }
}

/** String without interpolation (bytes, escapes done). */
export class StrExpr extends Node {
  readonly kind = "string"
  readonly text: string
  constructor(text: string, start: number, end: number) {
    super(0, start, end)
    this.text = text
  }
}

/** Absolute path literal. As first part of a ConcatExpr it may keep a trailing slash. */
export class PathExpr extends Node {
  readonly kind = "path"
  readonly path: string
  constructor(path: string, start: number, end: number) {
    super(0, start, end)
    this.path = path
  }
}

export class VarExpr extends Node {
  readonly kind = "var"
  readonly name: string
  /** Set by the binder: environments to go up; -1 while unbound. */
  level = -1
  /** Set by the binder: slot in that environment (1…; slot 0 is the parent). */
  slot = 0
  /** Set by the binder when only enclosing `with`s can supply the name: the innermost of them; `level` then leads to it. */
  fromWith: WithExpr | null = null
  constructor(name: string, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.name = name
  }
}

/** The shared value of `inherit (e) …`: slot `index` of the inherit environment. */
export class InheritFromExpr extends Node {
  readonly kind = "inherit-from"
  index: number
  constructor(index: number, pos: number) {
    super(pos, pos, pos)
    this.index = index
  }
}

/** `target.path` or `target.path or fallback`. */
export class SelectExpr extends Node {
  readonly kind = "select"
  readonly target: Expr
  readonly path: readonly AttrName[]
  readonly fallback: Expr | null
  constructor(target: Expr, path: readonly AttrName[], fallback: Expr | null, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.target = target
    this.path = path
    this.fallback = fallback
  }
}

/** `target ? path`. Nix reports the target's position. */
export class HasAttrExpr extends Node {
  readonly kind = "has-attr"
  readonly target: Expr
  readonly path: readonly AttrName[]
  constructor(target: Expr, path: readonly AttrName[], start: number, end: number) {
    super(target.pos, start, end)
    this.target = target
    this.path = path
  }
}

export type AttrKind = "plain" | "inherited" | "inherited-from"

/** A static attribute. `slot` (set by the binder) is its place in the rec/let environment. */
export interface AttrDef {
  readonly name: string
  readonly kind: AttrKind
  readonly expr: Expr
  readonly pos: number
  /** Range of the name itself, for editors; 0,0 for a set made by a nested path. */
  readonly start: number
  readonly end: number
}

export interface DynamicAttr {
  readonly name: Expr
  readonly value: Expr
  readonly pos: number
}

/** `{ … }`, `rec { … }`, and the bindings of a `let`. */
export class AttrsExpr extends Node {
  readonly kind = "attrs"
  recursive: boolean
  /** In source order of first definition; the binder sorts it by symbol number. */
  readonly attrs = new Map<string, AttrDef>()
  readonly dynamic: DynamicAttr[] = []
  /** The `e` of each `inherit (e) …`, by InheritFromExpr.index. */
  readonly inheritFrom: Expr[] = []
  /** Set by the binder: the static attributes in symbol order. */
  sorted: readonly AttrDef[] | null = null
  constructor(recursive: boolean, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.recursive = recursive
  }
}

export class ListExpr extends Node {
  readonly kind = "list"
  readonly items: readonly Expr[]
  constructor(items: readonly Expr[], start: number, end: number) {
    // C++ Nix: ExprList::getPos is the position of its first element.
    super(items[0]?.pos ?? 0, start, end)
    this.items = items
  }
}

/** One name of `{ a, b ? 1 }:`. */
export interface Formal {
  readonly name: string
  readonly fallback: Expr | null
  readonly pos: number
}

export interface Formals {
  /** In source order; the binder sorts `sorted` by symbol number. */
  readonly list: readonly Formal[]
  readonly ellipsis: boolean
}

export class LambdaExpr extends Node {
  readonly kind = "lambda"
  /** The argument's name: `x` of `x: …` or of `…@x:`; null without. */
  readonly arg: string | null
  readonly formals: Formals | null
  readonly body: Expr
  /** The name of the attribute or variable this lambda is directly bound to (C++ Nix: setName). */
  name: string | null = null
  /** Range of the doc comment (inside the comment marks included), or null. */
  doc: readonly [start: number, end: number] | null = null
  /** Set by the binder: the formals in symbol order. */
  sortedFormals: readonly Formal[] | null = null
  constructor(arg: string | null, formals: Formals | null, body: Expr, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.arg = arg
    this.formals = formals
    this.body = body
  }
}

export class CallExpr extends Node {
  readonly kind = "call"
  readonly fun: Expr
  readonly args: Expr[]
  /** For `e or` (a call with the variable `or`): the position after it; 0 otherwise or once it is harmless. */
  cursedOrEnd = 0
  constructor(fun: Expr, args: Expr[], pos: number, start: number, end: number) {
    super(pos, start, end)
    this.fun = fun
    this.args = args
  }
}

export class LetExpr extends Node {
  readonly kind = "let"
  readonly attrs: AttrsExpr
  readonly body: Expr
  constructor(attrs: AttrsExpr, body: Expr, start: number, end: number) {
    super(0, start, end)
    this.attrs = attrs
    this.body = body
  }
}

export class WithExpr extends Node {
  readonly kind = "with"
  readonly attrs: Expr
  readonly body: Expr
  /** Set by the binder: the next enclosing `with`, and how many environments up it is. */
  parentWith: WithExpr | null = null
  prevWith = 0
  constructor(attrs: Expr, body: Expr, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.attrs = attrs
    this.body = body
  }
}

export class IfExpr extends Node {
  readonly kind = "if"
  readonly cond: Expr
  readonly yes: Expr
  readonly no: Expr
  constructor(cond: Expr, yes: Expr, no: Expr, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.cond = cond
    this.yes = yes
    this.no = no
  }
}

export class AssertExpr extends Node {
  readonly kind = "assert"
  readonly cond: Expr
  readonly body: Expr
  constructor(cond: Expr, body: Expr, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.cond = cond
    this.body = body
  }
}

/** `!e`. Nix reports the operand's position. */
export class NotExpr extends Node {
  readonly kind = "not"
  readonly operand: Expr
  constructor(operand: Expr, start: number, end: number) {
    super(operand.pos, start, end)
    this.operand = operand
  }
}

/** The operators that are no calls. `pos` is the operator's. */
export type BinaryOperator = "==" | "!=" | "&&" | "||" | "->" | "//" | "++"

export class BinaryExpr extends Node {
  readonly kind = "binary"
  readonly op: BinaryOperator
  readonly left: Expr
  readonly right: Expr
  constructor(op: BinaryOperator, left: Expr, right: Expr, pos: number, start: number, end: number) {
    super(pos, start, end)
    this.op = op
    this.left = left
    this.right = right
  }
}

export interface ConcatPart {
  readonly expr: Expr
  readonly pos: number
}

/** `a + b` (two parts, `forceString` false), an interpolated string (true), or an interpolated path (false, first part a PathExpr). */
export class ConcatExpr extends Node {
  readonly kind = "concat"
  readonly forceString: boolean
  readonly parts: readonly ConcatPart[]
  constructor(forceString: boolean, parts: readonly ConcatPart[], pos: number, start: number, end: number) {
    super(pos, start, end)
    this.forceString = forceString
    this.parts = parts
  }
}

/** `__curPos`. */
export class CurPosExpr extends Node {
  readonly kind = "cur-pos"
}

/** Where the text could not be understood; only in trees of an editor, never evaluated. */
export class BrokenExpr extends Node {
  readonly kind = "broken"
}

/** For the end of a switch over node kinds: a new kind becomes a compile error there. */
export function unreachable(x: never): never {
  throw new RangeError(`unreachable: ${JSON.stringify(x)}`)
}
