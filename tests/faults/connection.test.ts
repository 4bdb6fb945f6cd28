// The connection between tab and gateway is cut at random moments of builds of twenty derivations, ten in each: ended, torn, or dead
// without anybody having been told; at a time, or after so many bytes, in the middle of a message. The same outputs, each derivation
// built once, all logs whole. One skipped test where bubblewrap is missing. `npm run faults -- connection`
import { setTimeout as sleep } from "node:timers/promises"
import { expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { missing } from "../build/building.ts"
import { momentsOf, randomNumbers, say } from "./count.ts"
import { type Cut, CuttingProxy } from "./cutting-proxy.ts"
import { compare, disturbedBuild } from "./disturbed-build.ts"

const moments = momentsOf(5)
const perBuild = 10
const cuts: readonly Cut[] = ["reset", "close", "stall"]

test.skipIf(missing !== undefined)(
  "a connection that is cut at any moment is made again, and nothing is built again",
  async () => {
    await initHashes()
    const random = randomNumbers()
    const calm = await disturbedBuild()
    expect(calm.faults).toEqual([])
    say(`undisturbed: ${calm.time} ms, ${calm.attempts} attempts`)
    const failed: string[] = []
    let cut = 0
    for (let builds = 1; cut < moments; builds++) {
      const done: string[] = []
      let proxy: CuttingProxy | undefined
      let told: string
      try {
        const disturbed = await disturbedBuild({
          quiet: 1500,
          url: async ({ port }) => {
            proxy = await CuttingProxy.before(port)
            return proxy.url
          },
          disturb: async (_, signal) => {
            const over = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
            while (!signal.aborted && done.length < Math.min(perBuild, moments - cut)) {
              const how = cuts[Math.floor(random() * cuts.length)]!
              // The files of tools and outputs are megabytes, everything else is small.
              const bytes = random() < 0.3 ? Math.ceil(10 ** (1 + random() * 5)) : 0
              await Promise.race([bytes > 0 ? proxy!.cutAfter(bytes, how) : sleep((random() * calm.time) / 5), over])
              if (signal.aborted) break
              if (bytes === 0) proxy!.cut(how)
              done.push(bytes > 0 ? `${how} after ${bytes} bytes` : how)
            }
          },
        })
        const { time, attempts, faults } = compare(disturbed, calm)
        if (attempts !== 20) faults.push(`${attempts - 20} were built again`)
        told = [`${time} ms, ${attempts} attempts`, ...faults].join("; ")
        if (faults.length > 0) failed.push(told)
      } catch (error) {
        told = String(error)
        failed.push(told)
      }
      await proxy?.close()
      cut += done.length
      say(`build ${builds}, ${cut} cuts of ${moments} (${done.join(", ")}): ${told}`)
      // One that fails at once would never be cut.
      if (failed.length > 3) break
    }
    say(`connection cut at ${cut} moments: ${failed.length === 0 ? "all well" : `${failed.length} builds not well`}`)
    expect(failed).toEqual([])
  },
  3_600_000,
)
