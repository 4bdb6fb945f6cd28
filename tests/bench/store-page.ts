// The page of the bench of storage: starts the worker, and measures how long the page itself ever has to wait meanwhile.
import { wrap } from "comlink"
import type { StoreBench } from "./store-worker.ts"

const worker = new Worker("/worker.js", { type: "module" })
const ready = new Promise((resolve, reject) => {
  worker.onmessage = resolve
  worker.onerror = reject
})
const remote = wrap<StoreBench>(worker)

/** What `work` gives, and the longest time that a task of the page, due every four milliseconds, came late. */
async function watched<T>(work: () => Promise<T>): Promise<{ result: T; longestDelay: number }> {
  let longestDelay = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longestDelay = Math.max(longestDelay, now - last - 4)
    last = now
  }, 4)
  const result = await work()
  clearInterval(timer)
  return { result, longestDelay }
}

Object.assign(globalThis, { bench: { ready, remote, watched } })
