// The page of the storage's site: starts workers, kills them, and asks them.
import { type Remote, wrap } from "comlink"
import type { Findings, StorageWorker } from "./storage-worker.ts"

interface Running {
  readonly worker: Worker
  readonly remote: Remote<StorageWorker>
}

/** What killing workers brought. */
export interface KillReport {
  /** How many imports were cut off. */
  readonly killed: number
  /** How many of those had left something behind. */
  readonly partly: number
  readonly faults: readonly string[]
}

export class StoragePage {
  #running: Promise<Running> | undefined

  async #start(): Promise<Running> {
    const worker = new Worker("/worker.js", { type: "module" })
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve
      worker.onerror = reject
    })
    return { worker, remote: wrap<StorageWorker>(worker) }
  }

  #worker(): Promise<Running> {
    this.#running ??= this.#start()
    return this.#running
  }

  async describe(): Promise<{ isDurable: boolean; notice: string | null }> {
    return (await this.#worker()).remote.describe()
  }

  async importTree(seed: number, largest: number): Promise<string> {
    return (await this.#worker()).remote.importTree(seed, largest)
  }

  async verify(seed: number, largest: number): Promise<Findings> {
    return (await this.#worker()).remote.verify(seed, largest)
  }

  async tidy(): Promise<void> {
    return (await this.#worker()).remote.tidy()
  }

  /** Kills the worker at once. */
  async kill(): Promise<void> {
    const running = await this.#running
    this.#running = undefined
    running?.worker.terminate()
  }

  /**
   * Imports one tree after the other and kills the worker, until `times` imports were cut off. `random` says when, as a part of the
   * time that an import takes, and begins anew at its end. After each kill a new worker looks at what is there, and imports the
   * same again.
   */
  async kills(times: number, random: readonly number[]): Promise<KillReport> {
    const faults: string[] = []
    let [killed, partly, round] = [0, 0, 0]
    let usual = 100
    for (; killed < times && round < 3 * times; round++) {
      const { remote } = await this.#worker()
      let done = false
      const importing = remote.importTree(round, largestOf(round)).then(() => {
        done = true
      })
      await Promise.race([importing, new Promise((resolve) => setTimeout(resolve, random[round % random.length]! * usual * 0.7))])
      await this.kill()
      if (!done) killed++
      const after = await this.#worker()
      const left = await after.remote.verify(round, largestOf(round))
      if (left.wrong > 0) faults.push(`round ${round}: ${left.wrong} wrong`)
      if (left.committed && left.damaged + left.absent > 0) faults.push(`round ${round}: committed, but ${JSON.stringify(left)}`)
      if (!left.committed && left.right > 0) partly++
      const start = performance.now()
      const outcome = await after.remote.importTree(round, largestOf(round))
      usual = 0.8 * usual + 0.2 * (performance.now() - start)
      if (outcome !== "done") faults.push(`round ${round}: the next import: ${outcome}`)
    }
    const { remote } = await this.#worker()
    await remote.tidy()
    for (let i = 0; i < round; i++) {
      const { committed, right } = await remote.verify(i, largestOf(i))
      if (!committed || right !== 43) faults.push(`at the end, round ${i}: ${right} of 43 right`)
    }
    return { killed, partly, faults }
  }
}

/** Every tenth tree has a file that is large enough for the private file system. */
function largestOf(round: number): number {
  return round % 10 === 3 ? 4_500_000 : 1000
}

// The tests' only way in.
Object.assign(globalThis, { storagePage: new StoragePage() })
