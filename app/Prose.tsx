// Documentation as it is written in Markdown: paragraphs, code, lists, emphasis, as elements. No HTML is made from text.

import type { ReactNode } from "react"

export function Prose({ text }: { readonly text: string }) {
  // What stands between fences stays together, empty lines and all.
  const blocks = text
    .split(/^(```[^\n]*\n(?:[\s\S]*?\n)?```)[ \t]*$/m)
    .flatMap((part) => (part.startsWith("```") ? [part] : part.split(/\n{2,}/)))
  return (
    <div className="prose">
      {blocks.map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of one text never change their order
        <Block key={i} text={block} />
      ))}
    </div>
  )
}

function Block({ text }: { readonly text: string }) {
  const fenced = /^```\w*\n([\s\S]*?)\n?(?:```\s*)?$/.exec(text)
  if (fenced !== null) return <pre>{fenced[1]}</pre>
  if (text.trim() === "") return null
  if (/^ {4}/.test(text)) return <pre>{text.replace(/^ {4}/gm, "")}</pre>
  const items = /^\s*(?:[-*]|\d+\.) /.test(text) ? text.split(/\n(?=\s*(?:[-*]|\d+\.) )/) : null
  if (items === null) return <p>{inline(text)}</p>
  return (
    <ul>
      {items.map((item) => (
        <li key={item}>{inline(item.replace(/^\s*(?:[-*]|\d+\.) /, ""))}</li>
      ))}
    </ul>
  )
}

/** Code, emphasis and the texts of links. */
function inline(text: string): ReactNode[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|\[[^\]]+\]\([^)]*\))/).map((part, i) => {
    const key = `${i} ${part}`
    if (part.startsWith("`") && part.endsWith("`") && part.length > 2) return <code key={key}>{part.slice(1, -1)}</code>
    if (part.startsWith("**")) return <strong key={key}>{part.slice(2, -2)}</strong>
    if (/^\*[^*]+\*$/.test(part)) return <em key={key}>{part.slice(1, -1)}</em>
    const link = /^\[([^\]]+)\]\(/.exec(part)
    return link === null ? part : <span key={key}>{link[1]?.replaceAll("`", "")}</span>
  })
}
