// A derivation compared with another of this or an earlier result: the real differences of the two graphs, causes first.

import { useState } from "react"
import type { EvaluateRequest } from "../../engine/worker/client.ts"
import type { DerivationView } from "../../engine/worker/derivation-protocol.ts"
import { useEngine } from "../engine-context.ts"
import type { KnownDerivation } from "../values/kept.ts"
import { ProblemReport } from "../values/ProblemReport.tsx"
import { DifferenceReport } from "./DifferenceReport.tsx"
import { type GraphDifference, parseDifference } from "./difference.ts"
import type { Asked } from "./use-answer.ts"
import { Waiting } from "./Waiting.tsx"

interface Props {
  readonly run: number
  readonly card: DerivationView
  readonly request: EvaluateRequest
  readonly onDerivation: (path: string) => void
}

export function CompareView({ run, card, request, onDerivation }: Props) {
  const engine = useEngine()
  const others: readonly KnownDerivation[] = [
    ...engine.kept.state().derivations.filter(({ drvPath }) => drvPath !== card.drvPath),
    ...card.inputs
      .filter(({ drvPath }) => !engine.kept.state().derivations.some((known) => known.drvPath === drvPath))
      .map(({ drvPath, name }) => ({ request, ref: [], drvPath, name, run })),
  ]
  const [asked, setAsked] = useState<Asked<GraphDifference> | null>(null)
  const [picked, setPicked] = useState("")

  const compare = async (other: KnownDerivation): Promise<void> => {
    setAsked({ kind: "waiting" })
    const same = other.request === request
    try {
      // An earlier result is made again: it is data enough for that.
      const made = same || other.run !== null ? null : (await engine.evaluate(other.request)).run
      const from = made ?? other.run ?? run
      if (!same) await engine.derivations.derivation(from, other.ref)
      const answer = await engine.derivations.compare([from, other.drvPath], [run, card.drvPath])
      if (made !== null) engine.release(made)
      setAsked(
        "problem" in answer ? { kind: "problem", problem: answer.problem } : { kind: "value", value: parseDifference(answer.value.json) },
      )
    } catch {
      setAsked({ kind: "stopped" })
    }
  }
  if (others.length === 0)
    return (
      <p>
        Nothing to compare with yet. Open the card of another derivation, or change the program and evaluate it: the derivations whose cards
        you have seen are listed here.
      </p>
    )
  return (
    <div>
      <p className="field">
        <label>
          Compare with{" "}
          <select
            value={picked}
            onChange={(event) => {
              setPicked(event.target.value)
              const other = others[Number(event.target.value)]
              if (other !== undefined) void compare(other)
            }}
          >
            <option value="" disabled>
              choose a derivation
            </option>
            {others.map((other, i) => (
              <option key={other.drvPath} value={i}>
                {`${other.name} (${other.drvPath.replace(/^.*\//, "").slice(0, 8)}…)${other.request === request ? "" : ", earlier result"}`}
              </option>
            ))}
          </select>
        </label>
      </p>
      {asked === null ? null : asked.kind === "value" ? (
        <DifferenceReport difference={asked.value} onDerivation={onDerivation} />
      ) : asked.kind === "problem" ? (
        <ProblemReport problem={asked.problem} />
      ) : (
        <Waiting asked={asked} />
      )}
    </div>
  )
}
