// The example graph, built by the sandboxes of this machine and by a real Nix daemon with its sandbox on, is the same to the last bit.
// (By a cluster of three machines: cluster.test.ts.) One skipped test where Nix or bubblewrap is missing.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, expect, test } from "vitest"
import { Endpoint } from "../../engine/build/endpoint.ts"
import { endpointTransport } from "../../engine/build/endpoint-transport.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { tabOf } from "../build/building.ts"
import { nativeConfig, whyNotNative } from "../gateway/native-graph.ts"
import { buildExampleGraph, type GraphOutcome, graphEnds } from "./example-graph.ts"
import { GatewayProcess } from "./gateway-process.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-executors-`))
afterAll(() => {
  spawnSync("chmod", ["-R", "u+w", folder])
  fs.rmSync(folder, { recursive: true, force: true })
})

async function by(name: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<GraphOutcome> {
  const gateway = await GatewayProcess.over(`${folder}/${name}`, flags, env)
  try {
    await gateway.start()
    const tab = tabOf(new Endpoint(endpointTransport({ url: gateway.url }, (input, init) => fetch(input, init))))
    const outcome = await buildExampleGraph(tab)
    expect(new Set(tab.news.flatMap((one) => (one.kind === "started" ? [one.executor] : [])))).toEqual(new Set([name]))
    await gateway.stop()
    expect(gateway.errors).toBe("")
    return outcome
  } finally {
    await gateway.kill()
  }
}

test.skipIf(whyNotNative() !== undefined)(
  "the example graph is the same from bubblewrap and from a Nix daemon",
  async () => {
    await initHashes()
    const here = await by("bubblewrap", ["--jobs", "2"])
    expect(Object.keys(here.outputs)).toHaveLength(9)
    expect(here).toMatchObject(graphEnds)
    const env = { NIX_CONFIG: nativeConfig, HOME: folder }
    expect(await by("nix-daemon", ["--jobs", "0", "--nix-daemon-store", `${folder}/nix`], env)).toEqual(here)
  },
  180_000,
)
