// Nix's grammar: the productions of C++ Nix's parser.y in its order (the order decides which of two
// equally frequent reductions becomes a default), each with the builder call its action stands for.
// Constant data; `parse.ts` makes the tables from it.

import { AttrsExpr } from "../attrs-expr.ts"
import { AssertExpr, type Expr, FloatExpr, IfExpr, IntExpr, ListExpr, StrExpr, WithExpr } from "../expr.ts"
import * as T from "../token.ts"
import { type Places, type Rule, rule, ruleWithPrec } from "./rule.ts"
import type { Precedence } from "./tables.ts"

/** Symbols that only carry a precedence; no token is one. */
const NO_TOKEN = -1

/**
 * The terminals: spelling in this grammar, and token kind. The order is Bison's, in which a message
 * lists what was expected. Bison's `error` and the invalid token are in no production, so they are not here.
 */
export const terminals: readonly (readonly [spelling: string, kind: T.TokenKind])[] = [
  ["$end", T.EOF],
  ["ID", T.ID],
  ["STR", T.STR],
  ["IND_STR", T.IND_STR],
  ["INT", T.INT_LIT],
  ["FLOAT", T.FLOAT_LIT],
  ["PATH", T.PATH],
  ["HPATH", T.HPATH],
  ["SPATH", T.SPATH],
  ["PATH_END", T.PATH_END],
  ["URI", T.URI],
  ["if", T.IF],
  ["then", T.THEN],
  ["else", T.ELSE],
  ["assert", T.ASSERT],
  ["with", T.WITH],
  ["let", T.LET],
  ["in", T.IN_KW],
  ["rec", T.REC],
  ["inherit", T.INHERIT],
  ["==", T.EQ],
  ["!=", T.NEQ],
  ["<=", T.LEQ],
  [">=", T.GEQ],
  ["//", T.UPDATE],
  ["++", T.CONCAT],
  ["&&", T.AND],
  ["||", T.OR],
  ["->", T.IMPL],
  ["or", T.OR_KW],
  ["<|", T.PIPE_FROM],
  ["|>", T.PIPE_INTO],
  ["DOLLAR_CURLY", T.DOLLAR_CURLY],
  ["IND_STRING_OPEN", T.IND_STRING_OPEN],
  ["IND_STRING_CLOSE", T.IND_STRING_CLOSE],
  ["...", T.ELLIPSIS],
  ["REPL_BINDINGS", T.REPL_BINDINGS],
  ["<", T.LESS],
  [">", T.GREATER],
  ["NOT", NO_TOKEN],
  ["+", T.PLUS],
  ["-", T.MINUS],
  ["*", T.TIMES],
  ["/", T.DIVIDE],
  ["?", T.QUESTION],
  ["NEGATE", NO_TOKEN],
  [":", T.COLON],
  ["@", T.AT],
  [";", T.SEMICOLON],
  ["!", T.NOT],
  [".", T.DOT],
  ['"', T.QUOTE],
  ["(", T.LPAREN],
  [")", T.RPAREN],
  ["{", T.LBRACE],
  ["}", T.RBRACE],
  ["[", T.LBRACKET],
  ["]", T.RBRACKET],
  ["=", T.EQUALS],
  [",", T.COMMA],
]

/** Loosest first. */
export const precedence: readonly Precedence[] = [
  { assoc: "right", tokens: ["->"] },
  { assoc: "left", tokens: ["||"] },
  { assoc: "left", tokens: ["&&"] },
  { assoc: "nonassoc", tokens: ["==", "!="] },
  { assoc: "nonassoc", tokens: ["<", ">", "<=", ">="] },
  { assoc: "right", tokens: ["//"] },
  { assoc: "left", tokens: ["NOT"] },
  { assoc: "left", tokens: ["+", "-"] },
  { assoc: "left", tokens: ["*", "/"] },
  { assoc: "right", tokens: ["++"] },
  { assoc: "nonassoc", tokens: ["?"] },
  { assoc: "nonassoc", tokens: ["NEGATE"] },
]

/** `left OP right` with the operator as second symbol. */
function binary(op: T.TokenKind): (values: readonly [Expr, undefined, Expr], places: Places) => Expr {
  return ([left, , right], p) => p.build.binary(op, left, right, p.from, p.start(2), p.start(3), p.to)
}

