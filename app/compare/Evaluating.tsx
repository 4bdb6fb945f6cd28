// Both sides are being evaluated; that can be stopped.

import { useEngine } from "../engine-context.ts"

export function Evaluating() {
  const engine = useEngine()
  return (
    <p role="status">
      Evaluating both…{" "}
      <button type="button" onClick={() => engine.stop()}>
        Stop
      </button>
    </p>
  )
}
