// A small site with parts of the engine on it, built when it is asked for: a page, its worker, and a page that has the first in
// a frame of another site. For the tests of storage and for its bench, which runs without a bundler of its own.
import { createServer } from "node:http"
import { build } from "vite"

/**
 * Builds `page` and `worker` (paths of TypeScript files; the page starts the worker as /worker.js) and serves them on a free port.
 * `url` is the page on the site `localhost`, `embedding` has the page of the site `127.0.0.1` in a frame.
 * @param {{ page: string, worker: string, data?: ReadonlyMap<string, Uint8Array> }} site `data`: more files, by path
 * @returns {Promise<{ url: string, embedding: string, close(): Promise<void> }>}
 */
export async function serveSite({ page, worker, data = new Map() }) {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "es2023",
      modulePreload: false,
      rolldownOptions: { input: { page, worker }, output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" } },
    },
  })
  /** @type {Map<string, string>} */
  const scripts = new Map()
  for (const result of Array.isArray(built) ? built : [built]) {
    if (!("output" in result)) continue
    for (const file of result.output) if ("code" in file) scripts.set(`/${file.fileName}`, file.code)
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const script = scripts.get(pathname)
    const bytes = data.get(pathname)
    response.setHeader(
      "Content-Type",
      script !== undefined ? "text/javascript" : bytes !== undefined ? "application/octet-stream" : "text/html",
    )
    if (script !== undefined) response.end(script)
    else if (bytes !== undefined) response.end(bytes)
    else if (pathname === "/embedding") response.end(`<!doctype html><iframe src="http://127.0.0.1:${request.socket.localPort}/"></iframe>`)
    else response.end('<!doctype html><script type="module" src="/page.js"></script>')
  })
  await new Promise((resolve) => server.listen(0, () => resolve(undefined)))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  const url = `http://localhost:${address.port}/`
  const close = () =>
    /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    )
  return { url, embedding: `${url}embedding`, close }
}
