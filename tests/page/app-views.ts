// Every view of the app and how a user gets there, in an order that one page can walk: each begins where the one before it ended.
import { encodeLink } from "../../app/link/codec.ts"
import { type AppPage, ENDLESS } from "./app-page.ts"

export interface AppView {
  readonly name: string
  open(app: AppPage): Promise<void>
  /** Leaves what is above the page, for the next view. */
  close?(app: AppPage): Promise<void>
}

/** All kinds of rows. */
const RICH = `
{
  fails = throw "this attribute fails";
  traced = builtins.trace "seen" 42;
  long = builtins.concatStringsSep "" (builtins.genList (x: "0123456789") 150);
  many = builtins.genList (x: x) 150;
  f = { pkgs, lib ? null }: pkgs;
  nested.deep.deeper.deepest.value = { path = /etc/nixos/configuration.nix; };
}`

const DERIVATIONS = `let
  sh = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; };
  hello = sh "hello" "echo hello > $out";
in {
  greeter = sh "greeter" "cat \${hello} > $out";
}`

const button = (app: AppPage, name: string | RegExp) => app.page.getByRole("button", { name, exact: typeof name === "string" })
const tab = (app: AppPage, name: string) => app.page.getByRole("tab", { name, exact: true })
const pane = (app: AppPage, name: string | RegExp) =>
  app.page.getByRole("navigation", { name: "Panes" }).getByRole("button", { name }).click()
const panel = (app: AppPage) => app.page.getByRole("tabpanel")

/** A dialog that keys or a button open, Escape closes. */
const dialog = (title: string, open: (app: AppPage) => Promise<unknown>): AppView => ({
  name: `dialog ${title}`,
  async open(app) {
    await open(app)
    await app.page.getByRole("dialog", { name: title }).waitFor()
  },
  async close({ page }) {
    await page.keyboard.press("Escape")
    await page.getByRole("dialog", { name: title }).waitFor({ state: "detached" })
  },
})

/** Another form of the result. */
const form = (name: string, ready: (app: AppPage) => Promise<unknown> = async () => {}): AppView => ({
  name,
  async open(app) {
    await tab(app, name).click()
    await panel(app).waitFor()
    await ready(app)
  },
})

/** Another side of a derivation's card. */
const side = (name: string, ready: (app: AppPage) => Promise<unknown> = async () => {}): AppView => ({
  name: `derivation, ${name}`,
  async open(app) {
    await button(app, name).click()
    await ready(app)
  },
})

