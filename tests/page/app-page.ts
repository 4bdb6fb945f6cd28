// The built app in a page of its own, with what a user does in it.
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core"
import { watchFaults } from "./engine-page.ts"

export interface AppPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors, exceptions and crashes of the page so far. */
  readonly faults: readonly string[]
  readonly editor: Locator
  /** The line that says how the evaluation stands. */
  readonly status: Locator
  readonly stop: Locator
  /** The first row of the tree: the value itself. */
  readonly top: Locator
  /** Replaces the text and presses Evaluate; does not wait for the value. */
  start(text: string): Promise<void>
  /** The same, and waits for the outcome of this text. */
  evaluate(text: string): Promise<void>
  /** The row of an attribute or list index: its own line without what is below it. */
  row(label: string): Locator
  /** Opens, evaluates or closes a row by its triangle; waits until nothing is being opened any more. */
  press(label: string): Promise<void>
  /** The same without waiting. */
  begin(label: string): Promise<void>
}

/** A program that runs until it is stopped, and holds next to nothing. */
export const ENDLESS =
  "let spin = n: if n == 0 then true else spin (n - 1); in builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: builtins.seq (spin 9000) [ { key = x.key + 1; } ]; }"

/** Opens the app as a new visitor of `url`, waits for the first value. */
export async function openApp(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<AppPage> {
  const context = await browser.newContext(options)
  await plainEditor(context)
  const page = await context.newPage()
  const app = appIn(context, page)
  await page.goto(url)
  await app.status.getByText("allocated").waitFor({ state: "attached" })
  return app
}

/** Chooses the plain editor for a new visitor, whose text a test can read and select at once; the others have tests of their own. */
export async function plainEditor(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    try {
      localStorage["thunkpad/2/settings"] ??= '{"editor":"plain"}'
    } catch {
      // A page without storage has the usual editor.
    }
  })
}

/** The app in a page that was opened otherwise. */
export function appIn(context: BrowserContext, page: Page): AppPage {
  const editor = page.getByLabel("Nix expression")
  const result = page.getByLabel("Result", { exact: true })
  const start = async (text: string): Promise<void> => {
    // Phones show one pane at a time.
    const code = page.getByRole("button", { name: "Code", exact: true })
    await editor.or(code).first().waitFor({ state: "attached" })
    if (await code.isVisible()) await code.click()
    await editor.fill(text)
    await page.getByRole("button", { name: /^Evaluate( Ctrl.*)?$/ }).click()
  }
  const status = result.getByRole("status", { includeHidden: true })
  const triangle = (label: string): Locator => page.getByRole("button", { name: new RegExp(`^(Open|Close|Evaluate) ${escaped(label)}$`) })
  return {
    page,
    context,
    faults: watchFaults(page),
    editor,
    status,
    stop: page.getByRole("button", { name: "Stop" }),
    top: page.getByRole("tabpanel").locator(".line").first(),
    start,
    async evaluate(text) {
      await start(text)
      // The status line belongs to this text once nothing is under way and no earlier value is shown.
      await page.locator("[aria-busy=false] .status").getByText("allocated").waitFor()
    },
    row: (label) => page.locator(".row").filter({ has: page.getByText(new RegExp(`^${escaped(label)}( =|:) $`)) }),
    async press(label) {
      await triangle(label).click()
      await page.locator(".row [aria-busy=true]").first().waitFor({ state: "detached" })
    },
    begin: (label) => triangle(label).click(),
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
