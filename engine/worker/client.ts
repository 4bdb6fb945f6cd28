// The page's side: one engine is one worker. `stop` ends the worker at once and starts another; a run dies
// with its worker, so whoever keeps a session replays it from its own data.

import { type Remote, wrap } from "comlink"
import type { Evaluated, EvaluateRequest, Page, PrintForm, ProblemView, Ref, ValueView, WorkerApi } from "./protocol.ts"
import workerUrl from "./worker.ts?worker&url"

export type { Evaluated, EvaluateRequest, Page, PrintForm, ProblemView, Ref, ValueView } from "./protocol.ts"

/** The rejection of calls that were under way when the engine was stopped, or whose worker died. */
export class EngineStopped extends Error {
  override readonly name = "EngineStopped"
}

type Printed = { readonly text: string } | { readonly problem: ProblemView }

/** An evaluator in a worker of its own. */
export interface Engine {
  /** Evaluates an expression to weak head normal form; what the program does wrong is in the view. */
  evaluate(request: EvaluateRequest): Promise<Evaluated>
  /** Forces a cell that a view has shown. */
  force(run: number, ref: Ref): Promise<ValueView>
  /** Looks at children of a list or set, `count` at a time (100 by default). Forces nothing. */
  children(run: number, ref: Ref, from: number, count?: number): Promise<Page>
  /** Prints a cell deeply. */
  print(run: number, ref: Ref, form: PrintForm): Promise<Printed>
  release(run: number): Promise<void>
  /** Ends whatever runs. Calls under way are rejected with EngineStopped; the engine can be used on. */
  stop(): void
  /** Ends the engine for good. */
  close(): void
}

interface Connection {
  readonly worker: Worker
  readonly api: Remote<WorkerApi>
  readonly ready: Promise<void>
  /** Rejects when the connection ends. */
  readonly ended: Promise<never>
  end(reason: string): void
}

function connect(): Connection {
  // Trusted Types forbid a bare URL; this policy lets exactly our worker through.
  const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("thunkpad", {
    createScriptURL(url: string) {
      if (url !== workerUrl) throw new TypeError("not our worker")
      return url
    },
  })
  const url = trusted ? trusted.createScriptURL(workerUrl) : workerUrl
  const worker = new Worker(url as string, { type: "module", name: "thunkpad" })
  let fail: (e: Error) => void = () => {}
  const ended = new Promise<never>((_, reject) => {
    fail = reject
  })
  ended.catch(() => {})
  const ready = new Promise<void>((resolve) => {
    const listen = (event: MessageEvent): void => {
      if (event.data !== "ready") return
      worker.removeEventListener("message", listen)
      resolve()
    }
    worker.addEventListener("message", listen)
  })
  worker.addEventListener("error", (event) => fail(new EngineStopped(`the engine's worker failed: ${event.message}`)))
  return {
    worker,
    api: wrap<WorkerApi>(worker),
    ready,
    ended,
    end(reason) {
      worker.terminate()
      fail(new EngineStopped(reason))
    },
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown }
}

/** Starts an engine; the worker loads in the background. */
export function createEngine(): Engine {
  let connection = connect()
  const ask = async <T>(work: (api: Remote<WorkerApi>) => Promise<T>): Promise<T> => {
    const { api, ready, ended } = connection
    await Promise.race([ready, ended])
    return Promise.race([work(api), ended])
  }
  return {
    evaluate: (request) => ask((api) => api.evaluate(request)),
    // comlink maps a promised union to a union of promises; awaiting it gives the union back.
    force: (run, ref) => ask<ValueView>(async (api) => api.force(run, ref)),
    children: (run, ref, from, count) => ask((api) => api.children(run, ref, from, count)),
    print: (run, ref, form) => ask<Printed>(async (api) => api.print(run, ref, form)),
    release: (run) => ask((api) => api.release(run)),
    stop() {
      connection.end("the evaluation was stopped")
      connection = connect()
    },
    close() {
      connection.end("the engine was closed")
    },
  }
}
