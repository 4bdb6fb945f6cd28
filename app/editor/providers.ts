// Monaco's questions about Nix, answered by the language's worker and by evaluation under a small budget.

import {
  type CancellationToken,
  editor,
  type IRange,
  languages,
  MarkerSeverity,
  MarkerTag,
  type Position,
  Range,
} from "monaco-editor/editor"
import { type Analysis, type Diagnostic, highlightKinds, type OutlineItem, type Span } from "../../engine/worker/language-protocol.ts"
import type { EditorHost } from "./editor-host.ts"
import { pathOf, uriOf } from "./monaco.ts"
import { nixConfiguration, nixGrammar } from "./nix-grammar.ts"

/** The kinds that the grammar cannot tell; the others it has coloured already. */
const semantic = ["variable", "parameter", "property", "global", "dynamic"] as const

/** How long the typing must rest before a text is looked at, in milliseconds. */
const REST = 120

export interface NixSupport {
  /** Looks at a model's text when it rests, and shows which `# => value` are wrong. */
  watch(model: editor.ITextModel): void
  dispose(): void
}

/** Makes Monaco know Nix, for as long as the result is not disposed. */
export function supportNix(host: EditorHost): NixSupport {
  languages.register({ id: "nix", extensions: [".nix"] })
  const analyses = new Analyses(host)
  const parts = [
    languages.setLanguageConfiguration("nix", nixConfiguration),
    languages.setMonarchTokensProvider("nix", nixGrammar),
    languages.registerDocumentSemanticTokensProvider("nix", {
      getLegend: () => ({ tokenTypes: [...semantic], tokenModifiers: [] }),
      async provideDocumentSemanticTokens(model) {
        const analysis = await analyses.of(model)
        return analysis === null ? null : { data: semanticTokens(model, analysis) }
      },
      releaseDocumentSemanticTokens() {},
    }),
    languages.registerCompletionItemProvider("nix", {
      triggerCharacters: [".", "/"],
      provideCompletionItems: (model, position, _context, token) => completions(host, model, position, token),
    }),
    languages.registerHoverProvider("nix", { provideHover: (model, position, token) => hover(host, model, position, token) }),
    languages.registerSignatureHelpProvider("nix", {
      signatureHelpTriggerCharacters: [" "],
      async provideSignatureHelp(model, position) {
        const found = await host.language.signature(model.getValue(), model.getOffsetAt(position))
        if (found === null) return null
        const parameters = found.parameters.map(({ start, end }): languages.ParameterInformation => ({ label: [start, end] }))
        const documentation = { value: found.documentation }
        return {
          value: { signatures: [{ label: found.label, documentation, parameters }], activeSignature: 0, activeParameter: found.active },
          dispose() {},
        }
      },
    }),
    languages.registerDefinitionProvider("nix", { provideDefinition: (model, position) => definitions(host, model, position) }),
    languages.registerReferenceProvider("nix", {
      async provideReferences(model, position) {
        const spans = await host.language.references(model.getValue(), model.getOffsetAt(position))
        return spans.map((span) => ({ uri: model.uri, range: rangeOf(model, span) }))
      },
    }),
    languages.registerDocumentHighlightProvider("nix", {
      async provideDocumentHighlights(model, position) {
        const spans = await host.language.references(model.getValue(), model.getOffsetAt(position))
        return spans.map((span) => ({ range: rangeOf(model, span) }))
      },
    }),
    languages.registerRenameProvider("nix", {
      async provideRenameEdits(model, position, name) {
        const answer = await host.language.rename(model.getValue(), model.getOffsetAt(position), name)
        if ("problem" in answer) return { edits: [], rejectReason: answer.problem }
        const { uri } = model
        const versionId = model.getVersionId()
        return {
          edits: answer.edits.map((edit) => ({ resource: uri, versionId, textEdit: { range: rangeOf(model, edit), text: edit.text } })),
        }
      },
    }),
    languages.registerDocumentSymbolProvider("nix", {
      async provideDocumentSymbols(model) {
        return (await analyses.of(model))?.outline.map((item) => symbolOf(model, item)) ?? []
      },
    }),
    languages.registerFoldingRangeProvider("nix", {
      async provideFoldingRanges(model) {
        const folds = (await analyses.of(model))?.folds ?? []
        return folds.map((fold) => {
          const range = rangeOf(model, fold)
          const { startLineNumber: start, endLineNumber } = range
          // The line with the closing bracket stays in sight.
          const end = fold.comment ? endLineNumber : endLineNumber - 1
          return fold.comment ? { start, end, kind: languages.FoldingRangeKind.Comment } : { start, end }
        })
      },
    }),
    languages.registerSelectionRangeProvider("nix", {
      async provideSelectionRanges(model, positions) {
        const text = model.getValue()
        return Promise.all(
          positions.map(async (position) =>
            (await host.language.selection(text, model.getOffsetAt(position))).map((span) => ({ range: rangeOf(model, span) })),
          ),
        )
      },
    }),
    languages.registerDocumentFormattingEditProvider("nix", {
      async provideDocumentFormattingEdits(model) {
        const answer = await host.language.format(model.getValue())
        return "text" in answer && answer.text !== model.getValue() ? [{ range: model.getFullModelRange(), text: answer.text }] : []
      },
    }),
    languages.registerCodeActionProvider("nix", {
      async provideCodeActions(model, range, { markers }) {
        const analysis = await analyses.of(model)
        const actions = (analysis?.diagnostics ?? [])
          .filter((d) => d.fixes.length > 0 && Range.areIntersectingOrTouching(rangeOf(model, d), range))
          .flatMap((d) => d.fixes.map((fix) => codeAction(model, d, fix)))
        return { actions: [...actions, ...markers.flatMap((marker) => claimFix(model, marker))], dispose() {} }
      },
    }),
    languages.registerInlayHintsProvider("nix", { provideInlayHints: (model, range, token) => answers(host, model, range, token) }),
    editor.registerEditorOpener({
      openCodeEditor(_source, resource, at) {
        const path = pathOf(resource)
        const model = editor.getModel(resource)
        if (path === undefined) return false
        const range = at === undefined ? undefined : "startLineNumber" in at ? at : Range.fromPositions(at)
        host.open(path, model === null || range === undefined ? { start: 0, end: 0 } : spanOf(model, range))
        return true
      },
    }),
  ]
  return {
    watch: (model) => analyses.watch(model),
    dispose() {
      analyses.dispose()
      for (const part of parts) part.dispose()
    },
  }
}