/** A set that is not finished yet; `set`, `recSet`, `legacyLet` and `spanning` give it its place. */
function newSet(p: Places): AttrsExpr {
  return new AttrsExpr(false, 0, p.from, p.to)
}

/** Bindings without braces: from the keyword (or start of the text) before them to their end. */
function spanning(attrs: AttrsExpr, p: Places): AttrsExpr {
  attrs.start = p.from
  attrs.end = p.end(2)
  return attrs
}

/** A plain piece of a string. */
function text(value: string, p: Places, symbol: number): { expr: Expr; pos: number } {
  return { expr: new StrExpr(value, p.start(symbol), p.end(symbol)), pos: p.start(symbol) }
}

/** All productions, in the order of parser.y. */
export const rules: readonly Rule[] = [
  rule("start", "expr", ([expr]) => expr),
  rule("start", "REPL_BINDINGS binds1", ([, attrs], p) => spanning(attrs, p)),

  rule("expr", "expr_function", ([expr]) => expr),

  rule("expr_function", "ID : expr_function", ([arg, , body], p) => p.build.lambda(arg, null, body, p.from, p.to)),
  rule("expr_function", "formal_set : expr_function", ([formals, , body], p) => p.build.lambda(null, formals, body, p.from, p.to)),
  rule("expr_function", "formal_set @ ID : expr_function", ([formals, , arg, , body], p) =>
    p.build.lambda(arg, formals, body, p.from, p.to),
  ),
  rule("expr_function", "ID @ formal_set : expr_function", ([arg, , formals, , body], p) =>
    p.build.lambda(arg, formals, body, p.from, p.to),
  ),
  rule("expr_function", "assert expr ; expr_function", ([, cond, , body], p) => new AssertExpr(cond, body, p.from, p.from, p.to)),
  rule("expr_function", "with expr ; expr_function", ([, attrs, , body], p) => new WithExpr(attrs, body, p.from, p.from, p.to)),
  rule("expr_function", "let binds in expr_function", ([, attrs, , body], p) => p.build.let(spanning(attrs, p), body, p.from, p.to)),
  rule("expr_function", "expr_if", ([expr]) => expr),

  rule("expr_if", "if expr then expr else expr", ([, cond, , yes, , no], p) => new IfExpr(cond, yes, no, p.from, p.from, p.to)),
  rule("expr_if", "expr_pipe_from", ([expr]) => expr),
  rule("expr_if", "expr_pipe_into", ([expr]) => expr),
  rule("expr_if", "expr_op", ([expr]) => expr),

  rule("expr_pipe_from", "expr_op <| expr_pipe_from", ([fun, , arg], p) => p.build.call(fun, arg, p.start(2), p.from, p.to)),
  rule("expr_pipe_from", "expr_op <| expr_op", ([fun, , arg], p) => p.build.call(fun, arg, p.start(2), p.from, p.to)),

  rule("expr_pipe_into", "expr_pipe_into |> expr_op", ([arg, , fun], p) => p.build.call(fun, arg, p.start(2), p.from, p.to)),
  rule("expr_pipe_into", "expr_op |> expr_op", ([arg, , fun], p) => p.build.call(fun, arg, p.start(2), p.from, p.to)),

  ruleWithPrec("expr_op", "! expr_op", "NOT", ([, operand], p) => p.build.not(operand, p.from, p.to)),
  ruleWithPrec("expr_op", "- expr_op", "NEGATE", ([, operand], p) => p.build.negate(operand, p.from, p.to)),
  rule("expr_op", "expr_op == expr_op", binary(T.EQ)),
  rule("expr_op", "expr_op != expr_op", binary(T.NEQ)),
  rule("expr_op", "expr_op < expr_op", binary(T.LESS)),
  rule("expr_op", "expr_op <= expr_op", binary(T.LEQ)),
  rule("expr_op", "expr_op > expr_op", binary(T.GREATER)),
  rule("expr_op", "expr_op >= expr_op", binary(T.GEQ)),
  rule("expr_op", "expr_op && expr_op", binary(T.AND)),
  rule("expr_op", "expr_op || expr_op", binary(T.OR)),
  rule("expr_op", "expr_op -> expr_op", binary(T.IMPL)),
  rule("expr_op", "expr_op // expr_op", binary(T.UPDATE)),
  rule("expr_op", "expr_op ? attrpath", ([target, , path], p) => p.build.hasAttr(target, path.names, p.from, p.to)),
  rule("expr_op", "expr_op + expr_op", binary(T.PLUS)),
  rule("expr_op", "expr_op - expr_op", binary(T.MINUS)),
  rule("expr_op", "expr_op * expr_op", binary(T.TIMES)),
  rule("expr_op", "expr_op / expr_op", binary(T.DIVIDE)),
  rule("expr_op", "expr_op ++ expr_op", binary(T.CONCAT)),
  rule("expr_op", "expr_app", ([expr]) => expr),

  rule("expr_app", "expr_app expr_select", ([fun, arg], p) => {
    const call = p.build.call(fun, arg, p.from, p.from, p.to)
    p.build.warnIfCursedOr(arg)
    return call
  }),
  rule("expr_app", "expr_select", ([expr], p) => {
    p.build.resetCursedOr(expr)
    return expr
  }),

  rule("expr_select", "expr_simple . attrpath", ([target, , path], p) => p.build.select(target, path.names, null, p.from, p.to)),
  rule("expr_select", "expr_simple . attrpath or expr_select", ([target, , path, , fallback], p) => {
    const select = p.build.select(target, path.names, fallback, p.from, p.to)
    p.build.warnIfCursedOr(fallback)
    return select
  }),
  rule("expr_select", "expr_simple or", ([fun], p) => p.build.cursedOr(fun, p.from, p.to)),
  rule("expr_select", "expr_simple", ([expr]) => expr),

  rule("expr_simple", "ID", ([name], p) => p.build.variable(name, p.from, p.to)),
  rule("expr_simple", "INT", ([value], p) => new IntExpr(value, p.from, p.to)),
  rule("expr_simple", "FLOAT", ([value], p) => new FloatExpr(value, p.from, p.to)),
  rule("expr_simple", '" string_parts "', ([, parts], p) => p.build.string(parts, p.from, p.to)),
  rule("expr_simple", "IND_STRING_OPEN ind_string_parts IND_STRING_CLOSE", ([, parts], p) => p.build.indentedString(parts, p.from, p.to)),
  rule("expr_simple", "path_start PATH_END", ([path]) => path),
  rule("expr_simple", "path_start string_parts_interpolated PATH_END", ([first, rest], p) => p.build.interpolatedPath(first, rest, p.to)),
  rule("expr_simple", "SPATH", ([token], p) => p.build.searchPath(token, p.from, p.to)),
  rule("expr_simple", "URI", ([url], p) => p.build.url(url, p.from, p.to)),
  rule("expr_simple", "( expr )", ([, expr]) => expr),
  rule("expr_simple", "let { binds }", ([, , attrs], p) => p.build.legacyLet(attrs, p.from, p.to)),
  rule("expr_simple", "rec { binds }", ([, , attrs], p) => p.build.recSet(attrs, p.from, p.to)),
  rule("expr_simple", "{ binds1 }", ([, attrs], p) => p.build.set(attrs, p.from, p.to)),
  rule("expr_simple", "{ }", (_, p) => p.build.set(newSet(p), p.from, p.to)),
  rule("expr_simple", "[ list ]", ([, items], p) => new ListExpr(items, p.from, p.to)),

  rule("string_parts", "STR", ([value]) => value),
  rule("string_parts", "string_parts_interpolated", ([parts], p) => p.build.interpolated(parts, p.from, p.to)),
  rule("string_parts", "", () => ""),

  rule("string_parts_interpolated", "string_parts_interpolated STR", ([parts, value], p) => {
    parts.push(text(value, p, 2))
    return parts
  }),
  rule("string_parts_interpolated", "string_parts_interpolated DOLLAR_CURLY expr }", ([parts, , expr], p) => {
    parts.push({ expr, pos: p.start(2) })
    return parts
  }),
  rule("string_parts_interpolated", "DOLLAR_CURLY expr }", ([, expr], p) => [{ expr, pos: p.from }]),
  rule("string_parts_interpolated", "STR DOLLAR_CURLY expr }", ([value, , expr], p) => [text(value, p, 1), { expr, pos: p.start(2) }]),

  rule("path_start", "PATH", ([literal], p) => p.build.path(literal, p.from, p.to)),
  rule("path_start", "HPATH", ([literal], p) => p.build.homePath(literal, p.from, p.to)),

  rule("ind_string_parts", "ind_string_parts IND_STR", ([parts, token], p) => {
    parts.push({ pos: p.start(2), end: p.end(2), text: token.text, indented: token.indented })
    return parts
  }),
  rule("ind_string_parts", "ind_string_parts DOLLAR_CURLY expr }", ([parts, , expr], p) => {
    parts.push({ pos: p.start(2), end: p.end(4), expr })
    return parts
  }),
  rule("ind_string_parts", "", () => []),

  rule("binds", "binds1", ([attrs]) => attrs),
  rule("binds", "", (_, p) => newSet(p)),

  rule("binds1", "binds1 attrpath = expr ;", ([attrs, path, , value], p) => {
    p.build.addAttr(attrs, path.names, p.start(2), value, p.start(4), path.nameStart, path.nameEnd)
    return attrs
  }),
  rule("binds1", "binds inherit attrs ;", ([attrs, , names], p) => {
    p.build.inherit(attrs, names)
    return attrs
  }),
  rule("binds1", "binds inherit ( expr ) attrs ;", ([attrs, , , from, , names], p) => {
    p.build.inheritFrom(attrs, from, p.start(4), names)
    return attrs
  }),
  rule("binds1", "attrpath = expr ;", ([path, , value], p) => {
    const attrs = newSet(p)
    p.build.addAttr(attrs, path.names, p.from, value, p.start(3), path.nameStart, path.nameEnd)
    return attrs
  }),

  rule("attrs", "attrs attr", ([names, name], p) => {
    names.push({ name: p.build.name(name), start: p.start(2), end: p.end(2) })
    return names
  }),
  rule("attrs", "attrs string_attr", ([names, parts], p) => {
    const name = p.build.inheritName(parts, p.start(2), p.end(2))
    if (name !== null) names.push(name)
    return names
  }),
  rule("attrs", "", () => []),

  rule("attrpath", "attrpath . attr", ([path, , name], p) => {
    path.names.push(p.build.name(name))
    return { names: path.names, nameStart: p.start(3), nameEnd: p.to }
  }),
  rule("attrpath", "attrpath . string_attr", ([path, , parts], p) => {
    path.names.push(p.build.attrName(parts))
    return { names: path.names, nameStart: p.start(3), nameEnd: p.to }
  }),
  rule("attrpath", "attr", ([name], p) => ({ names: [p.build.name(name)], nameStart: p.from, nameEnd: p.to })),
  rule("attrpath", "string_attr", ([parts], p) => ({
    names: [p.build.attrName(parts)],
    nameStart: p.from,
    nameEnd: p.to,
  })),

  rule("attr", "ID", ([name]) => name),
  rule("attr", "or", () => "or"),

  rule("string_attr", '" string_parts "', ([, parts]) => parts),
  rule("string_attr", "DOLLAR_CURLY expr }", ([, expr]) => expr),

  rule("list", "list expr_select", ([items, item], p) => {
    items.push(item)
    p.build.warnIfCursedOr(item)
    return items
  }),
  rule("list", "", () => []),

  rule("formal_set", "{ formals , ... }", ([, list]) => ({ list, ellipsis: true })),
  rule("formal_set", "{ ... }", () => ({ list: [], ellipsis: true })),
  rule("formal_set", "{ formals , }", ([, list]) => ({ list, ellipsis: false })),
  rule("formal_set", "{ formals }", ([, list]) => ({ list, ellipsis: false })),
  rule("formal_set", "{ }", () => ({ list: [], ellipsis: false })),

  rule("formals", "formals , formal", ([list, , formal]) => {
    list.push(formal)
    return list
  }),
  rule("formals", "formal", ([formal]) => [formal]),

  rule("formal", "ID", ([name], p) => p.build.formal(name, null, p.from)),
  rule("formal", "ID ? expr", ([name, , fallback], p) => p.build.formal(name, fallback, p.from)),
]
