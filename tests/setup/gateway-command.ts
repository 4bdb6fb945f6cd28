// Gateways for tests that run in Chromium: started and stopped in Node by the browser commands of tests/vitest.config.ts.
import type { RunningGateway } from "../gateway/server.ts"
import { startGateway } from "../gateway/server.ts"

const running = new Map<string, RunningGateway>()

/** Starts a gateway that pages of `origin` may ask; gives its URL. */
export async function start(origin: string): Promise<string> {
  const gateway = await startGateway({ access: { origins: [origin], hosts: [], tokens: [] } })
  running.set(gateway.url, gateway)
  return gateway.url
}

/** Stops the gateway at a URL; gives what it took for faults of its own, as texts. */
export async function stop(url: string): Promise<string[]> {
  const gateway = running.get(url)
  if (gateway === undefined) throw new RangeError(`no gateway at ${url}`)
  running.delete(url)
  await gateway.close()
  return gateway.faults.map(String)
}
