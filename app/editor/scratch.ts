// Evaluates parts of files beside the main evaluation: in an engine of its own, with a budget so small that nobody notices.

import type { Engine, EvaluateRequest } from "../../engine/worker/client.ts"
import type { ScratchEvaluation, ScratchValue } from "./editor-host.ts"

/** Steps, seconds, and characters that are shown. */
const BUDGET = { maxSteps: 300_000, maxSeconds: 1, maxBytes: 400_000_000, explain: false } as const
const SHOWN = 2000
/** An engine that does not answer for so long, in milliseconds, is ended: something in it does not count its steps. */
const PATIENCE = 3000

export class Scratch implements ScratchEvaluation {
  private readonly start: () => Engine
  private readonly files: () => Readonly<Record<string, string>>
  private engine: Engine | null = null

  /** `start` makes an engine when the first question comes; `files` are those of the workspace. */
  constructor(start: () => Engine, files: () => Readonly<Record<string, string>>) {
    this.start = start
    this.files = files
  }

  attributes(expr: string, path: string): Promise<readonly string[]> {
    return this.ask<readonly string[]>([], async (engine) => {
      const { run, view } = await engine.evaluate(this.request(expr, path))
      try {
        if (view.kind !== "attrs") return []
        const { children } = await engine.children(run, view.ref, 0, 1000)
        return children.map(({ label }) => label)
      } finally {
        await engine.release(run)
      }
    })
  }

  value(expr: string, path: string): Promise<ScratchValue> {
    return this.ask<ScratchValue>({ problem: "it took too long" }, async (engine) => {
      const { run, view } = await engine.evaluate(this.request(expr, path))
      try {
        if (view.kind === "failed") return { problem: firstLine(view.problem.message) }
        // Printing forces all there is: a function or a large set is told by what it is.
        const printed = await engine.print(run, [], "nix")
        if ("text" in printed) return { text: cut(printed.text.trim()) }
        return { problem: firstLine(printed.problem.message) }
      } finally {
        await engine.release(run)
      }
    })
  }

  close(): void {
    this.engine?.close()
  }

  private async ask<T>(otherwise: T, work: (engine: Engine) => Promise<T>): Promise<T> {
    this.engine ??= this.start()
    const { engine } = this
    let timer = 0
    const late = new Promise<T>((resolve) => {
      timer = setTimeout(() => {
        engine.stop()
        resolve(otherwise)
      }, PATIENCE)
    })
    try {
      return await Promise.race([work(engine), late])
    } catch {
      // Stopped, or its worker died: the next question starts another.
      return otherwise
    } finally {
      clearTimeout(timer)
    }
  }

  private request(expr: string, path: string): EvaluateRequest {
    const files = Object.fromEntries(Object.entries(this.files()).map(([name, text]) => [`/workspace/${name}`, text]))
    const base = `/workspace/${path}`.replace(/\/[^/]*$/, "")
    return { expr, files, base, options: BUDGET }
  }
}

function firstLine(message: string): string {
  return cut(message.split("\n", 1)[0] ?? "")
}

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
