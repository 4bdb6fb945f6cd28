// Chromium and a server of dist/ for the page tests.
import { fileURLToPath } from "node:url"
import { type Browser, type BrowserContext, chromium } from "playwright-core"
import { type Plugin, preview } from "vite"
import { launchOptions } from "./chromium.mjs"

/** How long a page has for what it is asked to do or to show, in milliseconds: whoever waits longer waits for nothing. */
const PATIENCE = 90_000

/** A headless Chromium whose pages have time enough on a slow machine; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const browser = await chromium.launch(launchOptions())
  browser.on("context", (context) => patient(context))
  return browser
}

/** Gives a context time enough, where it was not opened by a browser of `launchChromium`. */
export function patient(context: BrowserContext): BrowserContext {
  context.setDefaultTimeout(PATIENCE)
  return context
}

/** Serves dist/ with the headers of vite.config.ts on a free port; `url` ends in a slash. The caller closes it. */
export async function serveDist(plugins: Plugin[] = []): Promise<{ url: string; close(): Promise<void> }> {
  const root = fileURLToPath(new URL("../../", import.meta.url))
  const server = await preview({
    root,
    configFile: `${root}vite.config.ts`,
    logLevel: "error",
    plugins,
    preview: { port: 0, strictPort: false },
  })
  const address = server.httpServer.address()
  if (address === null || typeof address === "string") throw new Error("the preview server has no port")
  return { url: `http://localhost:${address.port}/`, close: () => server.close() }
}
