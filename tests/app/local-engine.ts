// The engine in the test's own process: the worker's session without a worker, behind the interface that the page has.
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { type Engine, EngineStopped, type EvaluateRequest } from "../../engine/worker/client.ts"
import { WorkerSession } from "../../engine/worker/session.ts"

/**
 * An engine as `createEngine` gives it. `hold` is awaited before every answer, so that a test can look at what is shown while the
 * engine works, and stop it.
 */
export function localEngine(hold: () => Promise<void> = async () => {}): Engine {
  const requests = new Map<number, EvaluateRequest>()
  let last = 0
  let session = new WorkerSession(initHashes())
  let opened = new Set<number>()
  let end: (e: Error) => void = () => {}
  let ended = begin()

  function begin(): Promise<never> {
    const promise = new Promise<never>((_, reject) => {
      end = reject
    })
    promise.catch(() => {})
    return promise
  }
  const ask = async <T>(run: number, work: (session: WorkerSession) => Promise<T>): Promise<T> => {
    const request = requests.get(run)
    if (request === undefined) throw new RangeError(`no such run: ${run}`)
    const [mine, over] = [session, ended]
    await Promise.race([hold(), over])
    if (!opened.has(run)) {
      opened.add(run)
      await mine.open(run, request)
    }
    return Promise.race([work(mine), over])
  }
  const open = (request: EvaluateRequest): number => {
    requests.set(++last, request)
    return last
  }
  const stop = (): void => {
    end(new EngineStopped("the evaluation was stopped"))
    session = new WorkerSession(initHashes())
    opened = new Set()
    ended = begin()
  }
  const park = async (run: number): Promise<void> => {
    if (opened.delete(run)) await session.release(run)
  }
  return {
    evaluate: (request) => {
      const run = open(request)
      return ask(run, (s) => s.force(run, []))
    },
    force: (run, ref) => ask(run, (s) => s.force(run, ref)),
    children: (run, ref, from, count = 100) => ask(run, (s) => s.children(run, ref, from, count)),
    print: (run, ref, form) => ask(run, (s) => s.print(run, ref, form)),
    parse: (request) => {
      const run = open(request)
      return ask(run, (s) => s.parse(run))
    },
    park,
    release: (run) => {
      requests.delete(run)
      return park(run)
    },
    stop,
    close: stop,
  }
}
