// The platform's streams of bytes as chunks: not every browser can iterate over them.

/** The chunks of a stream. Who stops before its end gives it up. Throws what reading throws. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  let isDone = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      yield value
    }
    isDone = true
  } finally {
    if (!isDone) await reader.cancel().catch(() => undefined)
  }
}
