// Why two derivations of two runs differ: the real differences of their graphs.

import { useCallback } from "react"
import { DifferenceReport } from "../derivation/DifferenceReport.tsx"
import { parseDifference } from "../derivation/difference.ts"
import { useAnswer } from "../derivation/use-answer.ts"
import { Waiting } from "../derivation/Waiting.tsx"
import { useEngine } from "../engine-context.ts"
import { ProblemReport } from "../values/ProblemReport.tsx"
import type { DerivationPair } from "./value-difference.ts"
import "../derivation/derivation.css"

interface Props {
  readonly pair: DerivationPair
  readonly leftRun: number
  readonly rightRun: number
}

export function DerivationDifference({ pair, leftRun, rightRun }: Props) {
  const engine = useEngine()
  const ask = useCallback(() => engine.derivations.compare([leftRun, pair.left], [rightRun, pair.right]), [engine, pair, leftRun, rightRun])
  const asked = useAnswer(ask)
  return asked.kind === "value" ? (
    <DifferenceReport difference={parseDifference(asked.value.json)} onDerivation={null} />
  ) : asked.kind === "problem" ? (
    <ProblemReport problem={asked.problem} />
  ) : (
    <Waiting asked={asked} />
  )
}
