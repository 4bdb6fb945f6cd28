// Sources for tests that run in Chromium: the server of archives, and a gateway that fetches from it. Started and stopped in Node by the
// browser commands of tests/vitest.config.ts.
import { defaultFetchRules } from "../../engine/gateway/guarded-fetch.ts"
import { startServer, type TestServer } from "../fetch/server.ts"
import { type RunningGateway, startGateway } from "../gateway/server.ts"

interface Sources {
  readonly server: TestServer
  readonly gateway: RunningGateway
}

const running = new Map<string, Sources>()

/** Starts both for pages of `origin`; gives their addresses. */
export async function start(origin: string): Promise<{ readonly base: string; readonly gateway: string }> {
  const server = await startServer()
  const fetch = { ...defaultFetchRules, privateServers: [new URL(server.base).host] }
  const gateway = await startGateway({ access: { origins: [origin], hosts: [], tokens: [] }, fetch })
  running.set(server.base, { server, gateway })
  return { base: server.base, gateway: gateway.url }
}

/** Stops both; gives what the server was asked. */
export async function stop(base: string): Promise<readonly string[]> {
  const sources = running.get(base)
  if (sources === undefined) throw new RangeError(`no sources at ${base}`)
  running.delete(base)
  await sources.gateway.close()
  await sources.server.close()
  return sources.server.asked
}
