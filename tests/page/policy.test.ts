// The built page's policy: a page may run no text as code, its worker may; and the policy stands in the page itself, for hosts without headers.
// Asked from a timer: what `evaluate` runs directly is exempt from the policy, and would prove nothing.
import { existsSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { builtSite } from "./built-site.ts"

const site = builtSite()

test("the page refuses to run text as code", async () => {
  const page = await site.browser.newPage()
  await page.goto(site.url)
  const outcome = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        setTimeout(() => {
          try {
            resolve(`ran: ${new Function("return 1")()}`)
          } catch (problem) {
            resolve((problem as Error).name)
          }
        })
      }),
  )
  expect(outcome).toBe("EvalError")
  await page.close()
})

test("the page refuses a worker that is not the engine's", async () => {
  const page = await site.browser.newPage()
  await page.goto(site.url)
  const outcome = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        setTimeout(() => {
          try {
            new Worker("data:text/javascript,0")
            resolve("started")
          } catch (problem) {
            resolve((problem as Error).name)
          }
        })
      }),
  )
  expect(outcome).toBe("TypeError")
  await page.close()
})

test("the policy is in the page itself too", () => {
  const html = readFileSync(new URL("../../dist/index.html", import.meta.url), "utf8")
  const head = html.slice(0, html.indexOf("<script"))
  expect(head).toContain("Content-Security-Policy")
  expect(head).not.toContain("unsafe-eval")
})

test("the worker has its own policy, in which generated code may run", async () => {
  const page = await site.browser.newPage()
  const answer = page.waitForResponse((response) => /\/assets\/worker-.*\.js$/.test(response.url()))
  await page.goto(site.url)
  const policy = (await answer).headers()["content-security-policy"]
  expect(policy).toContain("script-src 'self' 'unsafe-eval'")
  expect(policy).toContain("default-src 'none'")
  await page.close()
})

test("static hosts that read _headers send the worker its policy, and no other file one that would stop it", () => {
  const headers = readFileSync(new URL("../../dist/_headers", import.meta.url), "utf8")
  const [, file, policy] = /^\/(assets\/worker-\S+\.js)\n {2}Content-Security-Policy: (.+)$/m.exec(headers) ?? []
  expect(existsSync(new URL(`../../dist/${file}`, import.meta.url))).toBe(true)
  expect(policy).toContain("'unsafe-eval'")
  expect(headers.match(/Content-Security-Policy/g)).toHaveLength(1)
})
