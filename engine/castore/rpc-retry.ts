// Trying again what failed because a server could not be reached or had a fault of its own. Only for calls that change nothing
// the second time, which is all calls of these services.

import { StoreError } from "./error.ts"
import { storeErrorOf } from "./rpc-error.ts"

export interface RetryPolicy {
  /** How often a call is tried in all; 1 for never again. */
  readonly attempts: number
  /** Milliseconds before the second try; doubled each time, with up to half of it added or taken at random. */
  readonly delay: number
  /** Milliseconds at most between two tries. */
  readonly longest: number
}

export const defaultRetry: RetryPolicy = { attempts: 5, delay: 100, longest: 5000 }

/** Runs `call` until it succeeds, fails for good, or was tried often enough. `what` is for the message. Rejects with StoreError. */
export async function retrying<T>(policy: RetryPolicy, what: string, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      const fault = storeErrorOf(error, what)
      if (fault.code !== "unreachable" || attempt >= policy.attempts) throw fault
      await pause(policy, attempt)
    }
  }
}

/** Waits before the try that follows `attempt`. */
export function pause(policy: RetryPolicy, attempt: number): Promise<void> {
  const wait = Math.min(policy.longest, policy.delay * 2 ** (attempt - 1)) * (0.5 + Math.random())
  return new Promise((resolve) => setTimeout(resolve, wait))
}

/** A stream of digest-checked things: fails as a StoreError, is not tried again. */
export async function* failing<T>(what: string, stream: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* stream
  } catch (error) {
    throw error instanceof StoreError ? error : storeErrorOf(error, what)
  }
}
