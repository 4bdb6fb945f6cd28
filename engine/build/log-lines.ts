// The log of a builder, line by line: it comes in pieces that are cut anywhere, inside of characters too.

export class LogLines {
  #open = ""
  readonly #decoder = new TextDecoder()

  /** Takes a piece; gives the lines that are whole now, without their ends. */
  push(bytes: Uint8Array): string[] {
    const lines = (this.#open + this.#decoder.decode(bytes, { stream: true })).split("\n")
    this.#open = lines.pop() ?? ""
    return lines
  }

  /** What is left, if anything is. */
  end(): string[] {
    const rest = this.#open + this.#decoder.decode()
    this.#open = ""
    return rest === "" ? [] : [rest]
  }
}
