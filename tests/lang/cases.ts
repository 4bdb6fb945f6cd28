// Text-file cases: `# name`, the source, a line `==>`, what it gives; a blank line between cases. Files are bytes.
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"

/** One test for each case of `tests/lang/cases/FILE`: `run` of the source gives the expected text. */
export function textCases(file: string, run: (source: string) => string): void {
  const text = readFileSync(new URL(`cases/${file}`, import.meta.url), "latin1")
  const cases = [...text.matchAll(/(?:^|\n\n)# (.*)\n([\s\S]*?)\n==>\n([\s\S]*?)(?=\n\n# |\s*$)/g)]
  test(`${file} has cases`, () => expect(cases.length).toBe(text.split("\n==>\n").length - 1))
  for (const [, name = "", source = "", expected] of cases) test(name, () => expect(run(source)).toBe(expected))
}
