// `npm start`: builds dist/ if needed, serves it on a fixed port (what is stored in the browser belongs to the address) and says where.
import { preview } from "vite"
import { ensureBuilt } from "./build.mjs"

ensureBuilt()
const server = await preview()
console.log(`Thunkpad is at ${server.resolvedUrls?.local[0]}   (Ctrl-C ends it)`)
