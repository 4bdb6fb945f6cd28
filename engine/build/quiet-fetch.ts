// A fetch for calls whose connection may die without anybody being told (a laptop that slept, a network that is gone): a request on
// which nothing comes for too long is ended, and fails as if it had been cut.

type Fetch = typeof globalThis.fetch

/** `fetch`, with each request ended after `quiet` milliseconds without an answer, or without a further part of it. */
export function endingQuiet(fetch: Fetch, quiet: number): Fetch {
  return async (input, init) => {
    const stop = new AbortController()
    const given = init?.signal
    const forward = (): void => stop.abort(given?.reason)
    if (given?.aborted === true) forward()
    else given?.addEventListener("abort", forward, { once: true })
    let timer: ReturnType<typeof setTimeout> | undefined
    const waiting: Waiting = {
      begin: () => {
        clearTimeout(timer)
        timer = setTimeout(() => stop.abort(new TypeError(`nothing came for ${quiet / 1000} seconds`)), quiet)
      },
      rest: () => clearTimeout(timer),
      end: () => {
        clearTimeout(timer)
        given?.removeEventListener("abort", forward)
      },
    }
    waiting.begin()
    try {
      const answer = await fetch(input, { ...init, signal: stop.signal })
      waiting.rest()
      if (answer.body === null) {
        waiting.end()
        return answer
      }
      const { status, statusText, headers } = answer
      return new Response(watched(answer.body, waiting), { status, statusText, headers })
    } catch (error) {
      waiting.end()
      throw error
    }
  }
}

/** Of one request. */
interface Waiting {
  /** Something is waited for. */
  begin(): void
  /** It came; the next is not wanted yet. */
  rest(): void
  /** The request is over. */
  end(): void
}

/** The same bytes, watched. */
function watched(body: ReadableStream<Uint8Array<ArrayBuffer>>, waiting: Waiting): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  return new ReadableStream({
    async pull(out) {
      waiting.begin()
      try {
        const { done, value } = await reader.read()
        waiting.rest()
        if (!done) return out.enqueue(value)
        waiting.end()
        out.close()
      } catch (error) {
        waiting.end()
        out.error(error)
      }
    },
    cancel(reason) {
      waiting.end()
      return reader.cancel(reason)
    },
  })
}
