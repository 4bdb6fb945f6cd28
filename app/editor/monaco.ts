// Monaco with the features this page uses, and no others: each import is a part of the bundle.

import { editor, Uri } from "monaco-editor/editor"
import editorWorkerUrl from "monaco-editor/editor/editor.worker.js?worker&url"
import "monaco-editor/features/codicon/register"
import "monaco-editor/features/bracketMatching/register"
import "monaco-editor/features/caretOperations/register"
import "monaco-editor/features/clipboard/register"
import "monaco-editor/features/codeAction/register"
import "monaco-editor/features/comment/register"
import "monaco-editor/features/contextmenu/register"
import "monaco-editor/features/cursorUndo/register"
import "monaco-editor/features/documentSymbols/register"
import "monaco-editor/features/find/register"
import "monaco-editor/features/folding/register"
import "monaco-editor/features/format/register"
import "monaco-editor/features/gotoError/register"
import "monaco-editor/features/gotoLine/register"
import "monaco-editor/features/gotoSymbol/register"
import "monaco-editor/features/hover/register"
import "monaco-editor/features/indentation/register"
import "monaco-editor/features/inlayHints/register"
import "monaco-editor/features/linesOperations/register"
import "monaco-editor/features/multicursor/register"
import "monaco-editor/features/parameterHints/register"
import "monaco-editor/features/quickCommand/register"
import "monaco-editor/features/quickOutline/register"
import "monaco-editor/features/referenceSearch/register"
import "monaco-editor/features/rename/register"
import "monaco-editor/features/semanticTokens/register"
import "monaco-editor/features/smartSelect/register"
import "monaco-editor/features/snippet/register"
import "monaco-editor/features/suggest/register"
import "monaco-editor/features/toggleTabFocusMode/register"
import "monaco-editor/features/unicodeHighlighter/register"
import "monaco-editor/features/wordHighlighter/register"
import "monaco-editor/features/wordOperations/register"
// Left out of the features of the same names.
import "monaco-editor/editor/contrib/suggest/browser/suggestController"
import "monaco-editor/editor/contrib/semanticTokens/browser/documentSemanticTokens"

/** What Monaco asks of the page: its own worker (for links and differences), through our policy for scripts. */
interface Environment {
  MonacoEnvironment?: { getWorker(): Worker }
  trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown } }
}

/** Tells Monaco where its worker is. */
export function prepareMonaco(): void {
  const page = globalThis as unknown as Environment
  page.MonacoEnvironment = {
    getWorker() {
      const policy = page.trustedTypes?.createPolicy("thunkpad", {
        createScriptURL(url) {
          if (url !== editorWorkerUrl) throw new TypeError("not the editor's worker")
          return url
        },
      })
      const url = policy === undefined ? editorWorkerUrl : policy.createScriptURL(editorWorkerUrl)
      return new Worker(url as string, { type: "module", name: "monaco" })
    },
  }
}

/** The address of a file of the workspace among Monaco's models. */
export function uriOf(path: string): Uri {
  return Uri.from({ scheme: "file", path: `/workspace/${path}` })
}

/** The file of the workspace that a model shows; undefined for others. */
export function pathOf(uri: Uri): string | undefined {
  return uri.scheme === "file" && uri.path.startsWith("/workspace/") ? uri.path.slice("/workspace/".length) : undefined
}

/** The model of a file, made if it is not there yet. */
export function modelOf(path: string, text: string): editor.ITextModel {
  return editor.getModel(uriOf(path)) ?? editor.createModel(text, "nix", uriOf(path))
}
