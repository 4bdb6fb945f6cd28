// Markdown on a terminal, as far as documentation of functions needs it: headings, code, strong and
// emphasised text. Lines stay as they are. Texts are bytes.

import { BOLD, CYAN, FAINT, NORMAL } from "../eval/print-ansi.ts"

const UNDERLINE = "\x1b[4m"

/** The text with colours in the place of its marks. */
export function renderMarkdown(text: string): string {
  const out: string[] = []
  let fence = false
  for (const line of text.split("\n")) {
    if (/^\s*```/.test(line)) fence = !fence
    else if (fence) out.push(line === "" ? "" : `    ${FAINT}${line}${NORMAL}`)
    else if (/^#+ /.test(line)) out.push(`${BOLD}${line.replace(/^#+ /, "")}${NORMAL}`)
    else out.push(spans(line.replace(/\\$/, "")))
  }
  return out.join("\n")
}

/** Marks within a line; nothing within code is one. */
function spans(line: string): string {
  return line.replace(/`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g, (_, code?: string, strong?: string, emphasis?: string) =>
    code !== undefined ? CYAN + code + NORMAL : strong !== undefined ? BOLD + spans(strong) + NORMAL : UNDERLINE + emphasis + NORMAL,
  )
}
