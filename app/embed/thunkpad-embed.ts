// <thunkpad-embed>: the playground in another site's page, built as embed.js. Loaded by a plain <script src=".../embed.js">, so it imports
// nothing and leaves nothing behind but the element.
//
//   <script src="https://HOST/embed.js"></script>
//   <thunkpad-embed code="1 + 1" height="300"></thunkpad-embed>
//
// Attributes: `code` (or the element's text), `link` (the part of a link from `#` on), `height` in pixels, `view`. Property `code`; method
// `evaluate()`. Events, with what came in `detail`: `thunkpad-ready`, `thunkpad-change` ({ code }), `thunkpad-result` ({ ok, text }).

{
  const base = new URL(".", (document.currentScript as HTMLScriptElement | null)?.src ?? location.href)

  class ThunkpadEmbed extends HTMLElement {
    #frame: HTMLIFrameElement | null = null
    #code = ""

    connectedCallback(): void {
      // While the page around it is being read, the element's text is not there yet.
      if (document.readyState === "loading") addEventListener("DOMContentLoaded", () => this.#start(), { once: true })
      else this.#start()
    }

    #start(): void {
      if (this.#frame !== null || !this.isConnected) return
      const link = this.getAttribute("link")
      this.#code = this.getAttribute("code") ?? (this.textContent ?? "").replace(/^\n/, "")
      const frame = document.createElement("iframe")
      frame.title = this.getAttribute("title") ?? "Nix, in Thunkpad"
      // With its own origin, so that the page can start its worker.
      frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups")
      frame.setAttribute("allow", "clipboard-write")
      frame.style.cssText = `width:100%;height:${Number(this.getAttribute("height")) || 400}px;border:0`
      frame.src = `${base}?embed${link ?? `#code=${encodeURIComponent(this.#code)}`}`
      this.textContent = ""
      this.append(frame)
      this.#frame = frame
      addEventListener("message", this.#listen)
    }

    disconnectedCallback(): void {
      removeEventListener("message", this.#listen)
      this.#frame?.remove()
      this.#frame = null
    }

    get code(): string {
      return this.#code
    }

    set code(text: string) {
      this.#code = text
      this.#tell({ thunkpad: 1, kind: "set", code: text })
    }

    evaluate(): void {
      this.#tell({ thunkpad: 1, kind: "evaluate" })
    }

    #tell(message: object): void {
      this.#frame?.contentWindow?.postMessage(message, base.origin)
    }

    readonly #listen = (event: MessageEvent): void => {
      if (event.source !== this.#frame?.contentWindow || event.origin !== base.origin) return
      const data = event.data as { thunkpad?: unknown; kind?: unknown; code?: unknown } | null
      if (data?.thunkpad !== 1 || typeof data.kind !== "string" || !["ready", "change", "result"].includes(data.kind)) return
      if (data.kind === "change" && typeof data.code === "string") this.#code = data.code
      this.dispatchEvent(new CustomEvent(`thunkpad-${data.kind}`, { detail: data, bubbles: true }))
    }
  }

  if (customElements.get("thunkpad-embed") === undefined) customElements.define("thunkpad-embed", ThunkpadEmbed)
}