/** What the worker said of each model's text, asked once a version. */
class Analyses {
  private readonly host: EditorHost
  private readonly known = new WeakMap<editor.ITextModel, { readonly version: number; readonly analysis: Promise<Analysis | null> }>()
  private readonly watched = new Set<editor.ITextModel>()
  private readonly disposables: { dispose(): void }[] = []

  constructor(host: EditorHost) {
    this.host = host
  }

  of(model: editor.ITextModel): Promise<Analysis | null> {
    const version = model.getVersionId()
    const known = this.known.get(model)
    if (known?.version === version) return known.analysis
    // The worker may be gone with the page.
    const analysis = this.host.language.analyze(model.getValue()).catch(() => null)
    this.known.set(model, { version, analysis })
    return analysis
  }

  watch(model: editor.ITextModel): void {
    if (this.watched.has(model)) return
    this.watched.add(model)
    let timer = 0
    const look = async (): Promise<void> => {
      const version = model.getVersionId()
      const failed = await failedChecks(this.host, model)
      if (!model.isDisposed() && model.getVersionId() === version) editor.setModelMarkers(model, "checks", failed)
    }
    const soon = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => void look(), REST)
    }
    soon()
    this.disposables.push(
      model.onDidChangeContent(soon),
      model.onWillDispose(() => {
        clearTimeout(timer)
        this.watched.delete(model)
      }),
      { dispose: () => clearTimeout(timer) },
    )
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose()
  }
}

const severities = { error: MarkerSeverity.Error, warning: MarkerSeverity.Warning, info: MarkerSeverity.Hint } as const

export function markerOf(model: editor.ITextModel, d: Diagnostic): editor.IMarkerData {
  const range = rangeOf(model, d.end > d.start ? d : { start: d.start, end: d.start + 1 })
  return {
    ...range,
    message: d.message,
    code: d.code,
    severity: severities[d.severity],
    tags: d.unnecessary ? [MarkerTag.Unnecessary] : [],
  }
}

function codeAction(model: editor.ITextModel, diagnostic: Diagnostic, fix: Diagnostic["fixes"][number]): languages.CodeAction {
  const edits = fix.edits.map((edit) => ({
    resource: model.uri,
    versionId: model.getVersionId(),
    textEdit: { range: rangeOf(model, edit), text: edit.text },
  }))
  return { title: fix.title, kind: "quickfix", diagnostics: [markerOf(model, diagnostic)], edit: { edits }, isPreferred: true }
}

