// What `npm run bench:app` puts into a page before its own scripts: `probe` in the global object notes when things appear, how long workers
// take to answer, and when keys were pressed. All times are those of performance.now(): since the navigation began.

/** Installs the probe; runs in the page. `seen` names selectors whose first match is noted. @param {Record<string, string>} seen */
export function installProbe(seen) {
  /** @type {Record<string, number>} */
  const first = {}
  /** @type {{ worker: string, what: string, ms: number }[]} */
  const answers = []
  /** @type {number[]} */
  const long = []
  let pressed = 0
  /** @type {{ text: string, selector: string, resolve: (at: number) => void } | null} */
  let awaited = null
  const text = () => (awaited === null ? "" : (document.querySelector(awaited.selector)?.textContent ?? ""))
  const look = () => {
    for (const [name, selector] of Object.entries(seen))
      if (first[name] === undefined && document.querySelector(selector) !== null) first[name] = performance.now()
    if (awaited !== null && text() !== awaited.text) {
      awaited.resolve(performance.now())
      awaited = null
    }
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true, attributes: true })
  new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({
    type: "longtask",
    buffered: true,
  })
  // The time of the event is when the browser got the key, before anything of the page ran.
  addEventListener("keydown", (event) => void (pressed = event.timeStamp), true)
  const Plain = globalThis.Worker
  globalThis.Worker = class extends Plain {
    /** @type {Map<unknown, { what: string, begun: number }>} */
    asked = new Map()
    named
    /** @param {string | URL} url @param {WorkerOptions} [options] */
    constructor(url, options) {
      super(url, options)
      this.named = options?.name ?? ""
      this.addEventListener("message", ({ data }) => {
        const id = data?.id ?? data?.seq
        const call = this.asked.get(id)
        if (call === undefined) return
        this.asked.delete(id)
        answers.push({ worker: this.named, what: call.what, ms: performance.now() - call.begun })
      })
    }
    /** comlink's calls have an id and a path, Monaco's a number and a method. @override @param {any} data @param {any} [transfer] */
    postMessage(data, transfer) {
      const id = data?.id ?? data?.req
      const what = Array.isArray(data?.path) ? data.path.join(".") : (data?.args?.[0] ?? data?.method)
      if (id !== undefined) this.asked.set(id, { what: String(what), begun: performance.now() })
      super.postMessage(data, transfer)
    }
  }
  Object.assign(globalThis, {
    probe: {
      first,
      answers,
      long,
      pressed: () => pressed,
      /** The time of the next change of an element's text. @param {string} selector @returns {Promise<number>} */
      changed: (selector) =>
        new Promise((resolve) => {
          awaited = { selector, text: document.querySelector(selector)?.textContent ?? "", resolve }
        }),
      /** The time at which a selector has a match (`there`) or none. @param {string} selector @param {boolean} there */
      until: (selector, there) =>
        new Promise((resolve) => {
          const done = () => {
            if ((document.querySelector(selector) !== null) !== there) return false
            resolve(performance.now())
            return true
          }
          if (done()) return
          const watching = new MutationObserver(() => done() && watching.disconnect())
          watching.observe(document, { childList: true, subtree: true, attributes: true })
        }),
    },
  })
}

/**
 * The times between frames while an element is scrolled by so many pixels with each; runs in the page.
 * @param {[selector: string, pixels: number, frames: number]} what
 * @returns {Promise<number[]>} as the browser says when each frame began
 */
export function frameTimes([selector, pixels, frames]) {
  return new Promise((resolve) => {
    const element = document.querySelector(selector)
    /** @type {number[]} */
    const gaps = []
    let last = -1
    /** @param {number} now */
    const step = (now) => {
      if (last >= 0) gaps.push(now - last)
      last = now
      if (element !== null) element.scrollTop += pixels
      if (gaps.length < frames) requestAnimationFrame(step)
      else resolve(gaps)
    }
    requestAnimationFrame(step)
  })
}
