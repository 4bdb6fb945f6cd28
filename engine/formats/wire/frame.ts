// Framed streams: data of unknown size in the middle of a connection.
//
//   frame    length as an integer, that many bytes (no padding)
//   stream   frames, then a frame of length 0
//
// C++ Nix: libutil/serialise.hh FramedSource, FramedSink

import { fail } from "../error.ts"
import { readFrom, readInteger, type WireInput } from "./reading.ts"
import { WireWriter } from "./writer.ts"

/** The head of a frame, to be followed by its bytes; 0 ends the stream. */
export function frameHead(length: number): Uint8Array {
  return new WireWriter().integer(length).take()
}

/** Bytes as a whole framed stream. */
export function frameBytes(bytes: Uint8Array): Uint8Array {
  const writer = new WireWriter()
  if (bytes.length > 0) writer.integer(bytes.length).bytes(bytes)
  return writer.integer(0).take()
}

/** Takes a framed stream apart that comes in chunks. */
export class FrameReader {
  readonly #handle: (bytes: Uint8Array) => void
  #head: number[] = []
  /** Bytes left in the frame; undefined while a head is read. */
  #left: number | undefined
  #done = false

  /** `handle` gets the data in pieces of any size; it may keep them only by copying. */
  constructor(handle: (bytes: Uint8Array) => void) {
    this.#handle = handle
  }

  /** True once the stream has ended. */
  get done(): boolean {
    return this.#done
  }

  /** Takes a chunk; gives what follows the end of the stream (empty while it goes on). */
  push(chunk: Uint8Array): Uint8Array {
    let at = 0
    while (!this.#done && at < chunk.length) {
      if (this.#left === undefined) {
        this.#head.push(chunk[at++]!)
        if (this.#head.length === 8) this.#begin()
        continue
      }
      const size = Math.min(this.#left, chunk.length - at)
      this.#handle(chunk.subarray(at, at + size))
      at += size
      this.#left -= size
      if (this.#left === 0) this.#left = undefined
    }
    return chunk.subarray(at)
  }

  #begin(): void {
    // A frame of 2^53 bytes and more never ends, so that the number is only nearly right does not matter.
    const length = Number(readFrom(Uint8Array.from(this.#head), readInteger()).value)
    this.#head = []
    this.#done = length === 0
    this.#left = length
  }
}

/** Reads a framed stream from a connection, piece by piece. */
export async function readFrames(input: WireInput, handle: (bytes: Uint8Array) => void): Promise<void> {
  for (;;) {
    let left = Number(await input.read(readInteger()))
    if (left === 0) return
    while (left > 0) {
      const piece = await input.readSome(left)
      if (piece.length === 0) fail("bad-wire", "unexpected end-of-file")
      handle(piece)
      left -= piece.length
    }
  }
}
