// The kinds of tokens: small integers, and the names Nix's parser gives them in messages.
// C++ Nix: the %token lines of parser.y; single characters are named as Bison names them.

export const EOF = 0
/** A byte that begins no token. */
export const INVALID = 1
export const ID = 2
export const STR = 3
export const IND_STR = 4
export const INT_LIT = 5
export const FLOAT_LIT = 6
export const PATH = 7
export const HPATH = 8
export const SPATH = 9
export const PATH_END = 10
export const URI = 11
export const IF = 12
export const THEN = 13
export const ELSE = 14
export const ASSERT = 15
export const WITH = 16
export const LET = 17
export const IN_KW = 18
export const REC = 19
export const INHERIT = 20
export const EQ = 21
export const NEQ = 22
export const LEQ = 23
export const GEQ = 24
export const UPDATE = 25
export const CONCAT = 26
export const AND = 27
export const OR = 28
export const IMPL = 29
export const OR_KW = 30
export const PIPE_FROM = 31
export const PIPE_INTO = 32
export const DOLLAR_CURLY = 33
export const IND_STRING_OPEN = 34
export const IND_STRING_CLOSE = 35
export const ELLIPSIS = 36
export const REPL_BINDINGS = 37
export const LESS = 38
export const GREATER = 39
export const PLUS = 40
export const MINUS = 41
export const TIMES = 42
export const DIVIDE = 43
export const QUESTION = 44
export const COLON = 45
export const AT = 46
export const NOT = 47
export const LPAREN = 48
export const RPAREN = 49
export const DOT = 50
export const LBRACE = 51
export const RBRACE = 52
export const LBRACKET = 53
export const RBRACKET = 54
export const EQUALS = 55
export const SEMICOLON = 56
export const COMMA = 57
export const QUOTE = 58

/** One of the numbers above. */
export type TokenKind = number

/** By kind: the name in "syntax error, unexpected …" (bytes: `…` is three of them). */
export const tokenNames: readonly string[] = [
  "end of file",
  "invalid token",
  "identifier",
  "string",
  "indented string",
  "integer",
  "floating-point literal",
  "path",
  "'~/\xe2\x80\xa6' path",
  "'<\xe2\x80\xa6>' path",
  "end of path",
  "URI",
  "'if'",
  "'then'",
  "'else'",
  "'assert'",
  "'with'",
  "'let'",
  "'in'",
  "'rec'",
  "'inherit'",
  "'=='",
  "'!='",
  "'<='",
  "'>='",
  "'//'",
  "'++'",
  "'&&'",
  "'||'",
  "'->'",
  "'or'",
  "'<|'",
  "'|>'",
  "'${'",
  "start of an indented string",
  "end of an indented string",
  "'...'",
  "start of REPL bindings",
  "'<'",
  "'>'",
  "'+'",
  "'-'",
  "'*'",
  "'/'",
  "'?'",
  "':'",
  "'@'",
  "'!'",
  "'('",
  "')'",
  "'.'",
  "'{'",
  "'}'",
  "'['",
  "']'",
  "'='",
  "';'",
  "','",
  "'\"'",
]
