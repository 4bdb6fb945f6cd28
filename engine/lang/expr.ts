// The syntax tree: what the parser makes of a text, with Nix's own desugarings (`a - b` is a call of the variable `__sub`, `<x>` a call
// of `__findFile`, …), so that printing and meaning agree with C++ Nix (nixexpr.hh). The binder then resolves the variables in place.
//
// Every node has `pos` (the position Nix reports for it, 0 where Nix has none) and the byte range `start`–`end`, both in the position table.

import type { AttrsExpr } from "./attrs-expr.ts"

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

/** What every node has. Each class declares it for itself: one base constructor sees twenty shapes, and parsing takes twice as long (measured). */
export interface Node {
  /** The position Nix reports for this node; 0 if it has none. */
  pos: number
  /** Range in the position table: first byte, and one past the last. */
  start: number
  end: number
  /** Set by the binder: how many nested evaluations this expression takes at most, up to the next thunk or lambda. */
  height: number
  /** The evaluator's compiled forms of this node; nobody else looks at them. */
  code: unknown
  cell: unknown
}

/** Integer literal; a bigint beyond 2^53. */
export class IntExpr implements Node {
  readonly kind = "int"
  pos = 0
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly value: number | bigint
  constructor(value: number | bigint, start: number, end: number) {
    this.start = start
    this.end = end
    this.value = value
  }
}

export class FloatExpr implements Node {
  readonly kind = "float"
  pos = 0
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly value: number
  constructor(value: number, start: number, end: number) {
    this.start = start
    this.end = end
    this.value = value
  }
}

/** String without interpolation (bytes, escapes done). */
export class StrExpr implements Node {
  readonly kind = "string"
  pos = 0
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly text: string
  constructor(text: string, start: number, end: number) {
    this.start = start
    this.end = end
    this.text = text
  }
}

/** Absolute path literal. As first part of a ConcatExpr it may keep a trailing slash. */
export class PathExpr implements Node {
  readonly kind = "path"
  pos = 0
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly path: string
  constructor(path: string, start: number, end: number) {
    this.start = start
    this.end = end
    this.path = path
  }
}

export class VarExpr implements Node {
  readonly kind = "var"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly name: string
  /** Set by the binder: environments to go up; -1 while unbound. */
  level = -1
  /** Set by the binder: slot in that environment (1…; slot 0 is the parent). */
  slot = 0
  /** Set by the binder when only enclosing `with`s can supply the name: the innermost of them; `level` then leads to it. */
  fromWith: WithExpr | null = null
  constructor(name: string, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.name = name
  }
}

/** The shared value of `inherit (e) …`: slot `index` of the inherit environment. */
export class InheritFromExpr implements Node {
  readonly kind = "inherit-from"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  index: number
  constructor(index: number, pos: number) {
    this.pos = pos
    this.start = pos
    this.end = pos
    this.index = index
  }
}

/** `target.path` or `target.path or fallback`. */
export class SelectExpr implements Node {
  readonly kind = "select"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly target: Expr
  readonly path: readonly AttrName[]
  readonly fallback: Expr | null
  constructor(target: Expr, path: readonly AttrName[], fallback: Expr | null, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.target = target
    this.path = path
    this.fallback = fallback
  }
}

/** `target ? path`. Nix reports the target's position. */
export class HasAttrExpr implements Node {
  readonly kind = "has-attr"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly target: Expr
  readonly path: readonly AttrName[]
  constructor(target: Expr, path: readonly AttrName[], start: number, end: number) {
    this.pos = target.pos
    this.start = start
    this.end = end
    this.target = target
    this.path = path
  }
}

export class ListExpr implements Node {
  readonly kind = "list"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly items: readonly Expr[]
  constructor(items: readonly Expr[], start: number, end: number) {
    // C++ Nix: ExprList::getPos is the position of its first element.
    this.pos = items[0]?.pos ?? 0
    this.start = start
    this.end = end
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

export class LambdaExpr implements Node {
  readonly kind = "lambda"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
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
  /** What the evaluator knows of calls; nobody else looks at it. */
  plan: unknown = null
  constructor(arg: string | null, formals: Formals | null, body: Expr, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.arg = arg
    this.formals = formals
    this.body = body
  }
}

export class CallExpr implements Node {
  readonly kind = "call"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly fun: Expr
  readonly args: Expr[]
  /** For `e or` (a call with the variable `or`): the position after it; 0 otherwise or once it is harmless. */
  cursedOrEnd = 0
  constructor(fun: Expr, args: Expr[], pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.fun = fun
    this.args = args
  }
}

export class LetExpr implements Node {
  readonly kind = "let"
  pos = 0
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly attrs: AttrsExpr
  readonly body: Expr
  constructor(attrs: AttrsExpr, body: Expr, start: number, end: number) {
    this.start = start
    this.end = end
    this.attrs = attrs
    this.body = body
  }
}

export class WithExpr implements Node {
  readonly kind = "with"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly attrs: Expr
  readonly body: Expr
  /** Set by the binder: the next enclosing `with`, and how many environments up it is. */
  parentWith: WithExpr | null = null
  prevWith = 0
  constructor(attrs: Expr, body: Expr, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.attrs = attrs
    this.body = body
  }
}

export class IfExpr implements Node {
  readonly kind = "if"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly cond: Expr
  readonly yes: Expr
  readonly no: Expr
  constructor(cond: Expr, yes: Expr, no: Expr, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.cond = cond
    this.yes = yes
    this.no = no
  }
}

export class AssertExpr implements Node {
  readonly kind = "assert"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly cond: Expr
  readonly body: Expr
  constructor(cond: Expr, body: Expr, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.cond = cond
    this.body = body
  }
}

/** `!e`. Nix reports the operand's position. */
export class NotExpr implements Node {
  readonly kind = "not"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly operand: Expr
  constructor(operand: Expr, start: number, end: number) {
    this.pos = operand.pos
    this.start = start
    this.end = end
    this.operand = operand
  }
}

/** The operators that are no calls. `pos` is the operator's. */
export type BinaryOperator = "==" | "!=" | "&&" | "||" | "->" | "//" | "++"

export class BinaryExpr implements Node {
  readonly kind = "binary"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly op: BinaryOperator
  readonly left: Expr
  readonly right: Expr
  constructor(op: BinaryOperator, left: Expr, right: Expr, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
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
export class ConcatExpr implements Node {
  readonly kind = "concat"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  readonly forceString: boolean
  readonly parts: readonly ConcatPart[]
  constructor(forceString: boolean, parts: readonly ConcatPart[], pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.forceString = forceString
    this.parts = parts
  }
}

/** `__curPos`. */
export class CurPosExpr implements Node {
  readonly kind = "cur-pos"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  constructor(pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
  }
}

/** Where the text could not be understood; only in trees of an editor, never evaluated. */
export class BrokenExpr implements Node {
  readonly kind = "broken"
  pos = 0
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  constructor(start: number, end: number) {
    this.start = start
    this.end = end
  }
}

/** For the end of a switch over node kinds: a new kind becomes a compile error there. */
export function unreachable(x: never): never {
  throw new RangeError(`unreachable: ${JSON.stringify(x)}`)
}