export const appViews: readonly AppView[] = [
  { name: "first page", open: async () => {} },
  {
    name: "tree",
    async open(app) {
      await app.evaluate(RICH)
      for (const label of ["fails", "traced", "long", "f", "nested", "deep", "deeper", "deepest", "value", "many"]) {
        await app.press(label)
        await app.page.locator(".row [aria-busy=true]").waitFor({ state: "detached" })
      }
      await app.press("fails")
      await app.page.getByRole("alert").waitFor()
    },
  },
  {
    name: "menu of a row",
    async open(app) {
      await app.row("f").hover()
      await button(app, "Actions for f").click()
      await app.page.getByRole("menuitem", { name: "Copy path" }).waitFor()
    },
    async close({ page }) {
      await page.keyboard.press("Escape")
      await page.getByRole("menu").waitFor({ state: "detached" })
    },
  },
  {
    name: "watched values",
    async open(app) {
      await app.row("f").hover()
      await button(app, "Actions for f").click()
      await app.page.getByRole("menuitem", { name: "Watch" }).click()
      await app.page.getByRole("region", { name: "Watched" }).waitFor()
    },
    close: (app) => button(app, "Stop watching f").click(),
  },
  {
    name: "long string",
    open: async (app) => {
      await button(app, /^all 1,500 bytes/).click()
      await app.page.getByRole("dialog").waitFor()
    },
    async close({ page }) {
      await page.keyboard.press("Escape")
      await page.getByRole("dialog").waitFor({ state: "detached" })
    },
  },
  form("Nix", (app) => panel(app).getByText("this attribute fails").first().waitFor()),
  form("JSON", (app) => panel(app).getByText("cannot convert a function").first().waitFor()),
  form("Parsed"),
  form("Resolved"),
  form("Statistics"),
  form("Trace", (app) => app.page.getByRole("region", { name: "Steps of the evaluation" }).getByText("force").first().waitFor()),
  {
    name: "derivation, Card",
    async open(app) {
      await tab(app, "Tree").click()
      await app.evaluate(DERIVATIONS)
      await app.press("greeter")
      await button(app, "derivation greeter").first().click()
      await app.page.getByRole("heading", { name: "greeter" }).waitFor()
    },
  },
  side("ATerm"),
  side("JSON"),
  side("Graph", ({ page }) => page.getByRole("group", { name: "Dependencies" }).waitFor()),
  side("Closure", ({ page }) => page.getByRole("region", { name: "Closure" }).waitFor()),
  side("Compare"),
  form("Explain", ({ page }) => page.locator("#step-masked-modulo").waitFor()),
  form("XML", (app) => panel(app).getByText("drvPath").first().waitFor()),
  {
    name: "error with its trace",
    async open(app) {
      await tab(app, "Tree").click()
      await app.evaluate(`let f = n: if n == 0 then throw "${"a long message ".repeat(20)}" else 1 + f (n - 1); in f 5`)
      await app.page.getByText(/^Trace \(/).click()
    },
  },
  {
    name: "asks for the network",
    async open(app) {
      await app.evaluate('builtins.fetchurl "https://example.org/x"')
      await app.page.getByText("This program wants to use the network.").waitFor()
    },
  },
  {
    name: "running",
    async open(app) {
      await app.start(ENDLESS)
      await app.status.getByText("Evaluating…").waitFor()
    },
  },
  {
    name: "stopped",
    async open(app) {
      await app.stop.click()
      await app.status.getByText("Stopped").waitFor()
    },
  },
  {
    name: "problems",
    async open(app) {
      await app.start("let a = 1; b = ; in a")
      await pane(app, /^Problems/)
      await app.page.getByLabel("Problems", { exact: true }).getByRole("button").first().waitFor()
    },
  },
  {
    name: "repl",
    async open(app) {
      await pane(app, "REPL")
      const field = app.page.getByLabel("REPL").getByRole("textbox")
      for (const line of ["a = 40 + 2", "{ inherit a; }", "nobody", ":?"]) {
        await field.fill(line)
        await field.press("Enter")
      }
      await app.page.getByLabel("REPL").getByRole("button", { name: "Open the value" }).click()
      await app.page.getByLabel("REPL").getByText("{ 1 attribute }").waitFor()
    },
  },
  {
    name: "store",
    async open(app) {
      await pane(app, "Store")
      const store = app.page.getByRole("region", { name: "Store", exact: true })
      await store
        .getByRole("button", { name: /-greeter\.drv$/ })
        .first()
        .click()
      await store.getByRole("article").waitFor()
    },
  },
  {
    name: "builds",
    async open(app) {
      await pane(app, "Builds")
      await app.page.getByRole("region", { name: "Endpoint" }).waitFor()
    },
  },
  {
    name: "reference",
    async open(app) {
      await pane(app, "Docs")
      await app.page.getByLabel("Search the reference").fill("elemAt")
    },
  },
  {
    name: "reference, an entry",
    async open(app) {
      await button(app, "elemAt").click()
      await app.page.getByRole("heading", { name: /elemAt/ }).waitFor()
    },
  },
  dialog("Actions", ({ page }) => page.keyboard.press("Control+k")),
  dialog("Settings", ({ page }) => page.keyboard.press("Control+,")),
  dialog("Examples", (app) => button(app, "Examples").click()),
  dialog("Share", (app) => button(app, "Share").click()),
  ...(["Source", "Values", "Derivations"] as const).map((name) => ({
    ...dialog("Compare", async (app) => {
      const { page } = app
      await page.keyboard.press("Control+k")
      await page.getByPlaceholder("What do you want to do?").fill("Compare with a link")
      await page.keyboard.press("Enter")
      const other = { "main.nix": DERIVATIONS.replace("cat", "tac"), "other.nix": "1" }
      await page
        .getByRole("dialog", { name: "Compare" })
        .getByPlaceholder("https://…")
        .fill(encodeLink({ files: other, settings: {} }))
      await button(app, "Compare").click()
      await tab(app, name).click()
      await page
        .getByText(/differ|equal/)
        .first()
        .waitFor()
    }),
    name: `comparison, ${name}`,
  })),
  dialog("Workspaces", (app) => button(app, /^My first workspace/).click()),
  dialog("Keyboard shortcuts", async ({ page }) => {
    await page.keyboard.press("Control+k")
    await page.getByPlaceholder("What do you want to do?").fill("Keyboard shortcuts")
    await page.keyboard.press("Enter")
  }),
  {
    name: "lesson",
    async open(app) {
      await button(app, "Examples").click()
      await button(app, /Anatomy of a store path/).click()
      await app.page.getByRole("heading", { name: /Anatomy of a store path/ }).waitFor()
    },
  },
  {
    name: "files and a notice",
    async open(app) {
      const { page } = app
      if ((page.viewportSize()?.width ?? 0) < 800) await pane(app, "Files")
      await button(app, "New file").click()
      await page.getByLabel("Path of the new file").fill("lib/a.nix")
      await page.keyboard.press("Enter")
      if ((page.viewportSize()?.width ?? 0) < 800) await pane(app, "Files")
      await page.getByRole("treeitem", { name: "a.nix" }).press("Delete")
      await button(app, "Undo").waitFor()
    },
  },
  {
    name: "high contrast",
    async open({ page }) {
      await page.keyboard.press("Control+k")
      await page.getByPlaceholder("What do you want to do?").fill("Theme: contrast")
      await page.keyboard.press("Enter")
      await page.locator("html[data-theme=contrast]").waitFor()
    },
    async close({ page }) {
      await page.keyboard.press("Control+k")
      await page.getByPlaceholder("What do you want to do?").fill("Theme: system")
      await page.keyboard.press("Enter")
      await page.locator("html[data-theme=contrast]").waitFor({ state: "detached" })
    },
  },
  {
    name: "damaged link",
    async open({ page }) {
      await page.goto(`${page.url().replace(/[#?].*/, "")}#1.bm90aGluZw`)
      await page.getByText(/^This link cannot be opened/).waitFor()
    },
  },
  {
    name: "files elsewhere",
    async open(app) {
      await app.page.goto(`${app.page.url().replace(/[#?].*/, "")}?github=someone/repo/v1/lib/x.nix`)
      await button(app, "Load it").waitFor()
    },
  },
  {
    name: "embedded",
    async open({ page }) {
      const link = encodeLink({ files: { "main.nix": "{ a = 6 * 7; }", "b.nix": "1" }, settings: {} })
      await page.goto(`${page.url().replace(/[#?].*/, "")}?embed${link}`)
      await page.getByRole("tabpanel").getByText("1 attribute").waitFor()
    },
  },
]
