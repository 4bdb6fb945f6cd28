// What the evaluation took, and where its time went as far as that was observed.

import { useEffect, useState } from "react"
import type { Evaluated, RunTrace } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { duration } from "./ForcedNote.tsx"
import { PlaceButton } from "./PlaceButton.tsx"
import { useResult } from "./result-context.ts"
import { slowest } from "./slowest.ts"

export function Statistics({ result }: { readonly result: Evaluated }) {
  const engine = useEngine()
  const { run } = useResult()
  const [trace, setTrace] = useState<RunTrace | null>(null)
  useEffect(() => {
    let gone = false
    engine.trace(run).then(
      (found) => {
        if (!gone) setTrace(found)
      },
      () => {},
    )
    return () => {
      gone = true
    }
  }, [engine, run])
  const n = (value: number): string => value.toLocaleString("en")
  const rows: readonly (readonly [string, string])[] = [
    ["Time", duration(result.milliseconds)],
    ["Function calls", n(result.steps)],
    ["Allocated", `${n(result.bytes)} bytes`],
    ["Waits for store or network", n(result.waits)],
    ...(trace === null || trace.rows.length === 0
      ? []
      : [
          [
            "Thunks forced, observed",
            `${n(trace.rows.filter(({ kind }) => kind === "force").length)}${trace.cut ? " or more" : ""}`,
          ] as const,
        ]),
  ]
  const slow = trace === null ? [] : slowest(trace.rows)
  return (
    <div className="statistics">
      <table>
        <caption>Evaluating the value to what is shown first; opening rows is not counted.</caption>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {slow.length === 0 ? null : (
        <table>
          <caption>Where the time went, without what was forced from there</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Times run</th>
              <th scope="col">Expression</th>
            </tr>
          </thead>
          <tbody>
            {slow.map(({ key, own, times, text, at }) => (
              <tr key={key}>
                <td>{duration(own)}</td>
                <td>{n(times)}</td>
                <td>
                  <code>{text}</code> {at === null ? null : <PlaceButton place={at} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}
