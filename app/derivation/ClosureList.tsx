// All derivations below one, and their sources: searched by name or path.

import { useCallback, useDeferredValue, useMemo, useState } from "react"
import { useEngine } from "../engine-context.ts"
import { count } from "../values/quote.ts"
import { VirtualList } from "../values/VirtualList.tsx"
import { nameOfPath } from "./store-path-text.ts"
import { useAnswer } from "./use-answer.ts"
import { Waiting } from "./Waiting.tsx"

interface Props {
  readonly run: number
  readonly drvPath: string
  readonly onDerivation: (path: string) => void
  readonly onExplain: (path: string) => void
}

const MOST = 50_000

export function ClosureList({ run, drvPath, onDerivation, onExplain }: Props) {
  const engine = useEngine()
  const asked = useAnswer(useCallback(() => engine.derivations.closure(run, drvPath, MOST), [engine, run, drvPath]))
  const [text, setText] = useState("")
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const closure = asked.kind === "value" ? asked.value : null
  const found = useMemo(() => {
    if (closure === null) return []
    const rows = [
      ...closure.drvs.map(({ drvPath: path, depth, outputs }) => ({ path, source: false, said: `${outputs.join(", ")} · depth ${depth}` })),
      ...closure.sources.map((path) => ({ path, source: true, said: "source" })),
    ]
    return wanted === "" ? rows : rows.filter(({ path }) => path.toLowerCase().includes(wanted))
  }, [closure, wanted])
  if (closure === null) return <Waiting asked={asked} />
  return (
    <div className="filling">
      <div className="filter">
        <input
          type="search"
          aria-label="Search the closure"
          placeholder="name or path"
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
        <span className="note" role="status">
          {`${wanted === "" ? "" : `${found.length.toLocaleString("en")} of `}${count(closure.drvs.length, "derivation")} and ${count(closure.sources.length, "source")}${
            closure.cut ? ", of which there are more" : ""
          }`}
        </span>
      </div>
      <VirtualList
        key={wanted}
        count={found.length}
        label="Closure"
        height={28}
        render={(i) => {
          const row = found[i]
          if (row === undefined) return null
          return (
            <div className="closure-line">
              <button
                type="button"
                className="link"
                title={row.path}
                onClick={() => (row.source ? onExplain(row.path) : onDerivation(row.path))}
              >
                {nameOfPath(row.path)}
              </button>
              <span className="note">{row.said}</span>
            </div>
          )
        }}
      />
    </div>
  )
}
