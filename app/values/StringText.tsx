// A string on one line; a long one, or one with a context, opens in a viewer.

import { lazy, Suspense, useState } from "react"
import type { ValueView } from "../../engine/worker/client.ts"
import { tintedParts } from "./context-tint.ts"
import { count, quote } from "./quote.ts"

const StringDialog = lazy(() => import("./StringDialog.tsx").then((m) => ({ default: m.StringDialog })))

/** Characters on the line; the view itself has a thousand. */
const SHOWN = 400

export function StringText({ view, reachable }: { readonly view: ValueView & { readonly kind: "string" }; readonly reachable: boolean }) {
  const [viewing, setViewing] = useState(false)
  const { text, length, context } = view
  const line = text.slice(0, SHOWN)
  const whole = line.length === text.length && length <= 1000
  const opens = !whole || context.length > 0 || text.includes("\n")
  return (
    <>
      <code className="string">
        {'"'}
        {tintedParts(line, context).map((part, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change
          <span key={i} className={part.element === null ? undefined : `tint-${part.element % 6}`}>
            {quote(part.text).slice(1, -1)}
          </span>
        ))}
        {whole ? '"' : '…"'}
      </code>
      {opens ? (
        <button type="button" className="place note" tabIndex={reachable ? 0 : -1} onClick={() => setViewing(true)}>
          {whole ? (context.length > 0 ? `refers to ${context.length}` : "view") : `all ${count(length, "byte")}`}
        </button>
      ) : null}
      {viewing ? (
        <Suspense>
          <StringDialog view={view} onClose={() => setViewing(false)} />
        </Suspense>
      ) : null}
    </>
  )
}
