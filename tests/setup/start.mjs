// `npm start`: builds dist/ if needed, serves it on a fixed port (what is stored in the browser belongs to the address) and says where.
// A gateway for builds runs beside it, and ends with it.
import { preview } from "vite"
import { gatewayFolder, gatewayNotice, startAppGateway } from "./app-gateway.mjs"
import { ensureBuilt } from "./build.mjs"

ensureBuilt()
/** @type {ReturnType<typeof startAppGateway> | null} */
let gateway = null
const server = await preview({ plugins: [gatewayNotice(async () => (await gateway?.ready) ?? { problem: "it was not started yet" })] })
const url = server.resolvedUrls?.local[0] ?? "http://localhost:4173/"
// A page asks by the name that its user has typed.
const origins = [new URL(url).origin, new URL(url).origin.replace("//localhost:", "//127.0.0.1:")]
gateway = startAppGateway({ origins: [...new Set(origins)], store: gatewayFolder() })
process.on("exit", () => gateway?.stop())
for (const signal of ["SIGINT", "SIGHUP"]) process.once(signal, () => process.exit(130))
console.log(`Thunkpad is at ${url}   (Ctrl-C ends it)`)
const started = await gateway.ready
console.log("url" in started ? `Builds: a gateway is at ${started.url}` : `No builds: the gateway cannot run: ${started.problem}`)
