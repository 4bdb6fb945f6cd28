// The light editor's colours: the page's own variables, so that it follows the theme.

import type { TagStyle } from "@codemirror/language"
import { tags } from "@lezer/highlight"

/** For HighlightStyle.define. */
export const lightHighlight: readonly TagStyle[] = [
  { tag: tags.keyword, color: "var(--word)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--number)" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.url, tags.literal], color: "var(--path)" },
  { tag: tags.escape, color: "var(--accent)" },
]

/** For EditorView.theme: CodeMirror has a light and a dark frame of its own, which know nothing of the page's three themes. */
export const lightFrame = {
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--panel)" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 35%, transparent)",
  },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--quiet)", border: "none" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent)", color: "var(--on-accent)" },
} as const
