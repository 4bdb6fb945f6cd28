// The page's side: one engine is one worker at a time. `stop` ends the worker at once and starts another. Runs are kept here as data
// (the request), and places in them are data too, so the next question about an old run opens it again in the new worker, which evaluates
// the way to what was asked for, and nothing else.

import { type Remote, wrap } from "comlink"
import type { Evaluated, EvaluateRequest, Page, Printed, PrintForm, Ref, WorkerApi } from "./protocol.ts"
import workerUrl from "./worker.ts?worker&url"

export type {
  Evaluated,
  EvaluateRequest,
  Page,
  PlaceView,
  Printed,
  PrintForm,
  ProblemView,
  Ref,
  ValueView,
} from "./protocol.ts"

/** The rejection of calls that were under way when the engine was stopped, or whose worker died. */
export class EngineStopped extends Error {
  override readonly name = "EngineStopped"
}

/** An evaluator in a worker of its own. Runs outlive the worker: what one has shown can be asked again after `stop`. */
export interface Engine {
  /** Evaluates to weak head normal form; what the program does wrong is in the view. A new run, kept until released. */
  evaluate(request: EvaluateRequest): Promise<Evaluated>
  /** Forces a cell that a view has shown. */
  force(run: number, ref: Ref): Promise<Evaluated>
  /** Looks at children of a list or set that was evaluated, `count` at a time (100 by default). Forces none of them. */
  children(run: number, ref: Ref, from: number, count?: number): Promise<Page>
  /** Prints a cell, forcing it deeply. */
  print(run: number, ref: Ref, form: PrintForm): Promise<Printed>
  /** The syntax tree of a request as `nix-instantiate --parse` prints it; evaluates nothing. */
  parse(request: EvaluateRequest): Promise<Printed>
  /** Lets the worker forget what a run holds; what has been shown of it can still be asked again, as after `stop`. */
  park(run: number): Promise<void>
  /** Forgets a run. */
  release(run: number): Promise<void>
  /** Ends whatever runs, at once. Calls under way are rejected with EngineStopped; the engine can be used on. */
  stop(): void
  /** Ends the engine for good. */
  close(): void
}

export interface CreateOptions {
  /** Live bytes, by the engine's own count, that all runs together may hold; by default 60 % of what the browser gives a heap. */
  readonly maxLiveBytes?: number
}

interface Connection {
  readonly api: Remote<WorkerApi>
  readonly ready: Promise<void>
  /** Runs that this worker knows. */
  readonly opened: Set<number>
  /** Rejects when the connection ends. */
  readonly ended: Promise<never>
  end(reason: string): void
  /** True once it has ended. */
  over(): boolean
}

/** Of what the browser gives a heap, so much may be alive by our own count, which can be half as much again off. */
const LIVE_SHARE = 0.6

/** A heap of V8 on a machine with less than 16 GB; taken for browsers that do not tell. */
const USUAL_HEAP = 2 ** 31

function connect(options: CreateOptions): Connection {
  // Trusted Types forbid a bare URL; this policy lets exactly our worker through.
  const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("thunkpad", {
    createScriptURL(url: string) {
      if (url !== workerUrl) throw new TypeError("not our worker")
      return url
    },
  })
  const url = trusted ? trusted.createScriptURL(workerUrl) : workerUrl
  const worker = new Worker(url as string, { type: "module", name: "thunkpad" })
  let over = false
  let fail: (e: Error) => void = () => {}
  const ended = new Promise<never>((_, reject) => {
    fail = (e) => {
      over = true
      worker.terminate()
      reject(e)
    }
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
  const api = wrap<WorkerApi>(worker)
  const heap = (performance as { memory?: { jsHeapSizeLimit: number } }).memory?.jsHeapSizeLimit ?? USUAL_HEAP
  ready.then(() => api.limit(options.maxLiveBytes ?? heap * LIVE_SHARE)).catch(() => {})
  return {
    api,
    ready,
    opened: new Set(),
    ended,
    end: (reason) => fail(new EngineStopped(reason)),
    over: () => over,
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown }
}

/** Starts an engine; the worker loads in the background. */
export function createEngine(options: CreateOptions = {}): Engine {
  const requests = new Map<number, EvaluateRequest>()
  let last = 0
  let connection = connect(options)
  let closed = false

  const ask = async <T>(run: number | null, work: (api: Remote<WorkerApi>) => Promise<T>): Promise<T> => {
    if (closed) throw new EngineStopped("the engine was closed")
    if (connection.over()) connection = connect(options)
    const { api, ready, ended, opened } = connection
    await Promise.race([ready, ended])
    if (run !== null && !opened.has(run)) {
      const request = requests.get(run)
      if (request === undefined) throw new RangeError(`no such run: ${run}`)
      opened.add(run)
      // Not awaited: messages arrive in their order.
      api.open(run, request).catch(() => {})
    }
    return Promise.race([work(api), ended])
  }
  const open = (request: EvaluateRequest): number => {
    requests.set(++last, request)
    return last
  }
  const park = async (run: number): Promise<void> => {
    if (connection.opened.delete(run)) await ask(null, (api) => api.release(run))
  }
  const release = (run: number): Promise<void> => {
    requests.delete(run)
    return park(run)
  }
  // comlink maps a promised union to a union of promises; awaiting it gives the union back.
  return {
    evaluate: (request) => {
      const run = open(request)
      return ask(run, async (api) => api.force(run, []))
    },
    force: (run, ref) => ask(run, async (api) => api.force(run, ref)),
    children: (run, ref, from, count = 100) => ask(run, (api) => api.children(run, ref, from, count)),
    print: (run, ref, form) => ask<Printed>(run, async (api) => api.print(run, ref, form)),
    async parse(request) {
      const run = open(request)
      try {
        return await ask<Printed>(run, async (api) => api.parse(run))
      } finally {
        await release(run)
      }
    },
    park,
    release,
    stop() {
      connection.end("the evaluation was stopped")
      if (!closed) connection = connect(options)
    },
    close() {
      closed = true
      connection.end("the engine was closed")
    },
  }
}
