// How long forcing a node took, and what forced it.

import type { ForcedView } from "../../engine/worker/client.ts"
import { useResult } from "./result-context.ts"

export function ForcedNote({ forced, reachable }: { readonly forced: ForcedView; readonly reachable: boolean }) {
  const { leadsTo, show } = useResult()
  const { milliseconds, by } = forced
  const time = duration(milliseconds)
  if (by === null) return <span className="note" title={`Forced by opening it, in ${time}`}>{`${time}`}</span>
  const { at } = by
  const title = `Forced in ${time} by: ${by.text}`
  if (at === null || !leadsTo(at.file))
    return <span className="note" title={title}>{`${time} · by ${at === null ? "a builtin" : at.file.replace(/.*\//, "")}`}</span>
  return (
    <button type="button" className="place note" tabIndex={reachable ? 0 : -1} title={title} onClick={() => show(at)}>
      {`${time} · by line ${at.line}`}
    </button>
  )
}

/** Milliseconds for people. */
export function duration(milliseconds: number): string {
  if (milliseconds < 0.1) return "< 0.1 ms"
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`
}
