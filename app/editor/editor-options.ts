// How Monaco is set up.

import type { editor } from "monaco-editor/editor"
import type { EditorSettings } from "./editor-props.ts"

/** Everything but what is edited. */
export function editorOptions({ theme, fontSize }: EditorSettings): editor.IStandaloneEditorConstructionOptions {
  return {
    theme: `thunkpad-${theme}`,
    fontSize,
    fontFamily: "var(--mono)",
    automaticLayout: true,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    wordBasedSuggestions: "off",
    "semanticHighlighting.enabled": true,
    tabSize: 2,
    insertSpaces: true,
    fixedOverflowWidgets: true,
    ariaLabel: "Nix expression",
    // Colours for confusing letters come from the language's own diagnostics and from the renderer's list.
    unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true },
    inlayHints: { enabled: "on" },
    quickSuggestions: { other: true, comments: false, strings: true },
  }
}
