// How much a gateway takes: against clients that send more than anybody has room or time for.

export interface Limits {
  /** Bytes of the message of one call, and of an answer made of many things. */
  readonly messageBytes: number
  /** Bytes of one part of a blob. */
  readonly partBytes: number
  /** Digests, blobs, directories or path infos in one call. */
  readonly items: number
  /** Bytes of one blob, and of one archive. */
  readonly blobBytes: number
  /** Directories of one streamed tree. */
  readonly directories: number
  /** Blobs under way in parts, of all clients together. */
  readonly uploads: number
  /** Milliseconds after its last part that an upload is forgotten. */
  readonly uploadIdle: number
  /** Bytes of a narinfo. */
  readonly narinfoBytes: number
  /** Requests being answered at once. */
  readonly requests: number
}

export const defaultLimits: Limits = {
  messageBytes: 8 << 20,
  partBytes: 4 << 20,
  items: 4096,
  blobBytes: 8 * 2 ** 30,
  directories: 1 << 20,
  uploads: 256,
  uploadIdle: 5 * 60_000,
  narinfoBytes: 2 << 20,
  requests: 1024,
}
