// The built app: values on screen, the tree that opens row by row, the printed forms.
import { beforeAll, beforeEach, expect, test } from "vitest"
import { type AppPage, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()
let app: AppPage

beforeAll(async () => {
  app = await openApp(site.browser, site.url)
})
beforeEach(async () => {
  expect(app.faults).toEqual([])
})

test("a new visitor sees the value of an example without doing anything", async () => {
  const visitor = await openApp(site.browser, site.url)
  await expect.poll(() => visitor.row("answer").textContent()).toBe("answer = 42")
  await expect.poll(() => visitor.row("language").textContent()).toBe('language = "Nix"')
  await expect.poll(() => visitor.row("unforced").textContent()).toMatch(/«thunk»/)
  await visitor.context.close()
})

test("what is typed is evaluated by the button and by Ctrl+Enter", async () => {
  await app.evaluate("1 + 2")
  await expect.poll(() => app.top.textContent()).toBe("3")
  await app.editor.fill('"typed by " + "hand"')
  await app.editor.press("Control+Enter")
  await app.page.getByText('"typed by hand"').waitFor()
})

test("every kind of value is shown as Nix writes it", async () => {
  const kinds: Record<string, readonly [nix: string, shown: string]> = {
    int: ["1 + 1", "2"],
    float: ["2.5", "2.5"],
    bool: ["!false", "true"],
    nothing: ["null", "null"],
    text: ['"a\\n\\${b}"', '"a\\n\\${b}"'],
    path: ["/etc/passwd", "/etc/passwd"],
    "empty-list": ["[ ]", "[ ]"],
    "empty-set": ["{ }", "{ }"],
    list: ['[ 1 "x" ]', "[ 2 elements ]"],
    set: ["{ a.b = 1; c = 2; }", "{ 2 attributes }"],
    lambda: ["x: x", "«function lambda» line 1"],
    formals: ["{ a, b ? 1, ... }: a", "{ a, b ? …, ... }: … line 1"],
    builtin: ["builtins.map", "«function map»"],
    '"not a name"': ["0", "0"],
  }
  await app.evaluate(
    `{ ${Object.entries(kinds)
      .map(([name, [nix]]) => `${name} = ${nix};`)
      .join(" ")} }`,
  )
  // What is no literal is a thunk until it is opened.
  const unforced = app.page.getByRole("button", { name: /^Evaluate (?!Ctrl)/ })
  while ((await unforced.count()) > 0) {
    await unforced.first().click()
    await app.page.locator(".row [aria-busy=true]").waitFor({ state: "detached" })
  }
  for (const [name, [, shown]] of Object.entries(kinds))
    await expect
      .poll(async () =>
        (await app.row(name).textContent())
          ?.replace(/^[▸▾]/, "")
          // A button that opens the text in a dialog.
          .replace(/view$/, "")
          .replace(/, column \d+$/, "")
          .trim(),
      )
      .toBe(`${name} = ${shown}`)
})

test("looking forces nothing, opening a row forces that one, and its trace is printed once", async () => {
  await app.evaluate('let x = builtins.trace "looked" 7; in { a = { b = x; c = x; }; d = x; e = throw "never"; }')
  const log = app.page.getByLabel("Printed while evaluating")
  await app.press("a")
  await expect.poll(() => app.row("b").textContent()).toMatch(/«thunk»/)
  expect(await log.count()).toBe(0)
  await app.press("b")
  await log.waitFor()
  await expect.poll(() => app.row("b").textContent()).toBe("b = 7")
  // The same thunk: it is a value now, wherever it is looked at.
  await app.row("d").getByText("7").waitFor()
  await expect.poll(() => log.textContent()).toBe("trace: looked")
  await expect.poll(() => app.row("e").textContent()).toMatch(/«thunk»/)
})

test("an attribute that fails is one row with its error, and the tree around it stays", async () => {
  await app.evaluate('{ good = 1 + 1; bad = throw "only this one"; }')
  await app.press("bad")
  await app.row("bad").getByText("error: only this one").waitFor()
  await app.press("good")
  await app.row("good").getByText("2").waitFor()
  expect(await app.page.getByRole("alert").count()).toBe(0)
  await app.press("bad")
  await expect.poll(() => app.page.getByRole("alert").textContent()).toBe("error: only this one")
  await app.press("bad")
  await app.page.getByRole("alert").waitFor({ state: "detached" })
})

test("of long lists only what is seen is in the page, and the end is one key away", async () => {
  await app.evaluate("builtins.genList (x: x * x) 20000")
  await app.row("0").waitFor()
  expect(await app.page.locator(".row").count()).toBeLessThan(100)
  await app.page.getByRole("tree", { name: "Value" }).press("End")
  await app.row("19999").waitFor()
  await app.press("19999")
  await app.row("19999").getByText("399960001").waitFor()
})

test("a long string is cut and can be shown whole", async () => {
  await app.evaluate('builtins.concatStringsSep "" (builtins.genList (x: "0123456789") 300)')
  expect((await app.page.locator("code.string").textContent())?.length).toBeLessThan(1100)
  await app.page.getByRole("button", { name: "all 3,000 bytes" }).click()
  await app.page.getByRole("dialog").getByText("0123456789".repeat(300)).waitFor()
  await app.page.keyboard.press("Escape")
})

test("the other tabs print the whole value as the command line does", async () => {
  await app.evaluate('{ b = [ 1 (1 + 1) ]; a = "x"; }')
  const panel = app.page.getByRole("tabpanel").locator("pre")
  for (const [tab, text] of [
    ["Nix", '{ a = "x"; b = [ 1 2 ]; }\n'],
    ["JSON", '{"a":"x","b":[1,2]}\n'],
  ] as const) {
    await app.page.getByRole("tab", { name: tab }).click()
    await panel.getByText(text.trim()).waitFor()
    await expect.poll(() => panel.textContent()).toBe(text)
  }
  await app.page.getByRole("tab", { name: "XML" }).click()
  await panel.getByText('<int value="2" />').waitFor()
})

test("a value of an earlier text says so, and gives the text back", async () => {
  await app.evaluate("40 + 2")
  await app.editor.fill("something else")
  await app.page.getByRole("button", { name: "this value is of an earlier text" }).click()
  await expect.poll(() => app.editor.inputValue()).toBe("40 + 2")
})
