// Persistence: the browser's promise to evict nothing by itself. Only a page can ask for it, so this is not in storage.ts.

/** What of the page's `navigator.storage` is needed; older browsers lack it. */
export interface PersistenceManager {
  persist?(): Promise<boolean>
}

/** Asks the browser never to evict what is stored; some browsers ask the user, others decide by how the page is used. */
export async function askToPersist(storage: PersistenceManager | undefined): Promise<"granted" | "refused" | "unavailable"> {
  try {
    if (typeof storage?.persist !== "function") return "unavailable"
    return (await storage.persist()) ? "granted" : "refused"
  } catch {
    return "unavailable"
  }
}
