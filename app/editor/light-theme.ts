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
