// How decoders complain. Every fault of the input is a StoreError.

import { StoreError } from "../../castore/error.ts"

/** The compressed data ended too early. */
export function truncated(format: string): StoreError {
  return new StoreError("damaged", `the ${format} data ends in the middle`)
}

/** The compressed data is not what the format allows, or not what its checksum says. */
export function corrupt(format: string, why: string): StoreError {
  return new StoreError("damaged", `the ${format} data is damaged: ${why}`)
}

/** Something follows the compressed data, which was whole: some do not mind. */
export class TrailingBytes extends StoreError {}

/** Something follows the compressed data. */
export function trailing(format: string): TrailingBytes {
  return new TrailingBytes("damaged", `something that is not ${format} follows the ${format} data`)
}
