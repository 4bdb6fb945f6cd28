// A question to the engine and what became of it.

import { useEffect, useState } from "react"
import type { ProblemView } from "../../engine/worker/client.ts"
import type { Answer } from "../../engine/worker/derivation-protocol.ts"

export type Asked<T> =
  | { readonly kind: "waiting" }
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "problem"; readonly problem: ProblemView }
  /** The engine was stopped. */
  | { readonly kind: "stopped" }

/** Asks when `ask` is another function than before: give it a stable one. */
export function useAnswer<T>(ask: () => Promise<Answer<T>>): Asked<T> {
  const [asked, setAsked] = useState<{ readonly of: typeof ask; readonly state: Asked<T> } | null>(null)
  useEffect(() => {
    let gone = false
    const done = (state: Asked<T>): void => {
      if (!gone) setAsked({ of: ask, state })
    }
    ask().then(
      (answer) => done("value" in answer ? { kind: "value", value: answer.value } : { kind: "problem", problem: answer.problem }),
      () => done({ kind: "stopped" }),
    )
    return () => {
      gone = true
    }
  }, [ask])
  return asked !== null && asked.of === ask ? asked.state : { kind: "waiting" }
}
