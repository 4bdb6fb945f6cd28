// The pieces of string and path literals as the parsers collect them.

import type { ConcatPart, Expr } from "./expr.ts"

/** The inside of `"…"`: plain text, or an interpolated string's node. */
export type Stringy = string | Expr

/** One piece of an indented string: text (`indented` as the lexer says), or an interpolation. */
export type IndentedPart =
  | { readonly pos: number; readonly end: number; readonly text: string; readonly indented: boolean }
  | { readonly pos: number; readonly end: number; readonly expr: Expr }

export type { ConcatPart }
