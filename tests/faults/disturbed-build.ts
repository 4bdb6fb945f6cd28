// A build of twenty derivations by a gateway's process of its own, which something happens to, and what is wrong afterwards.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { Endpoint } from "../../engine/build/endpoint.ts"
import { endpointTransport } from "../../engine/build/endpoint-transport.ts"
import { type Tab, tabOf } from "../build/building.ts"
import { GatewayProcess } from "./gateway-process.ts"
import { journalFaults, readJournal } from "./journal.ts"
import { RunningBuilders } from "./running-builders.ts"
import { hashesOf, instantiateTwenty, lastLog, logOfOne, twentyInCommand, twentyNames } from "./twenty.ts"

export interface DisturbedBuild {
  /** NAR hashes of the outputs, by name. */
  readonly hashes: ReadonlyMap<string, string>
  /** Milliseconds. */
  readonly time: number
  /** What is not as it should be. */
  readonly faults: string[]
  readonly attempts: number
  /** Builders that were seen to run. */
  readonly seen: number
}

export interface Disturbance {
  /** Where the endpoint is for the tab, if something is between. */
  readonly url?: (gateway: GatewayProcess) => Promise<string>
  /** Runs beside the build; `signal` fires when that is over. */
  readonly disturb?: (gateway: GatewayProcess, signal: AbortSignal) => Promise<void>
  /** Of the gateway, in place of those for four sandboxes. */
  readonly flags?: readonly string[]
  /** Makes the derivations others. */
  readonly mark?: string
  /** Milliseconds after which a connection on which nothing comes is given up. */
  readonly quiet?: number
}

/** Milliseconds after which a build is given up that takes a few seconds by itself. */
const longest = 300_000

/** Where what was not built is. */
function stagesOf({ news }: Tab): string {
  const last = new Map<string, string[]>()
  for (const one of news) {
    if (!("drvPath" in one)) continue
    const told = one.kind === "stage" ? one.stage : one.kind === "retry" ? `retry (${one.reason})` : one.kind
    last.set(one.drvPath, [...(last.get(one.drvPath) ?? []), told].slice(-8))
  }
  return [...last].map(([path, told]) => `${path}: ${told.join(", ")}`).join("\n")
}

/** Builds in a folder of its own. Rejects if the build fails. */
export async function disturbedBuild({ url, disturb, quiet, flags, mark }: Disturbance = {}): Promise<DisturbedBuild> {
  const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-faults-`))
  const gateway = await GatewayProcess.over(folder, flags ?? ["--jobs", "4"])
  const builders = new RunningBuilders(twentyInCommand)
  try {
    await gateway.start()
    const transport = endpointTransport({ url: (await url?.(gateway)) ?? gateway.url, quiet }, (input, init) => fetch(input, init))
    const tab = tabOf(new Endpoint(transport, { quiet }))
    const drv = await instantiateTwenty(tab, mark)
    const begun = performance.now()
    const over = new AbortController()
    let time = 0
    const built = tab.scheduler.build([{ drvPath: drv, outputs: "all" }], { signal: AbortSignal.timeout(longest) }).finally(() => {
      time = Math.round(performance.now() - begun)
      over.abort()
    })
    built.catch(() => {}) // it is awaited below
    await disturb?.(gateway, over.signal)
    const hashes = await hashesOf(tab, await built.catch((error) => Promise.reject(new Error(`${error}\n${stagesOf(tab)}`))))
    await gateway.stop()
    const journal = readJournal(`${folder}/build/journal`)
    const told = (name: string): string[] =>
      lastLog(tab, name) === logOfOne(name) ? [] : [`${name} told ${JSON.stringify(lastLog(tab, name))}`]
    const faults = [
      ...journalFaults(journal, twentyNames, logOfOne),
      ...[...builders.overlaps].map((name) => `${name} ran twice at once`),
      ...twentyNames.flatMap(told),
      ...(gateway.errors === "" ? [] : [gateway.errors]),
      ...(builders.now().size === 0 ? [] : ["builders run on"]),
    ]
    return { hashes, time, faults, attempts: journal.reduce((sum, { attempts }) => sum + attempts.length, 0), seen: builders.seen.size }
  } finally {
    builders.stop()
    await gateway.kill()
    spawnSync("chmod", ["-R", "u+w", folder])
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Takes note of outputs that are not those of another build. */
export function compare(build: DisturbedBuild, calm: DisturbedBuild): DisturbedBuild {
  const [a, b] = [build, calm].map(({ hashes }) => JSON.stringify([...hashes].sort()))
  if (a !== b) build.faults.push("the outputs are others")
  return build
}
