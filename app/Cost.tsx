// What an evaluation took.

import type { Evaluated } from "../engine/worker/client.ts"
import { count } from "./quote.ts"

export function Cost({ result }: { readonly result: Evaluated }) {
  const { milliseconds, steps, bytes } = result
  const time = milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`
  return (
    <p className="cost" role="status">
      {`${time} · ${count(steps, "function call")} · ${(bytes / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 })} MiB allocated`}
    </p>
  )
}
