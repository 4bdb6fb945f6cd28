// A small site with the storage of the engine on it: the page, a worker, and a page that has it in a frame of another site.
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { build } from "vite"

export interface Site {
  /** The page, on the site `localhost`. */
  readonly url: string
  /** A page of `localhost` with the same page of the site `127.0.0.1` in a frame. */
  readonly embedding: string
  close(): Promise<void>
}

/** Builds the page and serves it on a free port. */
export async function serveStorageSite(): Promise<Site> {
  const entry = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      target: "es2023",
      modulePreload: false,
      rolldownOptions: {
        input: { page: entry("storage-page"), worker: entry("storage-worker") },
        output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      },
    },
  })
  const files = new Map<string, string>()
  for (const { output } of [built].flat() as { output: { fileName: string; code?: string }[] }[]) {
    for (const { fileName, code } of output) if (code !== undefined) files.set(`/${fileName}`, code)
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const script = files.get(pathname)
    const port = request.socket.localPort
    response.setHeader("Content-Type", script === undefined ? "text/html" : "text/javascript")
    if (script !== undefined) response.end(script)
    else if (pathname === "/embedding") response.end(`<!doctype html><iframe src="http://127.0.0.1:${port}/"></iframe>`)
    else response.end('<!doctype html><script type="module" src="/page.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  const url = `http://localhost:${address.port}/`
  return {
    url,
    embedding: `${url}embedding`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
