// Builds that evaluation waits for (import from derivation): each wait is a request of its own, so that what is independent goes on side
// by side, and what is wanted twice is built once.

import { StoreError } from "../castore/error.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { Builder, BuiltOutput } from "../store/builder.ts"
import { textOfBytes } from "../store/byte-text.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import type { Store } from "../store/store.ts"
import type { BuildFault } from "./build-fault.ts"
import type { BuildScheduler } from "./scheduler.ts"

export class EvalBuilder implements Builder {
  readonly #store: Store
  readonly #scheduler: BuildScheduler
  readonly #signal: AbortSignal | undefined

  /** `signal` fires when the evaluation is no longer wanted. */
  constructor(store: Store, scheduler: BuildScheduler, signal?: AbortSignal) {
    this.#store = store
    this.#scheduler = scheduler
    this.#signal = signal
  }

  async realise(outputs: readonly BuiltOutput[]): Promise<readonly StoredPath[]> {
    const wanted = outputs.map(({ drvPath, output }) => ({ drvPath, outputs: [output] }))
    const outcome = await this.#scheduler.build(wanted, { signal: this.#signal, keepGoing: false })
    return outputs.map(({ drvPath, output }) => {
      const info = outcome.outputs.get(drvPath)?.get(output)
      if (info !== undefined) return info
      const code = outcome.failures.get(drvPath)?.reason === "infrastructure" ? "unreachable" : "invalid"
      const text = failureText(this.#store, drvPath, outcome.failures)
      // Errors of evaluation are byte strings.
      throw new StoreError(code, textOfBytes(new TextEncoder().encode(text)))
    })
  }
}

/** Failures told in full, at most. */
const most = 3

/** Why a derivation was not built, for people, with the failures that are behind it. C++ Nix: derivation-building-goal.cc */
export function failureText(store: Store, drvPath: StorePath, failures: ReadonlyMap<StorePath, BuildFault>): string {
  const own = failures.get(drvPath)
  if (own === undefined) return `Cannot build '${store.print(drvPath)}'.`
  const behind = own.reason === "dependency" || own.reason === "cancelled" ? [...failures].filter(([path]) => path !== drvPath) : []
  const causes = behind.filter(([, { reason }]) => reason !== "dependency" && reason !== "cancelled").slice(0, most)
  return [[drvPath, own] as const, ...causes].map(([path, fault]) => oneFailure(store, path, fault)).join("\n")
}

function oneFailure(store: Store, drvPath: StorePath, { message, lastLines }: BuildFault): string {
  const text = `Cannot build '${store.print(drvPath)}'.\nReason: ${/[.\n]$/.test(message) ? message : `${message}.`}`
  if (lastLines.length === 0) return text
  return `${text}\nLast ${lastLines.length} log line${lastLines.length === 1 ? "" : "s"}:\n${lastLines.map((line) => `> ${line}`).join("\n")}`
}