async function completions(
  host: EditorHost,
  model: editor.ITextModel,
  position: Position,
  token: CancellationToken,
): Promise<languages.CompletionList> {
  const text = model.getValue()
  const offset = model.getOffsetAt(position)
  const files = filesAt(host, model, position)
  if (files !== null) return files
  const { span, items, select } = await host.language.complete(text, offset)
  const range = rangeOf(model, span)
  const suggestions = items.map(
    (item): languages.CompletionItem => ({
      label: item.label,
      kind: itemKinds[item.kind],
      detail: item.detail,
      documentation: { value: item.documentation },
      insertText: item.label,
      range,
    }),
  )
  if (select !== undefined && !token.isCancellationRequested) {
    const names = await host.attributes(`${select.before}${select.target}${select.after}`, pathOf(model.uri) ?? "")
    for (const name of names) {
      const insertText = /^[a-zA-Z_][\w'-]*$/.test(name) ? name : JSON.stringify(name).replaceAll("${", "\\${")
      suggestions.push({ label: name, kind: languages.CompletionItemKind.Field, insertText, range })
    }
  }
  return { suggestions }
}

const itemKinds = {
  keyword: languages.CompletionItemKind.Keyword,
  variable: languages.CompletionItemKind.Variable,
  parameter: languages.CompletionItemKind.TypeParameter,
  property: languages.CompletionItemKind.Field,
  builtin: languages.CompletionItemKind.Function,
} as const

/** Files of the workspace behind `./` or `../`; null elsewhere. */
function filesAt(host: EditorHost, model: editor.ITextModel, position: Position): languages.CompletionList | null {
  const line = model.getLineContent(position.lineNumber).slice(0, position.column - 1)
  const written = /(?:^|[\s([{=;:,])(\.\.?\/[\w.+/-]*)$/.exec(line)?.[1]
  const path = pathOf(model.uri)
  if (written === undefined || path === undefined) return null
  const slash = written.lastIndexOf("/")
  const folder = resolvePath(path, written.slice(0, slash + 1))
  if (folder === null) return { suggestions: [] }
  const begin = folder === "" ? "" : `${folder}/`
  const names = new Map<string, boolean>()
  for (const file of Object.keys(host.files())) {
    if (!file.startsWith(begin) || file === path) continue
    const rest = file.slice(begin.length)
    const end = rest.indexOf("/")
    names.set(end < 0 ? rest : rest.slice(0, end), end >= 0)
  }
  const { lineNumber, column } = position
  const range = new Range(lineNumber, column - (written.length - slash - 1), lineNumber, column)
  return {
    suggestions: [...names].map(([name, isFolder]) => ({
      label: name,
      kind: isFolder ? languages.CompletionItemKind.Folder : languages.CompletionItemKind.File,
      insertText: name,
      range,
    })),
  }
}

/** A path as written in a file, as a path of the workspace; null if it leads out of it. */
function resolvePath(from: string, written: string): string | null {
  const steps = from.split("/").slice(0, -1)
  for (const step of written.split("/")) {
    if (step === "" || step === ".") continue
    if (step !== "..") steps.push(step)
    else if (steps.pop() === undefined) return null
  }
  return steps.join("/")
}

/** Characters of a value that a hover shows: the tree has all of it. */
const HOVERED = 300

async function hover(
  host: EditorHost,
  model: editor.ITextModel,
  position: Position,
  token: CancellationToken,
): Promise<languages.Hover | null> {
  const text = model.getValue()
  const found = await host.language.hover(text, model.getOffsetAt(position))
  if (found === null || token.isCancellationRequested) return null
  // Markdown of ours and of comments: Monaco makes no HTML of it, and no links that run anything.
  const contents = found.text === "" ? [] : [{ value: found.text, isTrusted: false, supportHtml: false }]
  if (found.expression !== undefined) {
    const value = await valueAt(host, model, found.expression)
    const shown = value === null || value.length <= HOVERED ? value : `${value.slice(0, HOVERED)}…`
    if (shown !== null) contents.unshift({ value: `\`\`\`nix\n${shown}\n\`\`\``, isTrusted: false, supportHtml: false })
  }
  return contents.length === 0 ? null : { range: rangeOf(model, found.span), contents }
}

/** The value of a part of a text, where it does not depend on what a caller gives. */
async function valueAt(host: EditorHost, model: editor.ITextModel, span: Span): Promise<string | null> {
  const whole = await host.language.standalone(model.getValue(), span)
  if (whole === null) return null
  const answer = await host.value(whole, pathOf(model.uri) ?? "")
  return "text" in answer ? answer.text : null
}

async function definitions(host: EditorHost, model: editor.ITextModel, position: Position): Promise<languages.Location[]> {
  const found = await host.language.definition(model.getValue(), model.getOffsetAt(position))
  return found.flatMap(({ path, start, end }) => {
    if (path === undefined) return [{ uri: model.uri, range: rangeOf(model, { start, end }) }]
    const file = resolvePath(pathOf(model.uri) ?? "", path)
    const files = host.files()
    const target = [file, `${file}/default.nix`].find((name) => name !== null && Object.hasOwn(files, name))
    if (target === undefined || target === null) return []
    // Monaco looks at the text before it goes there.
    if (editor.getModel(uriOf(target)) === null) editor.createModel(files[target] as string, "nix", uriOf(target))
    return [{ uri: uriOf(target), range: new Range(1, 1, 1, 1) }]
  })
}

const symbolKinds = {
  function: languages.SymbolKind.Function,
  set: languages.SymbolKind.Object,
  list: languages.SymbolKind.Array,
  string: languages.SymbolKind.String,
  number: languages.SymbolKind.Number,
  value: languages.SymbolKind.Variable,
} as const

function symbolOf(model: editor.ITextModel, item: OutlineItem): languages.DocumentSymbol {
  return {
    name: item.name,
    detail: "",
    kind: symbolKinds[item.kind],
    tags: [],
    range: rangeOf(model, item),
    selectionRange: rangeOf(model, item.nameSpan),
    children: item.children.map((child) => symbolOf(model, child)),
  }
}

/** Monaco's form: line and column from the token before, length, kind, nothing. */
function semanticTokens(model: editor.ITextModel, { highlights }: Analysis): Uint32Array {
  const data: number[] = []
  let lastLine = 0
  let lastColumn = 0
  for (let i = 0; i < highlights.length; i += 3) {
    const kind = semantic.indexOf(highlightKinds[highlights[i + 2] as number] as (typeof semantic)[number])
    if (kind < 0) continue
    const { lineNumber, column } = model.getPositionAt(highlights[i] as number)
    const line = lineNumber - 1
    const first = column - 1
    data.push(line - lastLine, line === lastLine ? first - lastColumn : first, highlights[i + 1] as number, kind, 0)
    lastLine = line
    lastColumn = first
  }
  return new Uint32Array(data)
}

/** The answers to `# ^?` in a range. */
async function answers(
  host: EditorHost,
  model: editor.ITextModel,
  range: IRange,
  token: CancellationToken,
): Promise<languages.InlayHintList> {
  const asked = (await host.language.questions(model.getValue())).filter(({ kind, at }) => {
    const line = model.getPositionAt(at).lineNumber
    return kind === "show" && line >= range.startLineNumber && line <= range.endLineNumber
  })
  const hints: languages.InlayHint[] = []
  for (const { expression, at } of asked) {
    if (token.isCancellationRequested) break
    const answer = await host.value(expression, pathOf(model.uri) ?? "")
    const label = "text" in answer ? answer.text : answer.problem
    hints.push({ label: label.length > 200 ? `${label.slice(0, 200)}…` : label, position: model.getPositionAt(at), paddingLeft: true })
  }
  return { hints, dispose() {} }
}

/** The code of a wrong `# => value`, and what its message begins with. */
const CLAIM = "# =>"
const THIS_IS = "this is "

/** What mends a wrong `# => value`: the value, if it stands on a line. */
function claimFix(model: editor.ITextModel, marker: editor.IMarkerData): languages.CodeAction[] {
  const value = marker.message.slice(THIS_IS.length)
  if (marker.code !== CLAIM || value.length > 200 || value.includes("\n")) return []
  const textEdit = { range: Range.lift(marker), text: `${CLAIM} ${value}` }
  const edits = [{ resource: model.uri, versionId: model.getVersionId(), textEdit }]
  return [{ title: `Write what it is: ${value}`, kind: "quickfix", diagnostics: [marker], edit: { edits }, isPreferred: true }]
}

/** Problems for each `# => value` whose value is another. */
async function failedChecks(host: EditorHost, model: editor.ITextModel): Promise<editor.IMarkerData[]> {
  const asked = (await host.language.questions(model.getValue()).catch(() => [])).filter(({ kind }) => kind === "check")
  const markers: editor.IMarkerData[] = []
  for (const { expression, expected, span } of asked) {
    const path = pathOf(model.uri) ?? ""
    const found = await host.value(expression, path)
    const wanted = await host.value(expected, path)
    const text = "text" in found ? found.text : found.problem
    const said = "text" in wanted ? wanted.text : expected
    if (text === said || text === expected) continue
    markers.push({ ...rangeOf(model, span), severity: MarkerSeverity.Warning, code: CLAIM, message: `${THIS_IS}${text}` })
  }
  return markers
}

export function rangeOf(model: editor.ITextModel, { start, end }: Span): Range {
  return Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end))
}

export function spanOf(model: editor.ITextModel, range: IRange): Span {
  return {
    start: model.getOffsetAt({ lineNumber: range.startLineNumber, column: range.startColumn }),
    end: model.getOffsetAt({ lineNumber: range.endLineNumber, column: range.endColumn }),
  }
}
