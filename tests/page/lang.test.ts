// Nix's own language tests in the worker of the built library, in a real Chromium.
import { beforeAll, expect, test } from "vitest"
import { judge, langTests, type Ran } from "../conformance/lang-suite.ts"
import { describeShared } from "../shared.ts"
import { builtSite } from "./built-site.ts"
import { type EnginePage, openEngine, type PageGlobals } from "./engine-page.ts"
import { type LangRequest, langFiles, langRequest, PWD } from "./lang-request.ts"

/** In the page: runs one test as the command line would. Texts come back as JavaScript strings. */
async function runInPage({ request, form }: LangRequest): Promise<Ran> {
  const { engine, files } = globalThis as unknown as PageGlobals & { files: Record<string, Uint8Array | { symlink: string }> }
  const asked = form === "parse" ? request : { ...request, files }
  const err = (log: readonly string[], report: string | null): string =>
    [...log, ...(report === null ? [] : [report])].map((l) => `${l}\n`).join("")
  if (form === "parse") {
    const printed = await engine.parse(asked)
    return "text" in printed
      ? { status: 0, out: printed.text, err: err(printed.log, null) }
      : { status: 1, out: "", err: err(printed.log, printed.problem.report) }
  }
  const { run, view, log } = await engine.evaluate(asked)
  try {
    if (view.kind === "failed") return { status: 1, out: "", err: err(log, view.problem.report) }
    if (form === "none") return { status: 0, out: "", err: err(log, null) }
    const printed = await engine.print(run, [], form)
    const all = [...log, ...printed.log]
    return "text" in printed
      ? { status: 0, out: printed.text, err: err(all, null) }
      : { status: 1, out: "", err: err(all, printed.problem.report) }
  } finally {
    await engine.release(run)
  }
}

const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

describeShared("Nix's language suite in a worker", "conformance/nix-lang", (folder) => {
  const site = builtSite()
  let page: EnginePage

  beforeAll(async () => {
    page = await openEngine(site.browser, site.url)
    await page.page.evaluate((latin1) => {
      const files: Record<string, Uint8Array | { symlink: string }> = {}
      for (const [path, data] of Object.entries(latin1))
        files[path] = typeof data === "string" ? Uint8Array.from(data, (c) => c.charCodeAt(0)) : data
      Object.assign(globalThis, { files })
    }, langFiles(folder))
  })

  // By the stepper alone they run on Node: tests/conformance/lang.test.ts.
  test("exit status, standard output and final error line", async () => {
    const wrong: string[] = []
    for (const t of langTests()) {
      const { request, form } = langRequest(t)
      const ran = await page.page.evaluate(runInPage, { form, request })
      // A page has no standard input: what the command line reads from it is an expression here.
      const err = form === "parse" ? ran.err.replaceAll("«string»", "«stdin»") : ran.err
      const v = judge(t, { status: ran.status, out: bytes(ran.out), err: bytes(err) }, PWD)
      if (!(v.status && v.out && v.final)) wrong.push(`${t.name}: ${JSON.stringify(v)} ${ran.err.slice(-200)}`)
    }
    expect(wrong).toEqual([])
    expect(page.faults).toEqual([])
  })
})
