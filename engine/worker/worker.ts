// The worker's entry: answers the protocol over comlink. Messages may come before the hashes are ready,
// so the session waits for them inside; "ready" tells the page that the script has been read.

import { expose } from "comlink"
import { initHashes } from "../formats/hash/digest.ts"
import { WorkerSession } from "./session.ts"

expose(new WorkerSession(initHashes()))
postMessage("ready")
