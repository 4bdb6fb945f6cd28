// Keeps the page usable without a network: registers the service worker that the build makes, tells when a newer page is ready, and puts
// what this visit has loaded already (the editor) into its cache.

import type { Workbench } from "./workbench.ts"

/** The cache that the service worker looks into for what it does not keep from the start; vite.config.ts names it too. */
const CACHE = "thunkpad-assets"

/** A tab that is looked at again asks for a newer version, not more often than this. Milliseconds. */
const OFTEN = 3_600_000

/** Registers it where there can be one; never in development, and never in another site's frame. */
export async function registerServiceWorker(bench: Workbench): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV || window.parent !== window) return
  const address = new URL("sw.js", document.baseURI).href
  // Trusted Types forbid a bare URL; this policy lets exactly our service worker through.
  const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("thunkpad", {
    createScriptURL(url: string) {
      if (url !== address) throw new TypeError("not our service worker")
      return url
    },
  })
  const url = trusted ? trusted.createScriptURL(address) : address
  const container = navigator.serviceWorker
  const hadOne = container.controller !== null
  const registration = await container.register(url as string, { updateViaCache: "none" })
  const reload = (): void => {
    bench.save()
    location.reload()
  }
  let own = false
  const offer = (waiting: ServiceWorker): void => {
    const replace = (): void => {
      own = true
      waiting.postMessage({ type: "SKIP_WAITING" })
    }
    bench.notify("A newer version of this page is ready.", { action: { label: "Reload", run: replace } })
  }
  let controlled = hadOne
  container.addEventListener("controllerchange", () => {
    if (own) reload()
    // What this page has not loaded yet may be gone with the version that it is of.
    else if (controlled) bench.notify("Another tab has started a newer version of this page.", { action: { label: "Reload", run: reload } })
    controlled = true
  })
  if (registration.waiting !== null && hadOne) offer(registration.waiting)
  let watched: ServiceWorker | null = null
  const watch = (): void => {
    const { installing } = registration
    if (installing === watched) return
    watched = installing
    installing?.addEventListener("statechange", () => {
      if (installing.state === "installed" && container.controller !== null) offer(installing)
    })
  }
  // The visit itself has the browser look for a newer version: it may have found one before this is heard.
  if (hadOne) watch()
  registration.addEventListener("updatefound", watch)
  let asked = Date.now()
  document.addEventListener("visibilitychange", () => {
    // A tab may be open for weeks.
    if (document.visibilityState !== "visible" || Date.now() - asked < OFTEN) return
    asked = Date.now()
    registration.update().catch(() => {})
  })
  await container.ready
  const cache = await caches.open(CACHE)
  const keep = (loaded: PerformanceEntryList): void => {
    for (const { name } of loaded) {
      if (!name.startsWith(new URL("assets/", document.baseURI).href)) continue
      void caches
        .match(name)
        .then((known) => (known === undefined ? cache.add(name) : undefined))
        .catch(() => {})
    }
  }
  keep(performance.getEntriesByType("resource"))
  // The editor may still be on its way.
  new PerformanceObserver((list) => keep(list.getEntries())).observe({ type: "resource" })
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown }
}
