// Where the lines of the repl come from when that is no terminal: a pipe, a file, a text.

/** What the user does at a prompt: a line (bytes), Ctrl-C, or the end. */
export type ReplLine = { readonly kind: "line"; readonly text: string } | { readonly kind: "cancel" } | { readonly kind: "end" }

export interface ReplLines {
  /** Waits for the next line; `prompt` is shown to a user who types. */
  next(prompt: string): Promise<ReplLine>
  /** Asked while evaluation runs: whether the user wants it to stop. */
  interrupted?(): boolean
  /** Runs something that needs the terminal for itself. */
  suspended?<T>(work: () => T): T
  close(): void
}

/** Lines of chunks of bytes as they come, so that a program at the other end gets each answer at once. */
export class PipedLines implements ReplLines {
  readonly #chunks: AsyncIterator<string>
  #buffer = ""
  #ended = false

  constructor(chunks: AsyncIterable<string>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async next(): Promise<ReplLine> {
    for (;;) {
      const end = this.#buffer.indexOf("\n")
      if (end >= 0 || (this.#ended && this.#buffer !== "")) {
        const text = end >= 0 ? this.#buffer.slice(0, end) : this.#buffer
        this.#buffer = end >= 0 ? this.#buffer.slice(end + 1) : ""
        return { kind: "line", text }
      }
      if (this.#ended) return { kind: "end" }
      const chunk = await this.#chunks.next()
      if (chunk.done === true) this.#ended = true
      else this.#buffer += chunk.value
    }
  }

  close(): void {
    this.#ended = true
    this.#buffer = ""
    void this.#chunks.return?.()
  }
}

/** Standard input that is no terminal. */
export function pipedInput(input: NodeJS.ReadStream): ReplLines {
  input.setEncoding("latin1")
  return new PipedLines(input)
}
