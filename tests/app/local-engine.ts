// The engine in the test's own process: the page's client over the worker's session, without a worker between them.
import type { Remote } from "comlink"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { type BuildNews, type Connection, type Engine, EngineStopped, engineOver } from "../../engine/worker/client.ts"
import type { WorkerApi } from "../../engine/worker/protocol.ts"
import { WorkerSession } from "../../engine/worker/session.ts"
import { openTabStore } from "../../engine/worker/tab-store.ts"

/**
 * An engine as `createEngine` gives it. `hold` is awaited before every answer, so that a test can look at what is shown while the
 * engine works, and stop it. `onBuildNews` gets news of builds.
 */
export function localEngine(hold: () => Promise<void> = async () => {}, onBuildNews?: (news: BuildNews) => void): Engine {
  return engineOver(() => connect(hold, onBuildNews))
}

function connect(hold: () => Promise<void>, onBuildNews: (news: BuildNews) => void = () => {}): Connection {
  let over = false
  const hashes = initHashes()
  const session = new WorkerSession(async (notify) => {
    await hashes
    return openTabStore(notify)
  })
  // What a worker would tell that has ended is not heard.
  void session.builds.listen((news) => {
    if (!over) onBuildNews(news)
  })
  const held = new Proxy(session, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== "function") return method
      // In their order, as messages come: what opens a run is not held.
      if (name === "open" || name === "release") return method.bind(target)
      return async (...args: unknown[]) => {
        await hold()
        return method.apply(target, args)
      }
    },
  })
  let fail: (e: Error) => void = () => {}
  const ended = new Promise<never>((_, reject) => {
    fail = reject
  })
  ended.catch(() => onBuildNews({ kind: "left" }))
  return {
    // Called directly instead of by messages, its methods answer with the same promises.
    api: held as unknown as Remote<WorkerApi>,
    ready: Promise.resolve(),
    opened: new Set(),
    ended,
    end(reason) {
      over = true
      fail(new EngineStopped(reason))
    },
    over: () => over,
  }
}
