// The worker's entry: answers the protocol over comlink. Messages may come before the hashes are ready and the store is open,
// so the session waits for them inside; "ready" tells the page that the script has been read.

import { expose } from "comlink"
import { initHashes } from "../formats/hash/digest.ts"
import { WorkerSession } from "./session.ts"
import { openTabStore } from "./tab-store.ts"

const hashes = initHashes()
const session = new WorkerSession(async (notify, composition) => {
  await hashes
  return openTabStore(notify, composition)
})
// The first evaluation waits for it; the editor's worker (language-client.ts) evaluates nothing.
if (self.name !== "thunkpad-language") session.tab().catch(() => {})
expose(session)
postMessage("ready")
