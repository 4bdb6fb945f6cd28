// Answers an editor's questions about a text: what is wrong with it, what its names mean, how it is written well. Evaluates nothing.

import { constants } from "../eval/builtins/constants.ts"
import { primOps } from "../eval/builtins.ts"
import { baseScope, bind } from "../lang/bind.ts"
import { format } from "../lang/format/format.ts"
import type { ParseOptions } from "../lang/parse-options.ts"
import type { Problem } from "../lang/problem.ts"
import { parseWithRecovery } from "../lang/recover.ts"
import { Source } from "../lang/source.ts"
import { Symbols } from "../lang/symbol.ts"
import { highlightsOf } from "../lang/syntax/highlights.ts"
import { lint } from "../lang/syntax/lints.ts"
import { type Names, nameAt, resolveNames } from "../lang/syntax/names.ts"
import { foldsOf, type OutlineEntry, outlineOf } from "../lang/syntax/outline.ts"
import { nodesAt, type SyntaxNode } from "../lang/syntax/syntax-node.ts"
import { parseSyntax } from "../lang/syntax/syntax-parser.ts"
import { completionsAt } from "./completion.ts"
import { constructAt, hoverAt, signatureAt } from "./hover.ts"
import {
  type Analysis,
  type Completions,
  type DefinitionPlace,
  type Diagnostic,
  type Hover,
  highlightKinds,
  type LanguageApi,
  type OutlineItem,
  type Question,
  type ReferenceEntry,
  type Signature,
  type Span,
  type TextEdit,
} from "./language-protocol.ts"
import { referenceEntries } from "./reference.ts"
import { questionsOf, standaloneAt } from "./standalone.ts"
import { fromBytes } from "./text.ts"
import { TextOffsets } from "./text-offsets.ts"

/** A text, read. */
export interface Document {
  readonly offsets: TextOffsets
  /** The text as bytes. */
  readonly text: string
  /** Null if it is nested too deeply for a tree. */
  readonly root: SyntaxNode | null
  readonly names: Names
}

/** The names that are there without being defined. */
export function globalNames(): ReadonlySet<string> {
  const named = [...constants, ...primOps].map(({ name, global }) => (global ? name : `__${name}`))
  return new Set(["builtins", "derivation", "__curPos", ...named])
}

const noNames: Names = { definitions: [], uses: [], scopes: [] }

export class Language implements LanguageApi {
  private readonly globals = globalNames()
  /** The text asked about last: most questions are about the same one. */
  private last: { readonly text: string; readonly document: Document } | null = null

  private open(text: string): Document {
    if (this.last?.text === text) return this.last.document
    const offsets = new TextOffsets(text)
    const root = parseSyntax(offsets.bytes)
    const names = root === null ? noNames : resolveNames(root, offsets.bytes, this.globals)
    const document = { offsets, text: offsets.bytes, root, names }
    this.last = { text, document }
    return document
  }

  async analyze(text: string): Promise<Analysis> {
    const { offsets, root, names, text: bytes } = this.open(text)
    const diagnostics = this.problems(bytes).map((problem) => diagnosticOf(problem, offsets))
    if (root === null) return { diagnostics, highlights: new Uint32Array(0), outline: [], folds: [] }
    for (const { code, message, start, end, unnecessary, fixes } of lint(root, names, bytes, this.globals)) {
      diagnostics.push({
        code,
        // Of a text with errors less can be said for sure.
        severity: unnecessary || code === "W004" ? "info" : "warning",
        message: fromBytes(message),
        ...offsets.span({ start, end }),
        unnecessary,
        fixes: fixes.map(({ title, edits }) => ({
          title: fromBytes(title),
          edits: edits.map((edit) => ({ ...offsets.span(edit), text: fromBytes(edit.text) })),
        })),
      })
    }
    const found = highlightsOf(root, names, bytes)
    const highlights = new Uint32Array(found.length * 3)
    for (const [i, { start, end, kind }] of found.entries()) {
      const from = offsets.unit(start)
      highlights.set([from, offsets.unit(end) - from, highlightKinds.indexOf(kind)], i * 3)
    }
    const items = (entries: readonly OutlineEntry[]): OutlineItem[] =>
      entries.map((entry) => ({
        name: fromBytes(entry.name),
        kind: entry.kind,
        ...offsets.span(entry),
        nameSpan: offsets.span({ start: entry.nameStart, end: entry.nameEnd }),
        children: items(entry.children),
      }))
    return {
      diagnostics: diagnostics.sort((a, b) => a.start - b.start),
      highlights,
      outline: items(outlineOf(root, bytes)),
      folds: foldsOf(root, bytes).map((fold) => ({ ...offsets.span(fold), comment: fold.comment })),
    }
  }

  /** What parser and binder say. */
  private problems(bytes: string): Problem[] {
    if (/^\s*$/.test(bytes)) return []
    const source = new Source({ kind: "string" }, bytes, 1)
    const lint = { urlLiterals: "ignore", shortPathLiterals: "ignore", absolutePathLiterals: "ignore" } as const
    const symbols = new Symbols()
    const options: ParseOptions = { basePath: "/", home: "/", symbols, pureEval: false, pipeOperators: true, lint }
    const { expr, problems } = parseWithRecovery(source, options)
    // An undefined name in a text that has errors elsewhere may only be one that is not finished.
    const names = expr === null ? [] : bind(expr, baseScope([...this.globals]), symbols)
    return [...problems, ...names].map((problem) => ({ ...problem, pos: Math.max(0, problem.pos - 1), end: Math.max(0, problem.end - 1) }))
  }

