// What axe-core has to say about a page.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { AxeResults, RunOptions } from "axe-core"
import type { Frame, Page } from "playwright-core"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** What axe finds serious or critical, as rule and element; `options` choose rules. */
export async function seriousFindings(page: Page | Frame, options: RunOptions = {}): Promise<string[]> {
  // As the test's own code, which the page's policy does not concern.
  if (await page.evaluate("!('axe' in globalThis)")) await page.evaluate(axe)
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResults
  return violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.html} (${node.failureSummary ?? ""})`))
}
