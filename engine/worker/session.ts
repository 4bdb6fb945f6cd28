// The worker's side of the protocol: runs, each with its own evaluator and handles.

import { coerceToString, toText } from "../eval/coerce.ts"
import { forceDeep } from "../eval/deep.ts"
import { drive } from "../eval/drive.ts"
import { Evaluator } from "../eval/evaluator.ts"
import { printAmbiguous } from "../eval/print-ambiguous.ts"
import { defaultSettings, type Settings } from "../eval/runtime.ts"
import { toJson } from "../eval/to-json.ts"
import { stepToXml } from "../eval/to-xml.ts"
import type { Cell } from "../eval/value.ts"
import { MemoryHost } from "./memory-host.ts"
import type { Evaluated, EvaluateRequest, Page, PrintForm, ProblemView, Ref, ValueView, WorkerApi } from "./protocol.ts"
import { fromBytes, toBytes } from "./text.ts"
import { childrenOf, Handles, problemOf, viewCell } from "./view.ts"

interface Run {
  readonly evaluator: Evaluator
  readonly host: MemoryHost
  readonly handles: Handles
}

export class WorkerSession implements WorkerApi {
  private readonly runs = new Map<number, Run>()
  private next = 1
  private readonly ready: Promise<void>

  /** `ready` is awaited before the first evaluation (hash functions being loaded). */
  constructor(ready: Promise<void>) {
    this.ready = ready
  }

  async evaluate(request: EvaluateRequest): Promise<Evaluated> {
    await this.ready
    const id = this.next++
    const started = performance.now()
    const files = new Map(Object.entries(request.files ?? {}).map(([path, text]) => [toBytes(path), toBytes(text)]))
    const host = new MemoryHost(files, request.env)
    const evaluator = new Evaluator(host, settingsOf(request))
    const handles = new Handles()
    this.runs.set(id, { evaluator, host, handles })
    let view: ValueView
    try {
      const code = evaluator.load(toBytes(request.expr), { kind: "string" }, toBytes(request.base ?? "/"))
      view = await this.forced(evaluator, handles, evaluator.cell(code))
    } catch (e) {
      view = { kind: "failed", problem: problemOf(evaluator, e) }
    }
    return {
      run: id,
      view,
      log: host.lines.map(fromBytes),
      milliseconds: performance.now() - started,
      steps: evaluator.rt.stepsTaken(),
    }
  }

  private async forced(evaluator: Evaluator, handles: Handles, cell: Cell): Promise<ValueView> {
    try {
      evaluator.rt.begin()
      await evaluator.settle(() => evaluator.force(cell))
      return viewCell(evaluator, handles, cell)
    } catch (e) {
      return { kind: "failed", problem: problemOf(evaluator, e) }
    }
  }

  private run(id: number): Run {
    const run = this.runs.get(id)
    if (run === undefined) throw new RangeError(`no such run: ${id}`)
    return run
  }

  async force(id: number, ref: Ref): Promise<ValueView> {
    const { evaluator, handles } = this.run(id)
    return this.forced(evaluator, handles, handles.cell(ref))
  }

  async children(id: number, ref: Ref, from: number, count = 100): Promise<Page> {
    const { evaluator, handles } = this.run(id)
    return childrenOf(evaluator, handles, ref, Math.max(0, Math.trunc(from)), Math.min(1000, Math.max(1, Math.trunc(count))))
  }

  async print(id: number, ref: Ref, form: PrintForm): Promise<{ text: string } | { problem: ProblemView }> {
    const { evaluator, handles } = this.run(id)
    const { rt } = evaluator
    const cell = handles.cell(ref)
    try {
      rt.begin()
      const text = await evaluator.settle(() => {
        switch (form) {
          case "nix":
            forceDeep(rt, cell)
            return printAmbiguous(rt, cell)
          case "json":
            return toJson(rt, cell, { strict: true, copy: false }).text
          case "xml":
            return drive(rt, stepToXml(rt, cell, { strict: true, location: false })).text
          case "raw":
            return coerceToString(rt, cell, 0, "while printing a value", toText).text
        }
      })
      return { text: fromBytes(text) }
    } catch (e) {
      return { problem: problemOf(evaluator, e) }
    }
  }

  async release(id: number): Promise<void> {
    this.runs.delete(id)
  }
}

function settingsOf(request: EvaluateRequest): Partial<Settings> {
  const o = request.options ?? {}
  const features = o.features === undefined ? defaultSettings.features : new Set([...defaultSettings.features, ...o.features])
  return {
    features,
    system: o.system ?? defaultSettings.system,
    maxCallDepth: o.maxCallDepth ?? defaultSettings.maxCallDepth,
    maxSteps: o.maxSteps ?? defaultSettings.maxSteps,
    maxSeconds: o.maxSeconds ?? defaultSettings.maxSeconds,
    maxBytes: o.maxBytes ?? defaultSettings.maxBytes,
    run: o.run ?? "auto",
    pureEval: o.pureEval ?? false,
    showTrace: o.showTrace ?? false,
    nixPath: (request.nixPath ?? []).map((entry) => {
      const text = toBytes(entry)
      const at = text.indexOf("=")
      return at < 0 ? { prefix: "", path: text } : { prefix: text.slice(0, at), path: text.slice(at + 1) }
    }),
  }
}
