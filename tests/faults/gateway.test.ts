// The gateway's process is killed at random moments of a build of twenty derivations, also while it starts again: the same outputs,
// nothing built twice at once, all logs whole. One skipped test where bubblewrap is missing. `npm run faults -- gateway`
import { setTimeout as sleep } from "node:timers/promises"
import { expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { missing } from "../build/building.ts"
import { momentsOf, randomNumbers, say } from "./count.ts"
import { compare, disturbedBuild } from "./disturbed-build.ts"

const moments = momentsOf(1)

test.skipIf(missing !== undefined)(
  "a gateway that is killed at any moment goes on with its builds when it is started again",
  async () => {
    await initHashes()
    const random = randomNumbers()
    const calm = await disturbedBuild()
    expect(calm.faults).toEqual([])
    expect([calm.hashes.size, calm.attempts]).toEqual([20, 20])
    // Who may not look into the builders' namespaces sees none; who looks late misses some.
    if (process.getuid?.() === 0) expect(calm.seen).toBeGreaterThan(10)
    say(`undisturbed: ${calm.time} ms, ${calm.attempts} attempts`)
    const failed: string[] = []
    // Machines are not always as fast as they were.
    let usual = calm.time
    for (let moment = 1; moment <= moments; ) {
      const kills: number[] = [Math.round(random() * usual)]
      // Now and then again while it starts, or reads its journal.
      while (random() < 0.3 && kills.length < 4) kills.push(Math.round(random() * 1200))
      let told: string
      let isLate = false
      try {
        const disturbed = await disturbedBuild({
          disturb: async (gateway, signal) => {
            for (const after of kills) {
              await sleep(after)
              if (after === kills[0] && signal.aborted) isLate = true
              await gateway.kill()
              gateway.start().catch(() => {}) // perhaps it is killed before it listens
            }
          },
        })
        const { time, attempts, faults } = compare(disturbed, calm)
        usual = Math.min(calm.time, time)
        told = [`${time} ms, ${attempts} attempts`, ...faults].join("; ")
        if (faults.length > 0) failed.push(told)
      } catch (error) {
        told = String(error)
        failed.push(told)
      }
      say(`kill ${moment}/${moments} after ${kills.join(" + ")} ms: ${told}${isLate ? " (too late, not counted)" : ""}`)
      if (!isLate) moment++
    }
    say(`gateway killed at ${moments} moments: ${moments - failed.length} well, ${failed.length} not`)
    expect(failed).toEqual([])
  },
  3_600_000,
)
