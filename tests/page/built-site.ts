// What every file of these tests has around it: the built site on a port of its own, and a Chromium. Started before the tests of the
// file, closed after them.
import type { Browser } from "playwright-core"
import type { Plugin } from "vite"
import { afterAll, beforeAll } from "vitest"
import { launchChromium, serveDist } from "../setup/browser.ts"

export interface BuiltSite {
  /** Ends in a slash. */
  readonly url: string
  readonly browser: Browser
}

/**
 * Registers the set-up and the closing of the file that calls it, once and before hooks of its own.
 * What it gives may be read from those hooks and from tests only: a `TypeError` before.
 */
export function builtSite(plugins: Plugin[] = []): BuiltSite {
  let server: Awaited<ReturnType<typeof serveDist>> | undefined
  let browser: Browser | undefined
  beforeAll(async () => {
    server = await serveDist(plugins)
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  const started = <T>(what: T | undefined): T => {
    if (what === undefined) throw new TypeError("the site is there once the tests of the file begin")
    return what
  }
  return {
    get url() {
      return started(server).url
    },
    get browser() {
      return started(browser)
    },
  }
}
