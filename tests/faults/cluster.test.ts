// A Nix daemon with two workers builds for the gateway; one of them is killed, or cut off, at random moments of a build of twenty
// derivations: the same outputs as from the sandboxes of this machine, no attempt beside another, all logs whole. It takes minutes and
// needs root: only by `npm run faults -- cluster`, with a tenth of the moments. It says why, where it cannot be.

import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Endpoint } from "../../engine/build/endpoint.ts"
import { endpointTransport } from "../../engine/build/endpoint-transport.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { missing, tabOf } from "../build/building.ts"
import { isExperiment, momentsOf, randomNumbers, say } from "./count.ts"
import { compare, type DisturbedBuild, disturbedBuild } from "./disturbed-build.ts"
import { buildExampleGraph, type GraphOutcome, graphEnds } from "./example-graph.ts"
import { GatewayProcess } from "./gateway-process.ts"
import { Machines, whyNoMachines } from "./machines.ts"

const why = isExperiment ? (missing ?? whyNoMachines()) : "it takes minutes: npm run faults -- cluster"
const moments = Math.max(1, Math.round(momentsOf(1) / 10))

if (why !== undefined) {
  say(`there is no cluster: ${why}`)
  test.skip(`builds by a cluster: ${why}`, () => {})
} else
  describe("builds by a cluster", { timeout: 3_600_000 }, () => {
    const machines = new Machines()
    let random: () => number
    let embedded: DisturbedBuild
    let calm: DisturbedBuild
    let count = 0

    beforeAll(async () => {
      await initHashes()
      random = randomNumbers()
      await machines.up()
      embedded = await disturbedBuild()
      calm = compare(await clustered(), embedded)
      expect(calm.faults).toEqual([])
      expect([calm.hashes.size, calm.attempts]).toEqual([20, 20])
      say(`undisturbed: ${calm.time} ms, the outputs of bubblewrap`)
    }, 300_000)
    afterAll(() => machines.down())

    const flags = (): string[] => ["--jobs", "0", "--nix-daemon", machines.socket, "--nix-daemon-jobs", "4"]

    /** The coordinator keeps what was built: each time other derivations. */
    function clustered(disturb?: (signal: AbortSignal) => Promise<void>): Promise<DisturbedBuild> {
      return disturbedBuild({
        flags: flags(),
        mark: `${++count}`,
        ...(disturb === undefined ? {} : { disturb: (_, signal) => disturb(signal) }),
      })
    }

    /** Disturbs builds at random moments; gives what was not well. */
    async function disturbedAt(what: string, disturb: () => Promise<void>, mend: () => Promise<void>): Promise<string[]> {
      const failed: string[] = []
      for (let moment = 1; moment <= moments; ) {
        const after = Math.round(random() * calm.time)
        let isLate = false
        let told: string
        try {
          const disturbed = await clustered(async (signal) => {
            await sleep(after)
            isLate = signal.aborted
            await disturb()
          })
          const { time, attempts, faults } = compare(disturbed, calm)
          told = [`${time} ms, ${attempts} attempts`, ...faults].join("; ")
          if (faults.length > 0) failed.push(told)
        } catch (error) {
          told = String(error)
          failed.push(told)
        }
        await mend()
        say(`${what} ${moment}/${moments} after ${after} ms: ${told}${isLate ? " (too late, not counted)" : ""}`)
        if (!isLate) moment++
      }
      say(`${what} at ${moments} moments: ${moments - failed.length} well, ${failed.length} not`)
      return failed
    }

    test("the example graph is what the sandboxes of this machine make of it", async () => {
      const outcomes: GraphOutcome[] = []
      for (const options of [["--jobs", "2"], flags()]) {
        const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-faults-`))
        const gateway = await GatewayProcess.over(folder, options)
        try {
          await gateway.start()
          const tab = tabOf(new Endpoint(endpointTransport({ url: gateway.url }, (input, init) => fetch(input, init))))
          outcomes.push(await buildExampleGraph(tab))
          await gateway.stop()
        } finally {
          await gateway.kill()
          spawnSync("chmod", ["-R", "u+w", folder])
          fs.rmSync(folder, { recursive: true, force: true })
        }
      }
      expect(outcomes[0]).toMatchObject(graphEnds)
      expect(outcomes[1]).toEqual(outcomes[0])
      say(`the example graph: ${Object.keys(outcomes[0]!.outputs).length} outputs, the same from bubblewrap and from the cluster`)
    })

    test("a worker is killed at any moment", async () => {
      const failed = await disturbedAt(
        "worker killed",
        () => machines.kill("w1"),
        async () => {
          await machines.kill("w1")
          await machines.start("w1")
        },
      )
      expect(failed).toEqual([])
    })

    test("a worker is cut off at any moment", async () => {
      const failed = await disturbedAt(
        "worker cut off",
        async () => machines.part("w1"),
        async () => machines.heal("w1"),
      )
      expect(failed).toEqual([])
    })

    test("both workers are killed, and come back", async () => {
      const failed = await disturbedAt(
        "both workers killed and started again",
        async () => {
          await machines.kill("w1")
          await machines.kill("w2")
          await sleep(3000)
          await machines.start("w1")
          await machines.start("w2")
        },
        async () => {},
      )
      expect(failed).toEqual([])
    })
  })
