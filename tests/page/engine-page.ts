// A page with the built library entry loaded: `engine` is an engine of the test's own, beside the app's.
import type { Browser, Page } from "playwright-core"
import type { CreateOptions, Engine, Evaluated, EvaluateRequest } from "../../engine/worker/client.ts"

/** What the page has in its global object. */
export interface PageGlobals {
  engine: Engine
  createEngine(options?: CreateOptions): Engine
}

export interface EnginePage {
  readonly page: Page
  /** Console errors, exceptions and crashes of the page so far. */
  readonly faults: readonly string[]
  evaluate(request: EvaluateRequest): Promise<Evaluated>
  close(): Promise<void>
}

/** Opens the app at `url` and starts an engine in it. */
export async function openEngine(browser: Browser, url: string, options: CreateOptions = {}): Promise<EnginePage> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const faults = watchFaults(page)
  await page.goto(url)
  // As text: vitest rewrites an import() in code.
  const given = JSON.stringify(options)
  await page.evaluate(
    `import("/engine.js").then(({ createEngine }) => void Object.assign(globalThis, { createEngine, engine: createEngine(${given}) }))`,
  )
  return {
    page,
    faults,
    evaluate: (request) => page.evaluate((asked) => (globalThis as unknown as PageGlobals).engine.evaluate(asked), request),
    close: () => context.close(),
  }
}

/** Collects what a page complains of. */
export function watchFaults(page: Page): readonly string[] {
  const faults: string[] = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text())
  })
  page.on("pageerror", (problem) => faults.push(problem.message))
  page.on("crash", () => faults.push("the page crashed"))
  return faults
}
