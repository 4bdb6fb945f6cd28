// Gateways for tests that run in Chromium: started and stopped in Node by the browser commands of tests/vitest.config.ts.
import * as fs from "node:fs"
import * as os from "node:os"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { BubblewrapExecutor } from "../../engine/gateway/build/bubblewrap.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { type RunningGateway, startGateway } from "../gateway/server.ts"
import { memoryStore } from "../store/memory-store.ts"

const running = new Map<string, RunningGateway>()

/** Starts a gateway that pages of `origin` may ask; gives its URL. */
export async function start(origin: string): Promise<string> {
  const gateway = await startGateway({ access: { origins: [origin], hosts: [], tokens: [] } })
  running.set(gateway.url, gateway)
  return gateway.url
}

/** As start(), and it builds with bubblewrap; "" where that is not possible. */
export async function startBuilding(origin: string): Promise<string> {
  const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-builder-`))
  await initHashes()
  const { stores } = memoryStore()
  const executor = new BubblewrapExecutor({ stores, folder: `${folder}/sandbox`, limits: defaultBuildLimits })
  const builds = new Builds({ stores, folder: `${folder}/journal`, executors: [executor] })
  await builds.open()
  if (builds.describe().some(({ unavailable }) => unavailable !== "")) {
    await builds.close()
    fs.rmSync(folder, { recursive: true })
    return ""
  }
  const gateway = await startGateway({ stores, builds, access: { origins: [origin], hosts: [], tokens: [] } })
  running.set(gateway.url, { ...gateway, close: () => gateway.close().then(() => fs.rmSync(folder, { recursive: true })) })
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
