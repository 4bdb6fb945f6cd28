// What is done while an endpoint is not reached: tried again as long as there is hope, and dead connections noticed.
import { createClient } from "@connectrpc/connect"
import { expect, test } from "vitest"
import { endpointTransport } from "../../engine/build/endpoint-transport.ts"
import { persisting } from "../../engine/build/persistence.ts"
import { endingQuiet } from "../../engine/build/quiet-fetch.ts"
import { StoreError } from "../../engine/castore/error.ts"
import { BuildService as SnixBuildService } from "../../engine/proto/gen/build_pb.ts"
import { BuildService } from "../../engine/proto/gen/gateway_build_pb.ts"

const away = new StoreError("unreachable", "nobody answers")

function persistence(changes: { readonly patience?: number; readonly signal?: AbortSignal } = {}) {
  const reasons: string[] = []
  return { reasons, options: { signal: new AbortController().signal, onRetry: (reason: string) => void reasons.push(reason), ...changes } }
}

test("what could not reach the endpoint is done again until it does", async () => {
  const { reasons, options } = persistence()
  let calls = 0
  const work = async (): Promise<string> => {
    if (++calls < 3) throw away
    return "there"
  }
  expect(await persisting(work, options)).toBe("there")
  expect(reasons).toEqual(["nobody answers", "nobody answers"])
})

test("an endpoint that stays away is given up, but not while there is progress", async () => {
  const { reasons, options } = persistence({ patience: -1 })
  await expect(persisting(() => Promise.reject(away), options)).rejects.toBe(away)
  expect(reasons).toEqual([])
  let calls = 0
  const slow = persistence({ patience: 60 })
  const work = async (progressed: () => void): Promise<number> => {
    progressed()
    if (++calls < 4) throw away
    return calls
  }
  expect(await persisting(work, slow.options)).toBe(4)
})

test("what is refused is not tried again, and what is cancelled ends at once", async () => {
  const { reasons, options } = persistence()
  const refused = new StoreError("denied", "no")
  await expect(persisting(() => Promise.reject(refused), options)).rejects.toBe(refused)
  expect(reasons).toEqual([])
  const stop = new AbortController()
  const cancelled = persisting(() => Promise.reject(away), { signal: stop.signal, onRetry: () => stop.abort() })
  await expect(cancelled).rejects.toMatchObject({ code: "cancelled" })
})

/** A fetch whose answer has some parts and then, if it `stalls`, nothing more until it is ended. */
function answering(parts: readonly string[], stalls: boolean): typeof fetch {
  return async (_, init) => {
    const body = new ReadableStream<Uint8Array>({
      start(out) {
        for (const part of parts) out.enqueue(Buffer.from(part))
        if (!stalls) return out.close()
        init?.signal?.addEventListener("abort", () => out.error(init.signal?.reason))
      },
    })
    return new Response(body, { status: 201, headers: { given: "kept" } })
  }
}

test("an answer that goes on is passed on whole", async () => {
  const answer = await endingQuiet(answering(["one ", "two"], false), 10_000)("http://endpoint/")
  expect([answer.status, answer.headers.get("given"), await answer.text()]).toEqual([201, "kept", "one two"])
})

test("a request without an answer, and an answer that does not go on, are ended", async () => {
  const silent: typeof fetch = (_, init) =>
    new Promise((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)))
  await expect(endingQuiet(silent, 20)("http://endpoint/")).rejects.toThrow("nothing came for 0.02 seconds")
  const answer = await endingQuiet(answering(["one "], true), 20)("http://endpoint/")
  await expect(answer.text()).rejects.toThrow("nothing came")
})

test("a fetch that does not hear that it is to end is not waited for", async () => {
  const deaf: typeof fetch = (url) => answering(["one "], true)(url)
  const answer = await endingQuiet(deaf, 20)("http://endpoint/")
  await expect(answer.text()).rejects.toThrow("nothing came")
  const stop = new AbortController()
  const cancelled = endingQuiet(() => new Promise(() => {}), 60_000)("http://endpoint/", { signal: stop.signal })
  stop.abort(new Error("not wanted"))
  await expect(cancelled).rejects.toThrow("not wanted")
})

test("builds by Snix's own call, which has no answer before they are done, are waited for; other calls are not for ever", async () => {
  const asked: string[] = []
  const silent: typeof fetch = (input, init) => {
    asked.push(new URL(String(input)).pathname)
    return new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)))
  }
  const transport = endpointTransport({ url: "http://endpoint", quiet: 20 }, silent)
  await expect(createClient(BuildService, transport).list({})).rejects.toThrow("nothing came")
  const stop = new AbortController()
  const built = createClient(SnixBuildService, transport).doBuild({}, { signal: stop.signal })
  built.catch(() => {})
  await expect(Promise.race([built, new Promise((resolve) => setTimeout(resolve, 200, "waits"))])).resolves.toBe("waits")
  stop.abort()
  await expect(built).rejects.toThrow()
  expect(asked).toEqual(["/thunkpad.gateway.v1.BuildService/List", "/snix.build.v1.BuildService/DoBuild"])
})

test("who waits for an answer can still cancel it", async () => {
  const stop = new AbortController()
  const answer = await endingQuiet(answering(["one "], true), 60_000)("http://endpoint/", { signal: stop.signal })
  const reader = answer.body!.getReader()
  expect(String(Buffer.from((await reader.read()).value!))).toBe("one ")
  stop.abort(new Error("not wanted"))
  await expect(reader.read()).rejects.toThrow("not wanted")
})
