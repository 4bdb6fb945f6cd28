// Doing again what could not reach an endpoint, for as long as it may be away: a gateway that is restarted, a network that is
// changed. Calls are tried again by themselves for a second or two (castore/rpc-retry.ts); this is for what they give up.

import { StoreError } from "../castore/error.ts"
import { throwIfCancelled } from "../castore/verified.ts"

export interface Persistence {
  readonly signal: AbortSignal
  /** Told why it failed, and in how many milliseconds it is tried again. */
  readonly onRetry: (reason: string, delay: number) => void
  /** Milliseconds of failing without any progress after which it is given up. */
  readonly patience?: number | undefined
}

/** Milliseconds before the second try, and at most. */
const first = 200
const longest = 5000

/** Runs `work` until it succeeds or fails for another reason than an endpoint that is not reached; `work` tells when it makes progress. */
export async function persisting<T>(work: (progressed: () => void) => Promise<T>, options: Persistence): Promise<T> {
  const { signal, onRetry, patience = 5 * 60_000 } = options
  /** When it failed first, since it last made progress. */
  let since: number | undefined
  for (let lost = 0; ; lost++) {
    try {
      return await work(() => {
        since = undefined
        lost = 0
      })
    } catch (error) {
      throwIfCancelled(signal)
      if (!(error instanceof StoreError) || error.code !== "unreachable") throw error
      since ??= Date.now()
      if (Date.now() - since > patience) throw error
      const delay = Math.round(Math.min(longest, first * 2 ** Math.min(lost, 16)) * (0.5 + Math.random()))
      onRetry(error.message, delay)
      await pause(delay, signal)
      throwIfCancelled(signal)
    }
  }
}

function pause(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, delay)
    if (signal.aborted) end()
    else signal.addEventListener("abort", end)
  })
}
