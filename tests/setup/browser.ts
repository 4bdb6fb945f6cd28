// Chromium and a server of dist/ for the page tests.
import { fileURLToPath } from "node:url"
import { type Browser, chromium } from "playwright-core"
import { type Plugin, preview } from "vite"
import { launchOptions } from "./chromium.mjs"

/** A headless Chromium; the caller closes it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(launchOptions())
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
