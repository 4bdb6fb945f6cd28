// Arrays of bytes that came in pieces.

/** The pieces one after the other: a new array, or the piece itself if no other has bytes. */
export function joinBytes<B extends ArrayBufferLike>(pieces: readonly Uint8Array<B>[]): Uint8Array<B | ArrayBuffer> {
  const filled = pieces.filter((piece) => piece.length > 0)
  if (filled.length === 1) return filled[0]!
  const all = new Uint8Array(filled.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of filled) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
