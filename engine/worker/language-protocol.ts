// What an editor asks about a text and what it is told: plain data. Offsets count UTF-16 units, as JavaScript strings do.

/** Where in a text. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface TextEdit extends Span {
  readonly text: string
}

export interface TextFix {
  readonly title: string
  readonly edits: readonly TextEdit[]
}

/** A problem of a text as it stands, without evaluating it. */
export interface Diagnostic extends Span {
  /** `syntax/…` and `name/…` from the parser and binder, `lint/…` Nix's lints, `W003` and its like Tvix's warnings. */
  readonly code: string
  readonly severity: "error" | "warning" | "info"
  readonly message: string
  /** What is not needed; shown faded. */
  readonly unnecessary: boolean
  readonly fixes: readonly TextFix[]
}

/** Kinds of coloured text; `Highlights` holds indexes into this. */
export const highlightKinds = [
  "comment",
  "keyword",
  "operator",
  "number",
  "string",
  "escape",
  "path",
  "variable",
  "parameter",
  "property",
  "global",
  "dynamic",
] as const

/** Start, length and kind (an index into highlightKinds) of each stretch, one after another. */
export type Highlights = Uint32Array

export interface OutlineItem extends Span {
  readonly name: string
  readonly kind: "function" | "set" | "list" | "string" | "number" | "value"
  readonly nameSpan: Span
  readonly children: readonly OutlineItem[]
}

export interface FoldSpan extends Span {
  readonly comment: boolean
}

/** Everything that can be said of a text at once. */
export interface Analysis {
  readonly diagnostics: readonly Diagnostic[]
  readonly highlights: Highlights
  readonly outline: readonly OutlineItem[]
  readonly folds: readonly FoldSpan[]
}

export interface CompletionItem {
  readonly label: string
  readonly kind: "keyword" | "variable" | "parameter" | "property" | "builtin"
  /** Short, beside the label. */
  readonly detail: string
  /** Markdown. */
  readonly documentation: string
}

/** What could be written at an offset. */
export interface Completions {
  /** What it replaces. */
  readonly span: Span
  readonly items: readonly CompletionItem[]
  /**
   * Set where attribute names are wanted that only an evaluation can tell: `target` is the expression before the dot, `scope` the
   * text around it with a hole, such that `scope[0] + target + scope[1]` is a whole expression with the same names in scope.
   */
  readonly select?: { readonly target: string; readonly before: string; readonly after: string }
}

/** What is known of the name under the pointer. */
export interface Hover {
  readonly span: Span
  /** Markdown. */
  readonly text: string
  /** The expression that this is, for its value: of a selection up to the name pointed at. */
  readonly expression?: Span
}

export interface Signature {
  /** `builtins.elemAt xs n` */
  readonly label: string
  /** Where in the label the parameters are. */
  readonly parameters: readonly Span[]
  /** Which one is being written; may be past the last. */
  readonly active: number
  /** Markdown. */
  readonly documentation: string
}

/** Where something is defined: in the text asked about, or in the file at a path relative to it. */
export interface DefinitionPlace extends Span {
  readonly path?: string
}

/** One entry of the reference: a builtin, a constant or a construct of the language. */
export interface ReferenceEntry {
  readonly name: string
  readonly kind: "builtin" | "constant" | "construct"
  /** `builtins.map f list`; of a construct, how it is written. */
  readonly synopsis: string
  /** Markdown. */
  readonly documentation: string
  /** The function or file of C++ Nix it follows. */
  readonly source: string
  /** The experimental feature it needs, or "". */
  readonly feature: string
  readonly examples: readonly {
    readonly nix: string
    readonly result: string
    readonly fails: boolean
    readonly features: readonly string[]
  }[]
}

/** A question in a comment: `# ^?` shows the value of what the caret points at, `# => value` says what the expression before it is. */
export interface Question {
  readonly kind: "show" | "check"
  /** Where the answer is shown. */
  readonly at: number
  /** The comment. */
  readonly span: Span
  /** The same with what it needs around it. */
  readonly expression: string
  /** Of a check: what is said, an expression. */
  readonly expected: string
}

/** The worker's side of the editor's questions. Answers are about the text given: nothing is kept that matters. */
export interface LanguageApi {
  analyze(text: string): Promise<Analysis>
  /** The text formatted (RFC 166), or why not. */
  format(text: string): Promise<{ readonly text: string } | { readonly problem: string; readonly span: Span }>
  complete(text: string, offset: number): Promise<Completions>
  hover(text: string, offset: number): Promise<Hover | null>
  signature(text: string, offset: number): Promise<Signature | null>
  /** Where the name (or the path of an import) at an offset is defined. */
  definition(text: string, offset: number): Promise<readonly DefinitionPlace[]>
  /** All places of the name at an offset, its definitions first. */
  references(text: string, offset: number): Promise<readonly Span[]>
  /** The edits that rename what is at an offset, or why it cannot be. */
  rename(text: string, offset: number, name: string): Promise<{ readonly edits: readonly TextEdit[] } | { readonly problem: string }>
  /** The spans around an offset, the smallest first. */
  selection(text: string, offset: number): Promise<readonly Span[]>
  /** The expression at a span with what it needs around it to be evaluated alone; null if it needs what only a caller gives. */
  standalone(text: string, span: Span): Promise<string | null>
  /** The questions in the comments of a text. */
  questions(text: string): Promise<readonly Question[]>
  /** The constructs of the language, then all builtins and constants by name. */
  reference(): Promise<readonly ReferenceEntry[]>
}