  async format(text: string): Promise<{ readonly text: string } | { readonly problem: string; readonly span: Span }> {
    const { offsets, text: bytes } = this.open(text)
    const formatted = format(bytes)
    if (typeof formatted === "string") return { text: fromBytes(formatted) }
    return { problem: fromBytes(formatted.message), span: offsets.span(formatted) }
  }

  async complete(text: string, offset: number): Promise<Completions> {
    return completionsAt(this.open(text), offset)
  }

  async hover(text: string, offset: number): Promise<Hover | null> {
    const document = this.open(text)
    const construct = constructAt(document, offset)
    if (construct === null) return hoverAt(document, offset)
    const { constructHelp } = await import("./construct/constructs.ts")
    const help = constructHelp(construct.name)
    return help === undefined ? null : { span: construct.span, text: help }
  }

  async signature(text: string, offset: number): Promise<Signature | null> {
    return signatureAt(this.open(text), offset)
  }

  async definition(text: string, offset: number): Promise<readonly DefinitionPlace[]> {
    const { offsets, names, root, text: bytes } = this.open(text)
    const at = offsets.byte(offset)
    const found = nameAt(names, at)
    if (found !== undefined) return "places" in found ? found.places.map((place) => offsets.span(place)) : []
    const path = root === null ? undefined : nodesAt(root, at).find(({ kind, children }) => kind === "path" && children.length <= 2)
    if (path === undefined) return []
    return [{ path: fromBytes(bytes.slice(path.start, path.end)), start: 0, end: 0 }]
  }

  async references(text: string, offset: number): Promise<readonly Span[]> {
    const { offsets, names } = this.open(text)
    const found = nameAt(names, offsets.byte(offset))
    if (found === undefined) return []
    if ("places" in found) return [...found.places, ...found.uses].map((place) => offsets.span(place))
    return names.uses.filter(({ name, to }) => name === found.name && to === found.to).map((use) => offsets.span(use))
  }

  async rename(
    text: string,
    offset: number,
    name: string,
  ): Promise<{ readonly edits: readonly TextEdit[] } | { readonly problem: string }> {
    const { offsets, names, root } = this.open(text)
    const found = nameAt(names, offsets.byte(offset))
    if (found === undefined) return { problem: "there is no name here" }
    if (!("places" in found)) {
      const why = found.to === "global" ? "it is a builtin" : found.to === "with" ? "it comes from a with" : "it is not defined here"
      return { problem: `'${fromBytes(found.name)}' cannot be renamed: ${why}` }
    }
    if (!/^[a-zA-Z_][a-zA-Z0-9_'-]*$/.test(name) || keywords.has(name)) return { problem: `'${name}' cannot be the name of a variable` }
    const taken = found.scope.names.has(name) || found.uses.some((use) => resolvesTo(use.scope, name, found.scope))
    if (taken) return { problem: `there is a '${name}' here already` }
    if (names.uses.some((use) => use.name === name && use.to !== found && within(use.scope, found.scope)))
      return { problem: `'${name}' already means something else here` }
    if (found.node.kind === "inherit") return { problem: "a name that is inherited has the name of what it inherits" }
    // `inherit a;` takes a name and gives it on: the two cannot part.
    const inherited = found.uses.some(({ start }) => root !== null && nodesAt(root, start).at(-2)?.kind === "inherit")
    if (inherited) return { problem: `'${fromBytes(found.name)}' is inherited elsewhere under this name` }
    return { edits: [...found.places, ...found.uses].map((place) => ({ ...offsets.span(place), text: name })) }
  }

  async selection(text: string, offset: number): Promise<readonly Span[]> {
    const { offsets, root } = this.open(text)
    if (root === null) return []
    const spans = nodesAt(root, offsets.byte(offset)).map((node) => offsets.span(node))
    return spans.reverse().filter((span, i) => i === 0 || span.start !== spans[i - 1]?.start || span.end !== spans[i - 1]?.end)
  }

  async standalone(text: string, span: Span): Promise<string | null> {
    return standaloneAt(this.open(text), span)
  }

  async questions(text: string): Promise<readonly Question[]> {
    return questionsOf(this.open(text))
  }

  async reference(): Promise<readonly ReferenceEntry[]> {
    const { constructEntries } = await import("./construct/constructs.ts")
    return [...constructEntries(), ...referenceEntries()]
  }
}

/** Words that are no names. */
export const keywords: ReadonlySet<string> = new Set(["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"])

type Scope = Names["scopes"][number]

/** Whether a name is defined between a scope and the outer one. */
function resolvesTo(from: Scope, name: string, until: Scope): boolean {
  for (let at: Scope | null = from; at !== null && at !== until; at = at.up) if (at.names.has(name)) return true
  return false
}

function within(scope: Scope, outer: Scope): boolean {
  for (let at: Scope | null = scope; at !== null; at = at.up) if (at === outer) return true
  return false
}

function diagnosticOf({ code, severity, message, pos, end }: Problem, offsets: TextOffsets): Diagnostic {
  const text = fromBytes(message)
  return { code, severity, message: text, ...offsets.span({ start: pos, end: Math.max(pos, end) }), unnecessary: false, fixes: [] }
}
