// A fetch for calls whose connection may die without anybody being told (a laptop that slept, a network that is gone): a request on
// which nothing comes for too long is ended, and fails as if it had been cut. What was cancelled ends here at once, too, whatever
// fetch does: Node's does not always hear of it once the answer has begun (its own signal is collected as garbage).

type Fetch = typeof globalThis.fetch
type Body = ReadableStream<Uint8Array<ArrayBuffer>>

/** `fetch`, with each request ended after `quiet` milliseconds without an answer, or without a further part of it. */
export function endingQuiet(fetch: Fetch, quiet: number): Fetch {
  return async (input, init) => {
    const asking = new Asking(quiet, init?.signal ?? undefined)
    try {
      const answer = await asking.waitFor(fetch(input, { ...init, signal: asking.signal }))
      if (answer.body === null) {
        asking.end()
        return answer
      }
      const { status, statusText, headers } = answer
      return new Response(watched(answer.body, asking), { status, statusText, headers })
    } catch (error) {
      asking.end()
      throw error
    }
  }
}

/** One request, from its beginning to its end. */
class Asking {
  readonly #quiet: number
  readonly #given: AbortSignal | undefined
  readonly #stop = new AbortController()
  /** Rejects when it is over before its time. */
  readonly #broken: Promise<never>

  constructor(quiet: number, given: AbortSignal | undefined) {
    this.#quiet = quiet
    this.#given = given
    const { signal } = this.#stop
    this.#broken = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))
    this.#broken.catch(() => {}) // perhaps nobody waits just then
    if (given?.aborted === true) this.#forward()
    else given?.addEventListener("abort", this.#forward, { once: true })
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  readonly #forward = (): void => this.#stop.abort(this.#given?.reason)

  /** What comes, if it comes in time. */
  async waitFor<T>(coming: Promise<T>): Promise<T> {
    const late = (): void => this.#stop.abort(new TypeError(`nothing came for ${this.#quiet / 1000} seconds`))
    const timer = setTimeout(late, this.#quiet)
    try {
      return await Promise.race([coming, this.#broken])
    } finally {
      clearTimeout(timer)
    }
  }

  end(): void {
    this.#given?.removeEventListener("abort", this.#forward)
  }
}

/** The same bytes, each part waited for. */
function watched(body: Body, asking: Asking): Body {
  const reader = body.getReader()
  return new ReadableStream({
    async pull(out) {
      try {
        const { done, value } = await asking.waitFor(reader.read())
        if (!done) return out.enqueue(value)
        asking.end()
        out.close()
      } catch (error) {
        asking.end()
        out.error(error)
        reader.cancel(error).catch(() => {}) // it is broken already
      }
    },
    cancel(reason) {
      asking.end()
      return reader.cancel(reason)
    },
  })
}
